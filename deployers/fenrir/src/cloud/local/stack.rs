//! A stack as it is stored: resources, change sets, events, and the operation in progress.

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

/// A CloudFormation stack. A region has its stacks by ARN, which contains the name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredStack {
    /// Such as `ROLLBACK_COMPLETE`.
    pub status: StackStatus,
    /// The reason for the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// When it was created.
    #[serde(default)]
    pub creation_time: DateTime<Utc>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: Tags,
    /// Its template before SAM's expansion; none before its first change set is executed.
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
    /// Its events, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<StoredEvent>,
    /// The operation in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Box<Operation>>,
    /// How many ids its resources got; the next id is derived from it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ids: u64,
    /// The start time of each drift detection, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drift_detections: BTreeMap<String, DateTime<Utc>>,
}

/// A resource of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredResource {
    /// Its definition in the expanded template: `Type`, `Properties`, `DependsOn` …
    pub definition: Value,
    /// Its properties, with intrinsic functions evaluated and the stack's tags added.
    #[serde(default)]
    pub properties: Value,
    /// The result of `Ref`.
    pub physical_id: String,
    /// The results of `Fn::GetAtt`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// How it was changed outside of CloudFormation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<StoredDrift>,
}

/// An event of a stack or a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredEvent {
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The resource's name in the template; for the stack itself its name.
    pub logical_id: String,
    /// The resource's name in the account, if it exists; for the stack itself its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Its type.
    pub resource_type: String,
    /// Such as `CREATE_FAILED`.
    pub status: String,
    /// The reason for the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The token of the request that caused the event.
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
    /// Whether it is deleted: only its ARN finds it.
    pub(super) fn is_deleted(&self) -> bool {
        self.status == StackStatus::DeleteComplete
    }

    /// The answer of `DescribeStacks`.
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

    /// Changes the stack's status, and adds an event.
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

    /// Its events since a time, oldest first.
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

    /// Its ARN, if it has an attribute `Arn`.
    pub(super) fn arn(&self) -> Option<&str> {
        self.attributes.get("Arn").map(String::as_str)
    }

    /// Its own tags and those that CloudFormation added, if it has any.
    pub(super) fn tags(&self) -> Option<Tags> {
        let tags = self.properties.get("Tags")?.as_array()?.iter();
        let text = |tag: &Value, name| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(tags.filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect())
    }

    /// Its name, if names are unique for its type, as in [`FenrirRegion::names`](super::FenrirRegion::names).
    pub(super) fn unique_name(&self) -> Option<String> {
        let kind = ResourceType::of(self.resource_type())?;
        kind.named.map(|_| format!("{}/{}", kind.name, self.physical_id))
    }

    /// Whether CloudFormation keeps it instead of deleting it, by `DeletionPolicy` or `UpdateReplacePolicy`.
    pub(super) fn is_retained(&self, policy: &str) -> bool {
        let policy = self.definition.get(policy).and_then(Value::as_str);
        matches!(policy, Some("Retain" | "RetainExceptOnCreate"))
    }
}

/// How long a drift detection takes, in seconds.
pub(super) const DETECTION_SECONDS: u32 = 5;

/// A change to a resource outside of CloudFormation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredDrift {
    /// It was deleted.
    Deleted,
    /// Properties were changed. Their values by JSON pointer: `{"/MemorySize": 512}`.
    Modified(BTreeMap<String, Value>),
}

impl StoredStack {
    /// The result of a drift detection.
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

    /// Each changed property, with its expected and its actual value.
    fn differences(&self, found: &BTreeMap<String, Value>) -> Vec<(String, String, String)> {
        let expected = |pointer: &String| self.properties.pointer(pointer).map_or_else(|| "null".into(), text);
        found.iter().map(|(pointer, actual)| (pointer.clone(), expected(pointer), text(actual))).collect()
    }
}

/// A string as it is, any other value as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}
