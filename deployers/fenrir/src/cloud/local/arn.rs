//! ARNs and ids. Ids that are random in AWS are digests here, so that runs are repeatable.

use crate::sam::digest;
use bifrost::release::Partition;

/// A UUID from the digest.
pub(super) fn uuid(text: &str) -> String {
    let digits = digest(text);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// The parts of a stack's ARN. The ARN of a change set has the same parts, except the stack's name.
#[derive(Clone, Copy)]
pub(super) struct StackArn<'a> {
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) name: &'a str,
}

impl<'a> StackArn<'a> {
    /// Reads `arn:aws:cloudformation:<region>:<account>:stack/<name>/<id>`; what is missing is empty.
    pub(super) fn of(arn: &'a str) -> Self {
        let part = |number| arn.split(':').nth(number).unwrap_or_default();
        Self { region: part(3), account: part(4), name: part(5).split('/').nth(1).unwrap_or_default() }
    }

    /// The partition that its region belongs to.
    pub(super) fn partition(&self) -> Partition {
        Partition::of_region(self.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_of_a_stack_is_split() {
        let StackArn { region, account, name } =
            StackArn::of("arn:aws:cloudformation:eu-west-1:111111111111:stack/sam-a-b/0f00-11");
        assert_eq!((region, account, name), ("eu-west-1", "111111111111", "sam-a-b"));
    }

    #[test]
    fn uuid_is_a_digest_of_the_text() {
        assert_eq!(uuid("a"), "86f7e437-faa5-a7fc-e15d-1ddcb9eaeaea");
        assert_ne!(uuid("a"), uuid("b"));
    }
}
