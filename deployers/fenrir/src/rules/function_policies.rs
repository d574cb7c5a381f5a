//! `Policies` of a function: SAM policy templates, and few of them, so that a release has rights to nothing but its own.

use super::place::Place;
use super::table::Shape::{Object, Required, Rule};
use super::table::{Table, refuse_intrinsic};
use super::{Answer, Lookup, local, tags};
use crate::template::{Entry, Node, nearest};
use serde_json::{Value, json};

/// The templates, and what each may be about.
pub(super) const TEMPLATES: [(&str, Table); 5] = [
    ("DynamoDBCrudPolicy", &[("TableName", Required(&Rule(table)))]),
    ("SQSPollerPolicy", &[("QueueName", Required(&Rule(queue)))]),
    ("LambdaInvokePolicy", &[("FunctionName", Required(&Rule(function)))]),
    ("KMSDecryptPolicy", &[("KeyId", Required(&Rule(key)))]),
    ("VPCAccessPolicy", &[]),
];

/// The rule of `Policies`.
pub(super) fn policies(place: &mut Place<'_, '_>, node: &Node) -> Value {
    let Some(policies) = node.as_sequence().filter(|policies| !policies.is_empty()) else {
        let names = TEMPLATES.map(|(name, _)| name).join(", ");
        let message = "should be a list of at least one SAM policy template";
        place.refuse_with(node.span, message, format!("these may be in it: {names}"));
        return node.into();
    };
    let walked = policies.iter().enumerate();
    walked.map(|(position, policy)| walk(&mut place.at(position), policy)).collect()
}

fn walk(place: &mut Place<'_, '_>, node: &Node) -> Value {
    let only = node.as_mapping().filter(|mapping| mapping.len() == 1).and_then(|mapping| mapping.first());
    let known = only.and_then(|(name, entry)| Some((template(name)?, name, entry)));
    match known {
        Some((table, name, entry)) => json!({name: Object(table).walk(&mut place.within(name), &entry.value)}),
        None => {
            refuse(place, node, only);
            node.into()
        }
    }
}

fn template(name: &str) -> Option<Table> {
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, table)| *table)
}

fn refuse(place: &mut Place<'_, '_>, node: &Node, only: Option<(&String, &Entry)>) {
    let names = TEMPLATES.map(|(name, _)| name);
    let written = only.map(|(name, _)| name.as_str()).or(node.as_str());
    let is = written.map_or(node.kind().to_owned(), |name| format!("`{name}`"));
    let help = match written.and_then(|name| nearest(name, names)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}, or a `Role` in place of policies", names.join(", ")),
    };
    place.refuse_with(node.span, format!("{is} is not a supported SAM policy template"), help);
}

fn table(place: &mut Place<'_, '_>, node: &Node) -> Value {
    local::by_ref(place, node, &["AWS::Serverless::SimpleTable"]);
    node.into()
}

fn function(place: &mut Place<'_, '_>, node: &Node) -> Value {
    local::by_ref(place, node, &["AWS::Serverless::Function"]);
    node.into()
}

/// `!Ref` of a queue is its URL, and the policy needs its name.
fn queue(place: &mut Place<'_, '_>, node: &Node) -> Value {
    const QUEUE: &[&str] = &["AWS::SQS::Queue"];
    let queue = match local::attribute_of(node) {
        Some(_) => local::by_attribute(place, node, QUEUE, "QueueName"),
        None => local::by_ref(place, node, QUEUE),
    };
    queue.map_or(node.into(), |queue| json!({"Fn::GetAtt": [queue, "QueueName"]}))
}

/// A key or alias with correct tags becomes the key's id.
fn key(place: &mut Place<'_, '_>, node: &Node) -> Value {
    let Some(name) = node.as_str() else {
        refuse_intrinsic(place, node, "the id or alias of a key");
        return node.into();
    };
    match place.look_up(Lookup::Key(name.to_owned())) {
        Some(Answer::Key(Some(key))) => {
            tags::require_correct(place, node.span, &format!("the key `{name}`"), &key.tags);
            json!(key.id)
        }
        Some(Answer::Key(None)) => {
            let help = "write the id or ARN of a key of the target account and region, or `alias/…`";
            place.refuse_with(node.span, format!("there is no key `{name}`"), help);
            node.into()
        }
        _ => node.into(),
    }
}
