//! A stack as it is kept: its resources, its change sets, its events, and what is under way.

use super::arn::{StackArn, uuid};
use super::change_set::StoredChangeSet;
use super::operation::Operation;
use super::types::ResourceType;
use crate::cloud::{Drift, DriftedResource, Stack, StackEvent, StackStatus};
use crate::rules::Tags;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A CloudFormation stack. Its name is in its ARN, by which a region keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredStack {
    /// Such as `ROLLBACK_COMPLETE`.
    pub status: StackStatus,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub creation_time: DateTime<Utc>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: Tags,
    /// Its template as it was given; none before its first change set is executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Value>,
    /// Its outputs: values by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,
    /// The ARN of the change set that was executed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set_id: Option<String>,
    /// Its resources by logical id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resources: BTreeMap<String, StoredResource>,
    /// Its change sets by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub change_sets: BTreeMap<String, StoredChangeSet>,
    /// What happened, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StoredEvent>,
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Box<Operation>>,
    /// How many ids were given to its resources: the next is made of it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ids: u64,
    /// When each search for drift was begun, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drift_detections: BTreeMap<String, DateTime<Utc>>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredResource {
    /// As the expanded template has it: `Type`, `Properties`, `DependsOn` …
    pub definition: Value,
    /// Its properties, with all intrinsic functions evaluated, and the stack's tags among its own.
    #[serde(default)]
    pub properties: Value,
    /// What `Ref` gives of it.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// How somebody changed it past CloudFormation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<StoredDrift>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEvent {
    /// When.
    pub timestamp: DateTime<Utc>,
    /// The resource's name in the template; for the stack itself its name.
    pub logical_id: String,
    /// The name of the real one, if there is one; for the stack itself its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Such as `CREATE_FAILED`.
    pub status: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The token of the request that it came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The type of a stack's events.
const STACK: &str = "AWS::CloudFormation::Stack";

impl StoredStack {
    /// Whether it is gone: no name finds it any more.
    pub(super) fn is_deleted(&self) -> bool {
        self.status == StackStatus::DeleteComplete
    }

    /// As `DescribeStacks` tells it.
    pub(super) fn describe(&self, arn: &str) -> Stack {
        Stack {
            id: arn.into(),
            name: StackArn::of(arn).name.into(),
            status: self.status.clone(),
            status_reason: self.status_reason.clone(),
            creation_time: self.creation_time,
            change_set_id: self.change_set_id.clone(),
            tags: self.tags.clone(),
            outputs: self.outputs.clone(),
        }
    }

    /// Gives the stack another status, which is an event.
    pub(super) fn become_status(
        &mut self,
        arn: &str,
        status: StackStatus,
        reason: Option<String>,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) {
        self.status_reason.clone_from(&reason);
        self.events.push(StoredEvent {
            timestamp: now,
            logical_id: StackArn::of(arn).name.into(),
            physical_id: Some(arn.into()),
            resource_type: STACK.into(),
            status: status.to_string(),
            reason,
            token: token.map(Into::into),
        });
        self.status = status;
    }

    /// Its events since then, oldest first.
    pub(super) fn events_since(&self, arn: &str, since: DateTime<Utc>) -> Vec<StackEvent> {
        let described = self.events.iter().enumerate().map(|(number, event)| event.describe(arn, number));
        described.filter(|event| event.timestamp >= since).collect()
    }
}

impl StoredEvent {
    fn describe(&self, arn: &str, number: usize) -> StackEvent {
        let id = uuid(&format!("{arn}/{number}"));
        let is_stack = self.resource_type == STACK;
        StackEvent {
            id: if is_stack { id } else { format!("{}-{}-{id}", self.logical_id, self.status) },
            timestamp: self.timestamp,
            logical_id: self.logical_id.clone(),
            physical_id: self.physical_id.clone(),
            resource_type: self.resource_type.clone(),
            status: self.status.clone(),
            reason: self.reason.clone(),
            token: self.token.clone(),
        }
    }
}

impl StoredResource {
    /// Its type, such as `AWS::Lambda::Function`.
    pub(super) fn resource_type(&self) -> &str {
        self.definition.get("Type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Its ARN, if it tells one.
    pub(super) fn arn(&self) -> Option<&str> {
        self.attributes.get("Arn").map(String::as_str)
    }

    /// Its own tags and those that CloudFormation gave it, if it has any.
    pub(super) fn tags(&self) -> Option<Tags> {
        let tags = self.properties.get("Tags")?.as_array()?.iter();
        let text = |tag: &Value, name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect())
    }

    /// The name that nothing else of its type may have, as [`FenrirRegion::names`](super::FenrirRegion::names) keeps it.
    pub(super) fn unique_name(&self) -> Option<String> {
        let kind = ResourceType::of(self.resource_type())?;
        kind.named.map(|_| format!("{}/{}", kind.name, self.physical_id))
    }

    /// Whether CloudFormation leaves it behind where it would delete it, by `DeletionPolicy` or `UpdateReplacePolicy`.
    pub(super) fn is_retained(&self, policy: &str) -> bool {
        let policy = self.definition.get(policy).and_then(Value::as_str);
        matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
    }
}

/// How long a search for drift takes, in seconds.
pub(super) const DETECTION_SECONDS: u32 = 5;

/// What somebody did to a resource past CloudFormation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredDrift {
    /// It is gone.
    Deleted,
    /// Properties are otherwise, by JSON pointer: `{"/MemorySize": 512}`.
    Modified(BTreeMap<String, Value>),
}

impl StoredStack {
    /// What a search for drift finds.
    pub(super) fn drift(&self) -> Drift {
        let resources: Vec<_> =
            self.resources.iter().filter_map(|(logical_id, resource)| resource.drifted(logical_id)).collect();
        let status = if resources.is_empty() { "IN_SYNC" } else { "DRIFTED" };
        Drift { status: status.into(), resources }
    }
}

impl StoredResource {
    fn drifted(&self, logical_id: &str) -> Option<DriftedResource> {
        let (status, differences) = match self.drift.as_ref()? {
            StoredDrift::Deleted => ("DELETED", Vec::new()),
            StoredDrift::Modified(found) => ("MODIFIED", self.differences(found)),
        };
        Some(DriftedResource {
            logical_id: logical_id.into(),
            resource_type: self.resource_type().into(),
            status: status.into(),
            differences,
        })
    }

    /// Each property that is otherwise, with what the template says and what is there.
    fn differences(&self, found: &BTreeMap<String, Value>) -> Vec<(String, String, String)> {
        let expected = |pointer: &String| self.properties.pointer(pointer).map_or_else(|| "null".into(), text);
        found.iter().map(|(pointer, actual)| (pointer.clone(), expected(pointer), text(actual))).collect()
    }
}

/// A text as it is, and everything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}
