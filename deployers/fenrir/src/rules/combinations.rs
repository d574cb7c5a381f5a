//! Properties that exclude or require each other.

use super::rule_context::RuleContext;
use crate::template::{Content, FindingCode, Intrinsic, Node};

/// The value of a property. None if CloudFormation does not get it, because of `AWS::NoValue`.
pub(super) fn given<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    node.get(name).filter(|value| value.intrinsic().is_none_or(|function| !is_no_value(&function)))
}

fn is_no_value(function: &Intrinsic<'_>) -> bool {
    function.name == "Ref" && function.argument.as_str() == Some("AWS::NoValue")
}

/// Whether a property is the literal `true`, which CloudFormation also takes as a string.
pub(super) fn is_true(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|value| match &value.content {
        Content::Boolean(value) => *value,
        _ => value.as_str() == Some("true"),
    })
}

/// Refuses the second of two properties that exclude each other.
pub(super) fn exclude(context: &mut RuleContext<'_, '_>, node: &Node, one: &str, other: &str) {
    if let (Some(_), Some(second)) = (given(node, one), given(node, other)) {
        let message = format!("`{other}` and `{one}` exclude each other");
        context.within(other).refuse(
            FindingCode::Conflict,
            second.span,
            message,
            format!("remove `{other}` or `{one}`"),
        );
    }
}

/// Refuses a property without another that it requires.
pub(super) fn require(context: &mut RuleContext<'_, '_>, node: &Node, name: &str, required: &str) {
    if let (Some(value), None) = (given(node, name), given(node, required)) {
        let message = format!("`{name}` requires `{required}`");
        let context = &mut context.within(name);
        context.refuse(
            FindingCode::MissingProperty,
            value.span,
            message,
            format!("add `{required}`, or remove `{name}`"),
        );
    }
}

/// Refuses a mapping that has none of several properties, or more than one.
pub(super) fn require_one(context: &mut RuleContext<'_, '_>, node: &Node, names: &[&'static str]) {
    let found: Vec<&str> = names.iter().copied().filter(|name| given(node, name).is_some()).collect();
    match *found {
        [] => {
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
            let message = format!("{names} is missing");
            context.refuse(FindingCode::MissingProperty, node.span, message, format!("add {names}"));
        }
        [one, ref others @ ..] => others.iter().for_each(|other| exclude(context, node, one, other)),
    }
}
