//! Change sets: their creation, status and changes.

use super::arn::StackArn;
use super::changes::changes;
use super::region::Behaviour;
use super::stack::StoredStack;
use super::template::{Template, is_sam};
use super::{refusal, validation_error};
use crate::cloud::{Change, ChangeSet, ChangeSetStatus, ExecutionStatus, NewChangeSet};
use crate::rules::Tags;
use crate::sam::digest;
use bifrost::local::{ServiceError, later};
use bifrost::release::Partition;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Seconds from the request until CloudFormation starts to create it.
const PENDING_SECONDS: u32 = 1;
/// Seconds from the request until it is complete or has failed, if the region's behaviour does not say otherwise.
const CREATE_SECONDS: u32 = 6;
/// The name of change sets in a region's behaviour.
const TYPE: &str = "AWS::CloudFormation::ChangeSet";

/// Seconds from a request in this region until the change set is complete or has failed.
pub(super) fn create_seconds(behaviour: &BTreeMap<String, Behaviour>) -> u32 {
    behaviour.get(TYPE).and_then(|behaviour| behaviour.seconds).unwrap_or(CREATE_SECONDS)
}

fn usual_seconds() -> u32 {
    CREATE_SECONDS
}

/// A change set. Its result is computed when it is requested, because nothing else changes its stack before it is
/// executed. It is shown once it is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredChangeSet {
    /// Its ARN.
    pub id: String,
    /// When it was requested.
    pub creation_time: DateTime<Utc>,
    /// Seconds from the request until it is complete or has failed.
    #[serde(default = "usual_seconds")]
    pub seconds: u32,
    /// The token of the request.
    pub token: String,
    /// A digest of the request. Another request with the same token is refused.
    pub request: String,
    /// The template, before SAM's expansion.
    pub template: Value,
    /// The tags of the stack.
    #[serde(default)]
    pub tags: Tags,
    /// The reason for its failure, if it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The token of its execution, if it was executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed_by: Option<String>,
    /// `ExecutionStatus` once it was executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_status: Option<ExecutionStatus>,
    /// Its changes, computed when it was requested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl StoredChangeSet {
    /// The change set of a request for that stack.
    pub(super) fn new(
        id: String,
        new: &NewChangeSet,
        template: Value,
        stack: &StoredStack,
        seconds: u32,
        now: DateTime<Utc>,
    ) -> Self {
        let partition = StackArn::of(&id).partition();
        let processed = Template::process(&template, partition);
        let outcome = processed.and_then(|processed| {
            let changes = changes(stack, &processed, &new.tags);
            let retyped = retyped(stack, &processed);
            // Outputs and tags can change without a change to any resource.
            let is_same = changes.is_empty() && stack.tags == new.tags && processed.outputs == outputs(stack, partition);
            match (is_same, retyped.is_empty()) {
                (_, false) => Err(format!("Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]", retyped.join(", "))),
                (true, _) => Err(unchanged(&template).into()),
                (false, true) => Ok(changes),
            }
        });
        let (failure, changes) = match outcome {
            Ok(changes) => (None, changes),
            Err(reason) => (Some(reason), Vec::new()),
        };
        Self {
            id,
            creation_time: now,
            seconds,
            token: new.token.clone(),
            request: request(new),
            template,
            tags: new.tags.clone(),
            failure,
            executed_by: None,
            execution_status: None,
            changes,
        }
    }

    /// Checks that a request is the same as the one that created it.
    ///
    /// # Errors
    /// `AlreadyExistsException` if it differs.
    pub(super) fn check_same(&self, new: &NewChangeSet) -> Result<(), ServiceError> {
        let differs = if self.token != new.token {
            "ClientToken"
        } else if self.request != request(new) {
            "Template"
        } else {
            return Ok(());
        };
        let name = &new.name;
        let message = format!("ChangeSet {name} cannot be created due to a mismatch with existing attribute {differs}");
        Err(refusal("AlreadyExistsException", message))
    }

    fn status(&self, now: DateTime<Utc>) -> ChangeSetStatus {
        if now < later(self.creation_time, PENDING_SECONDS.min(self.seconds)) {
            ChangeSetStatus::CreatePending
        } else if now < later(self.creation_time, self.seconds) {
            ChangeSetStatus::CreateInProgress
        } else if self.failure.is_some() {
            ChangeSetStatus::Failed
        } else {
            ChangeSetStatus::CreateComplete
        }
    }

    fn execution_status(&self, now: DateTime<Utc>) -> ExecutionStatus {
        let complete = self.status(now) == ChangeSetStatus::CreateComplete;
        let before = if complete { ExecutionStatus::Available } else { ExecutionStatus::Unavailable };
        self.execution_status.clone().unwrap_or(before)
    }

    /// The answer of `DescribeChangeSet`, for a change set of the stack with that ARN.
    pub(super) fn describe(&self, stack: &str, now: DateTime<Utc>) -> ChangeSet {
        let status = self.status(now);
        ChangeSet {
            id: self.id.clone(),
            stack_id: stack.into(),
            status_reason: self.failure.clone().filter(|_| status == ChangeSetStatus::Failed),
            execution_status: self.execution_status(now),
            tags: self.tags.clone(),
            changes: self.changes.iter().filter(|_| status == ChangeSetStatus::CreateComplete).cloned().collect(),
            status,
        }
    }

    /// Checks that it can be executed now: it is complete and was not executed before.
    pub(super) fn check_executable(&self, now: DateTime<Utc>) -> Result<(), ServiceError> {
        let (status, execution_status) = (self.status(now), self.execution_status(now));
        let (which, status) = match (&status, &execution_status) {
            (_, ExecutionStatus::Available) => return Ok(()),
            (ChangeSetStatus::CreateComplete, execution_status) => ("execution status", execution_status.as_str()),
            (status, _) => ("status", status.as_str()),
        };
        let message = format!("ChangeSet [{}] cannot be executed in its current {which} of [{status}]", self.id);
        Err(refusal("InvalidChangeSetStatus", message))
    }
}

/// The outputs of the stack's template.
fn outputs(stack: &StoredStack, partition: Partition) -> BTreeMap<String, Value> {
    let processed = stack.template.as_ref().and_then(|template| Template::process(template, partition).ok());
    processed.map(|processed| processed.outputs).unwrap_or_default()
}

/// The resources whose type in the template differs from that in the stack.
fn retyped(stack: &StoredStack, template: &Template) -> Vec<String> {
    let other = |(logical_id, resource): (&String, &super::stack::StoredResource)| {
        let definition = template.resources.get(logical_id)?;
        (definition.get("Type") != resource.definition.get("Type")).then(|| logical_id.clone())
    };
    stack.resources.iter().filter_map(other).collect()
}

/// CloudFormation's reason for a change set without changes, which differs for templates with a transform.
fn unchanged(template: &Value) -> &'static str {
    if is_sam(template) {
        "No updates are to be performed."
    } else {
        "The submitted information didn't contain changes. Submit different information to create a change set."
    }
}

fn request(new: &NewChangeSet) -> String {
    digest(&format!("{:?} {:?} {:?} {}", new.change_set_type, new.template, new.tags, new.description))
}

/// Checks a name: a letter, then letters, digits and hyphens, 128 characters at most.
pub(super) fn check_name(member: &str, name: &str) -> Result<(), ServiceError> {
    let starts_right = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let constraint = if !starts_right || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    } else if name.len() > 128 {
        "Member must have length less than or equal to 128"
    } else {
        return Ok(());
    };
    Err(validation_error(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: {constraint}"
    )))
}
