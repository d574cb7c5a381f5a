//! ARNs and ids. What is random at AWS is the digest of what it belongs to here, so that a world runs the same way twice.

use bifrost::release::Partition;
use sha1::{Digest, Sha1};
use std::fmt::Write as _;

/// 40 hexadecimal digits of that text.
pub(super) fn digest(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The first digits of the digest: at most 40.
pub(super) fn short(text: &str, digits: usize) -> String {
    digest(text).chars().take(digits).collect()
}

/// A UUID, made of the digest.
pub(super) fn uuid(text: &str) -> String {
    let digits = digest(text);
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// What the ARN of a stack contains; that of a change set has all but the stack's name.
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
    fn an_arn_of_a_stack_tells_where_it_is_and_its_name() {
        let StackArn { region, account, name } =
            StackArn::of("arn:aws:cloudformation:eu-west-1:111111111111:stack/sam-a-b/0f00-11");
        assert_eq!((region, account, name), ("eu-west-1", "111111111111", "sam-a-b"));
    }

    #[test]
    fn a_uuid_is_the_same_for_the_same_text_and_another_for_another() {
        assert_eq!(uuid("a"), "86f7e437-faa5-a7fc-e15d-1ddcb9eaeaea");
        assert_ne!(uuid("a"), uuid("b"));
    }
}
