//! `AWS::SQS::Queue`.

use super::combinations::{given, is_true};
use super::evaluate::{Piece, evaluate};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Integer, List, Names, Object, OneOf, Plain, Refused, Required, Text};
use super::table::Table;
use super::tags::TAG;
use super::{names, reference_kinds as kinds};
use crate::template::{FindingCode, Node};
use serde_json::{Map as JsonMap, Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::SQS::Queue",
    table: PROPERTIES,
    named: Some(("QueueName", names::QUEUE)),
    finish,
    deletion_policy: Some("Retain"),
};

const PROPERTIES: Table = &[
    ("ContentBasedDeduplication", Boolean),
    ("DeduplicationScope", Text),
    ("DelaySeconds", Integer),
    ("FifoQueue", Plain(&Boolean)),
    ("FifoThroughputLimit", Text),
    ("KmsDataKeyReusePeriodSeconds", Integer),
    ("KmsMasterKeyId", Names(&kinds::KEY)),
    ("MaximumMessageSize", Integer),
    ("MessageRetentionPeriod", Integer),
    ("QueueName", Refused("Fenrir generates the name; remove the property")),
    ("ReceiveMessageWaitTimeSeconds", Integer),
    ("RedriveAllowPolicy", Object(REDRIVE_ALLOW_POLICY)),
    ("RedrivePolicy", Object(REDRIVE_POLICY)),
    ("SqsManagedSseEnabled", Boolean),
    ("Tags", List(&Object(TAG))),
    ("VisibilityTimeout", Integer),
];

const REDRIVE_POLICY: Table = &[("deadLetterTargetArn", Required(&Names(&kinds::QUEUE))), ("maxReceiveCount", Integer)];
const REDRIVE_ALLOW_POLICY: Table = &[
    ("redrivePermission", OneOf(&["allowAll", "byQueue", "denyAll"])),
    ("sourceQueueArns", List(&Names(&kinds::QUEUE))),
];

fn finish(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    let is_fifo = is_true(node, "FifoQueue");
    check_fifo(context, node, is_fifo);
    if is_fifo {
        let name = names::FIFO_QUEUE.name(context.facts(), context.logical_id());
        properties.insert("QueueName".to_owned(), json!(name));
    }
}

/// Refuses what only FIFO queues have, and dead letters in a queue of the other kind.
fn check_fifo(context: &mut RuleContext<'_, '_>, node: &Node, is_fifo: bool) {
    for name in ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"] {
        if let Some(value) = given(node, name).filter(|_| !is_fifo) {
            let message = format!("`{name}` requires `FifoQueue: true`");
            let help = format!("add `FifoQueue: true`, or remove `{name}`");
            context.within(name).refuse(FindingCode::MissingProperty, value.span, message, help);
        }
    }
    let dead_letters = node.get("RedrivePolicy").and_then(|policy| policy.get("deadLetterTargetArn"));
    let pieces = dead_letters.map(|arn| evaluate(context.facts(), arn)).unwrap_or_default();
    let [Piece::Attribute(logical_id, _)] = *pieces else { return };
    let Some(other) = context.check.resources.get(logical_id) else { return };
    let other_is_fifo = other.value.get("Properties").is_some_and(|queue| is_true(queue, "FifoQueue"));
    if other_is_fifo != is_fifo {
        let message = "a queue and the queue for its dead letters must both be FIFO queues, or both standard queues";
        let help = format!("set `FifoQueue` of `{logical_id}` to the same");
        let context = &mut context.within("RedrivePolicy");
        context.refuse(FindingCode::Conflict, dead_letters.and_then(|node| node.span), message, help);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn queue(properties: &Value) -> Value {
        json!({"jobs": {"Type": "AWS::SQS::Queue", "Properties": properties}})
    }

    #[test]
    fn queue_gets_a_name_and_is_retained() {
        let emitted = RulesFixture::default().accepts(queue(&json!({"VisibilityTimeout": 30})));
        let jobs = &emitted["Resources"]["jobs"];
        assert_eq!(
            jobs["Properties"],
            json!({"VisibilityTimeout": 30, "QueueName": "fenrir-org-shop-development-jobs"})
        );
        assert_eq!(jobs["DeletionPolicy"], "Retain");
        let named = queue(&json!({"QueueName": "x"}));
        RulesFixture::default().refuses(named, "jobs.Properties.QueueName", FindingCode::NotAllowed);
    }

    #[test]
    fn fifo_queue_gets_the_suffix() {
        for fifo in [json!(true), json!("true")] {
            let emitted = RulesFixture::default().accepts(queue(&json!({"FifoQueue": fifo})));
            let name = &emitted["Resources"]["jobs"]["Properties"]["QueueName"];
            assert_eq!(name, "fenrir-org-shop-development-jobs.fifo");
        }
    }

    #[test]
    fn properties_of_fifo_queues_need_one() {
        for name in ["ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"] {
            let value = if name == "ContentBasedDeduplication" { json!(true) } else { json!("perMessageGroupId") };
            let path = format!("jobs.Properties.{name}");
            RulesFixture::default().refuses(queue(&json!({name: value})), &path, FindingCode::MissingProperty);
        }
    }

    #[test]
    fn dead_letters_are_in_a_queue_of_the_same_kind() {
        let with = |fifo: bool, dead_fifo: bool| {
            let policy = json!({"deadLetterTargetArn": {"Fn::Sub": "${dead.Arn}"}});
            let mut resources = queue(&json!({"FifoQueue": fifo, "RedrivePolicy": policy}));
            resources["dead"] = json!({"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": dead_fifo}});
            resources
        };
        for same in [true, false] {
            RulesFixture::default().accepts(with(same, same));
            let path = "jobs.Properties.RedrivePolicy";
            RulesFixture::default().refuses(with(same, !same), path, FindingCode::Conflict);
        }
    }
}
