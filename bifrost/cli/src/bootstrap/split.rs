//! Splits the statements of a role among policies, because IAM limits the length of each.

use super::policy::Statement;
use bifrost_core::release::Partition;
use serde_json::{Map, Value};

/// IAM's limit for the inline policies of a role together, in characters without white space.
const INLINE_LIMIT: usize = 10_240;
/// IAM's limit for a managed policy, in characters without white space.
const MANAGED_LIMIT: usize = 6_144;
/// The length of a policy around its statements.
const FRAME: usize = r#"{"Version":"2012-10-17","Statement":[]}"#.len();

/// What CloudFormation puts in place of each variable, as long as it can be.
fn longest() -> [(&'static str, &'static str); 4] {
    let longest = |of: fn(Partition) -> &'static str| {
        Partition::ALL.into_iter().map(of).max_by_key(|text| text.len()).unwrap_or_default()
    };
    [
        ("${AWS::AccountId}", "000000000000"),
        ("${AWS::Partition}", longest(Partition::name)),
        ("${AWS::URLSuffix}", longest(Partition::url_suffix)),
        ("${Bucket}", "the-name-of-a-bucket-has-at-most-63-characters-and-at-least-3-1"),
    ]
}

/// The statements of each policy of a role: first those of its inline policy, then those of managed policies. Empty without
/// statements.
pub(super) fn split(statements: impl IntoIterator<Item = Statement>) -> Vec<Vec<Statement>> {
    let mut policies: Vec<Vec<Statement>> = Vec::new();
    let mut room = 0;
    for statement in statements {
        let length = length(&statement);
        match policies.last_mut() {
            Some(policy) if length <= room => policy.push(statement),
            _ => {
                room = if policies.is_empty() { INLINE_LIMIT } else { MANAGED_LIMIT } - FRAME;
                policies.push(vec![statement]);
            }
        }
        room = room.saturating_sub(length);
    }
    policies
}

/// The length of a statement in a policy, with a comma.
fn length(statement: &Statement) -> usize {
    let text = deployed(&Value::Object(statement.fields().clone())).to_string();
    text.chars().filter(|c| !c.is_whitespace()).count() + 1
}

/// A value with the longest text in place of each `Fn::Sub`.
fn deployed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("Fn::Sub").and_then(Value::as_str) {
            Some(text) => {
                let text = longest().iter().fold(text.to_owned(), |text, (name, longest)| text.replace(name, longest));
                text.replace("${!", "${").into()
            }
            None => fields.iter().map(|(name, value)| (name.clone(), deployed(value))).collect::<Map<_, _>>().into(),
        },
        Value::Array(values) => values.iter().map(deployed).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::allow;
    use super::*;

    fn statement(number: usize) -> Statement {
        let action = format!("s3:{}", "x".repeat(900));
        allow(&format!("S{number}"), &[&action], &["arn:${AWS::Partition}:s3:::${Bucket}"])
    }

    #[test]
    fn few_statements_are_one_policy() {
        assert_eq!(split([statement(1), statement(2)]).len(), 1);
        assert!(split([]).is_empty());
    }

    #[test]
    fn each_policy_is_within_the_limit() {
        let policies = split((0..40).map(statement));
        let lengths = policies.iter().map(|policy| policy.iter().map(length).sum::<usize>() + FRAME);
        let lengths: Vec<_> = lengths.collect();
        let (last, full) = lengths.split_last().unwrap();
        assert!(*last <= MANAGED_LIMIT, "{last}");
        for (position, length) in full.iter().enumerate() {
            let limit = if position == 0 { INLINE_LIMIT } else { MANAGED_LIMIT };
            assert!((limit - 1100..=limit).contains(length), "{position}: {length}");
        }
        assert_eq!(policies.iter().map(Vec::len).sum::<usize>(), 40);
    }

    #[test]
    fn length_is_that_of_the_deployed_statement() {
        let one = allow("A", &["sqs:SendMessage"], &["arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:*"]).when(
            "StringEquals",
            "aws:ResourceTag/A",
            &["${aws:PrincipalTag/A}"],
        );
        let deployed = concat!(
            r#"{"Sid":"A","Effect":"Allow","Action":["sqs:SendMessage"],"Resource":"arn:aws-us-gov:sqs:*:000000000000:*","#,
            r#""Condition":{"StringEquals":{"aws:ResourceTag/A":"${aws:PrincipalTag/A}"}}}"#
        );
        assert_eq!(length(&one), deployed.len() + 1);
    }
}
