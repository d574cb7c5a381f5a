//! Security groups and subnets: the template has their `Name` tags, CloudFormation gets their ids.

use super::rule_context::RuleContext;
use super::table::{Shape, refuse_non_literal};
use super::{Answer, Lookup, tags};
use crate::template::{FindingCode, Node};
use serde_json::{Value, json};

/// A list of at least one name of a security group. Exactly one group has the name, and it has service tags.
pub(super) const SECURITY_GROUPS: Shape = Shape::Rule(|context, node| resolve(context, node, security_group));
/// A list of at least one name or id of subnets, all of which have the tag `DeployWithFenrir`.
pub(super) const SUBNETS: Shape = Shape::Rule(|context, node| resolve(context, node, subnets));

/// Replaces names by ids. Keeps a name that was not looked up yet.
fn resolve(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    ids: fn(&mut RuleContext<'_, '_>, &Node, &str) -> Option<Vec<String>>,
) -> Value {
    let names = node.as_sequence().unwrap_or_default();
    if names.is_empty() {
        let message = format!("should be a list of at least one name, but is {}", empty_or_kind(node));
        context.refuse_value(FindingCode::WrongType, node.span, message);
    }
    let mut found: Vec<Value> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let mut context = context.at(position);
        match name.as_str() {
            Some(text) => match ids(&mut context, name, text) {
                Some(ids) => ids.into_iter().map(Value::from).for_each(|id| push_new(&mut found, id)),
                None => found.push(json!(text)),
            },
            None => refuse_non_literal(&mut context, name, "a name"),
        }
    }
    Value::Array(found)
}

fn empty_or_kind(node: &Node) -> &'static str {
    if node.as_sequence().is_some() { "empty" } else { node.kind() }
}

/// Adds an id once: two names may mean the same subnet, and AWS refuses duplicates.
fn push_new(ids: &mut Vec<Value>, id: Value) {
    if !ids.contains(&id) {
        ids.push(id);
    }
}

fn security_group(context: &mut RuleContext<'_, '_>, node: &Node, name: &str) -> Option<Vec<String>> {
    let Some(Answer::SecurityGroups(groups)) = context.look_up(Lookup::SecurityGroups(name.to_owned())) else {
        return None;
    };
    let [group] = groups.as_slice() else {
        let (code, message, help) = match groups.len() {
            0 => {
                let message = format!("no security group with the `Name` tag `{name}` found");
                let help = "write the `Name` tag of a security group in the target account and region";
                (FindingCode::NotFound, message, help)
            }
            number => {
                let ids = joined(groups, |group| &group.id);
                let message = format!("{number} security groups have the `Name` tag `{name}`: {ids}");
                let help = "use a security group whose `Name` tag is unique in the target account and region";
                (FindingCode::Ambiguous, message, help)
            }
        };
        context.refuse(code, node.span, message, help);
        return None;
    };
    tags::require_service(context, node.span, &format!("security group `{name}` ({})", group.id), &group.tags);
    Some(vec![group.id.clone()])
}

fn subnets(context: &mut RuleContext<'_, '_>, node: &Node, name: &str) -> Option<Vec<String>> {
    let Some(Answer::Subnets(subnets)) = context.look_up(Lookup::Subnets(name.to_owned())) else { return None };
    if subnets.is_empty() {
        let message = format!("no subnet with the id or `Name` tag `{name}` found");
        let help = "write an id or `Name` tag of a subnet in the target account and region";
        context.refuse(FindingCode::NotFound, node.span, message, help);
    }
    for subnet in subnets.iter().filter(|subnet| !subnet.tags.contains_key(tags::DEPLOY_WITH_FENRIR)) {
        let message = format!("subnet `{name}` ({}) has no tag {}", subnet.id, tags::DEPLOY_WITH_FENRIR);
        let help = "add the tag, with any value, if releases may use the subnet";
        context.refuse(FindingCode::OtherProject, node.span, message, help);
    }
    Some(subnets.iter().map(|subnet| subnet.id.clone()).collect())
}

fn joined<T>(items: &[T], text: fn(&T) -> &String) -> String {
    items.iter().map(|item| text(item).as_str()).collect::<Vec<_>>().join(", ")
}
