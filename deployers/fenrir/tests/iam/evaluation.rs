//! Evaluates policies as IAM does, as far as these policies need it.

use bifrost::{Permission, PolicyCondition};
use std::collections::BTreeMap;

/// The values of condition keys in a request.
pub(crate) type Context = BTreeMap<String, String>;

/// The account of all resources.
pub(crate) const ACCOUNT: &str = "222222222222";

/// A request. Its resource is `*` for an action without resource types.
pub(crate) struct Request<'r> {
    pub(crate) action: &'r str,
    pub(crate) resource: &'r str,
    pub(crate) context: &'r Context,
}

impl Request<'_> {
    /// Whether one of the statements allows the request.
    pub(crate) fn is_allowed(&self, statements: &[Permission]) -> bool {
        statements.iter().any(|statement| {
            statement.actions.iter().any(|pattern| glob(pattern, self.action))
                && statement.resources.iter().any(|pattern| self.is_for(pattern))
                && statement.conditions.iter().all(|condition| self.meets(condition))
        })
    }

    fn is_for(&self, pattern: &str) -> bool {
        self.substituted(pattern).is_some_and(|pattern| glob(&pattern, self.resource))
    }

    /// Whether a condition holds. Fails for an operator that it does not know.
    fn meets(&self, (operator, key, expected): &PolicyCondition) -> bool {
        let found = self.context.get(*key);
        let compare = match *operator {
            "Null" => return expected.contains(&"true") == found.is_none(),
            "StringEquals" | "ForAnyValue:StringEquals" => |expected: &str, found: &str| expected == found,
            "StringLike" | "ArnLike" | "ArnEquals" => glob,
            _ => panic!("unknown operator {operator}"),
        };
        let mut expected = expected.iter().filter_map(|text| self.substituted(text));
        found.is_some_and(|found| expected.any(|expected| compare(&expected, found)))
    }

    /// A text with the values of its variables. None if the request has no value for one of them.
    fn substituted(&self, text: &str) -> Option<String> {
        let mut parts = text.split("${");
        let mut whole = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            let value = match name {
                "AWS::AccountId" => ACCOUNT,
                "AWS::Partition" => "aws",
                "AWS::URLSuffix" => "amazonaws.com",
                "Bucket" => "coinbase-fenrir-000000000000",
                variable => self.context.get(variable)?,
            };
            whole = whole + value + rest;
        }
        Some(whole)
    }
}

/// Whether a pattern with `*` matches a text. Neither case nor colons matter, as in IAM's actions and resources.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    let Some(tail) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(position) = rest.find(part) else { return false };
        rest = &rest[position + part.len()..];
    }
    rest.ends_with(tail)
}

#[test]
fn glob_matches_as_iam_does() {
    for (pattern, text, expected) in [
        ("a*c*e", "abcde", true),
        ("a*c*e", "ace", true),
        ("a*b*b", "ab", false),
        ("A", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("a*", "b", false),
        ("*:x-*", "arn:x-y", true),
    ] {
        assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
    }
}
