//! Security groups and subnets: the template has their name tags, CloudFormation gets their ids.

use super::rule_context::RuleContext;
use super::table::{Shape, refuse_intrinsic};
use super::{Answer, Lookup, tags};
use crate::template::Node;
use serde_json::{Value, json};

/// A list of at least one security group: names that each exactly one has, and it has service tags.
pub(super) const SECURITY_GROUPS: Shape = Shape::Rule(|context, node| resolve(context, node, security_group));
/// A list of at least one name or id of subnets, all of them tagged for Fenrir.
pub(super) const SUBNETS: Shape = Shape::Rule(|context, node| resolve(context, node, subnets));

/// The ids that names stand for. What is not found yet stays as it is written.
fn resolve(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    ids: fn(&mut RuleContext<'_, '_>, &Node, &str) -> Option<Vec<String>>,
) -> Value {
    let names = node.as_sequence().unwrap_or_default();
    if names.is_empty() {
        let message = format!("should be a list of at least one name, but is {}", empty_or_kind(node));
        context.refuse(node.span, message);
    }
    let mut found: Vec<Value> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let mut context = context.at(position);
        match name.as_str() {
            Some(text) => match ids(&mut context, name, text) {
                Some(ids) => ids.into_iter().map(Value::from).for_each(|id| push_new(&mut found, id)),
                None => found.push(json!(text)),
            },
            None => refuse_intrinsic(&mut context, name, "a name"),
        }
    }
    Value::Array(found)
}

fn empty_or_kind(node: &Node) -> &'static str {
    if node.as_sequence().is_some() { "empty" } else { node.kind() }
}

/// Two names may stand for one subnet, which AWS wants once.
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
        let message = match groups.len() {
            0 => format!("there is no security group with the name tag `{name}`"),
            number => {
                format!("{number} security groups have the name tag `{name}`: {}", joined(groups, |group| &group.id))
            }
        };
        context.refuse_with(node.span, message, "exactly one has to have it: its tag `Name` counts");
        return None;
    };
    tags::require_service(context, node.span, &format!("the security group `{name}` ({})", group.id), &group.tags);
    Some(vec![group.id.clone()])
}

fn subnets(context: &mut RuleContext<'_, '_>, node: &Node, name: &str) -> Option<Vec<String>> {
    let Some(Answer::Subnets(subnets)) = context.look_up(Lookup::Subnets(name.to_owned())) else { return None };
    if subnets.is_empty() {
        let message = format!("there is no subnet with the id or the name tag `{name}`");
        context.refuse_with(node.span, message, "its tag `Name` counts, in the target account and region");
    }
    for subnet in subnets.iter().filter(|subnet| !subnet.tags.contains_key(tags::DEPLOY_WITH_FENRIR)) {
        let message = format!("the subnet `{name}` ({}) has no tag {}", subnet.id, tags::DEPLOY_WITH_FENRIR);
        context.refuse_with(node.span, message, "tag it, with any value, if releases may use it");
    }
    Some(subnets.iter().map(|subnet| subnet.id.clone()).collect())
}

fn joined<T>(items: &[T], text: fn(&T) -> &String) -> String {
    items.iter().map(|item| text(item).as_str()).collect::<Vec<_>>().join(", ")
}
