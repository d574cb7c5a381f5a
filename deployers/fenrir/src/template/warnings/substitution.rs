//! `${…}` outside of `Fn::Sub`, where CloudFormation does not replace it.

use super::Warning;
use crate::template::FindingCode;

/// The values that CloudFormation knows in every template
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>).
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// The warning about a text that is not an argument of `Fn::Sub`, if it has a variable that `Fn::Sub` would replace. Other
/// services have variables of their own in such texts, such as `${aws:username}` in policies.
pub(super) fn missing(text: &str, is_resource: &dyn Fn(&str) -> bool) -> Option<Warning> {
    let variable = variables(text).find(|variable| {
        let name = variable.split('.').next().unwrap_or_default();
        PSEUDO_PARAMETERS.contains(variable) || is_resource(name)
    })?;
    Some(Warning {
        code: FindingCode::NotSubstituted,
        message: format!("CloudFormation does not replace `${{{variable}}}` here"),
        help: "write `!Sub` in front of the string".to_owned(),
    })
}

fn variables(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.trim()))
}
