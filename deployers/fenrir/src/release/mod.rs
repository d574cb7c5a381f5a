//! The fields of a Fenrir release beside the envelope.

#[cfg(test)]
pub(crate) mod sample;

use crate::cloud::{ChangeSetStatus, ChangeSetType, ExecutionStatus, StackStatus};
use crate::deployer;
use bifrost::release::{Release, Sha256};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// A release of Fenrir: the envelope and [`FenrirFields`].
pub type FenrirRelease = Release<FenrirFields>;

/// The fields of a Fenrir release beside the envelope (contract §8).
#[bifrost::fields(check = deployer::check)]
#[derive(Default)]
pub struct FenrirFields {
    /// The SAM template, as JSON. A release has either this or `template_sha256`.
    pub template: Option<Value>,
    /// SHA-256 of the SAM template, a JSON file beside the release in S3: for a template that is too large for the release.
    pub template_sha256: Option<Sha256>,
    /// SHA-256 of each file in S3 that the template refers to, by URI: `s3://bucket/key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub s3_uris_sha256s: BTreeMap<String, Sha256>,
    /// Additional tags of the stack.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub change_set_tags: BTreeMap<String, String>,
    /// The value of the stack's tag `Env`.
    pub env: Option<String>,
    /// The stack's name. Set by Validate.
    #[set_by_deployer]
    pub stack_name: Option<String>,
    /// The change set's name. Set by Validate.
    #[set_by_deployer]
    pub change_set_name: Option<String>,
    /// Whether the change set creates or updates the stack. Set by `CreateChangeSet`.
    #[set_by_deployer]
    pub change_set_type: Option<ChangeSetType>,
    /// The change set's status. Set by `UpdateChangeSet`, as are the next two.
    #[serde(default, skip_serializing_if = "ChangeSetStatus::is_unset")]
    #[set_by_deployer]
    pub change_set_status: ChangeSetStatus,
    /// CloudFormation's reason for that status.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[set_by_deployer]
    pub change_set_status_reason: String,
    /// Whether the change set can be executed, or was.
    #[serde(default, skip_serializing_if = "ExecutionStatus::is_unset")]
    #[set_by_deployer]
    pub change_set_execution_status: ExecutionStatus,
    /// The ARN of the change set, by which each later state finds it: somebody could create another one of its name. Set by
    /// `CreateChangeSet`, as is the next.
    #[set_by_deployer(cleared_at_end)]
    pub change_set_id: Option<String>,
    /// The ARN of the stack of the change set.
    #[set_by_deployer(cleared_at_end)]
    pub stack_id: Option<String>,
    /// Whether the change set has no changes.
    #[set_by_deployer(cleared_at_end)]
    pub change_set_empty: Option<bool>,
    /// The stack's status, `""` at first. Set by `UpdateStack`, as are the next five.
    #[serde(default)]
    #[set_by_deployer]
    pub stack_status: StackStatus,
    /// When the stack was created. Set by `CreateChangeSet`, too: it distinguishes the stack from a later one of its name.
    #[set_by_deployer]
    pub stack_creation_time: Option<DateTime<Utc>>,
    /// CloudFormation's reason for the stack's status.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[set_by_deployer]
    pub stack_status_reason: String,
    /// The stack's events, one a line: time, status, type, logical id, reason.
    #[set_by_deployer]
    pub log_summary: Option<String>,
    /// The stack's outputs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[set_by_deployer]
    pub outputs: BTreeMap<String, String>,
    /// SHA-256 of the change set's template, which `UpdateChangeSet` checked: for `Execute`. Cleared as `wait_seconds` is.
    #[set_by_deployer(cleared_at_end)]
    pub checked_template_sha256: Option<Sha256>,
    /// When `Execute` started the execution, or found it started.
    #[set_by_deployer(cleared_at_end)]
    pub execution_requested_at: Option<DateTime<Utc>>,
    /// When `UpdateStack` found that the deploy must stop: halted, or its timeout is over.
    #[set_by_deployer(cleared_at_end)]
    pub stopping_since: Option<DateTime<Utc>>,
    /// How long to wait before the next poll, in seconds. Set by Validate, and by each poll.
    #[serde(default, skip_serializing_if = "is_unset")]
    #[shape(present)]
    #[set_by_deployer(cleared_at_end)]
    pub wait_seconds: u32,
}

/// `Validate` sets it, so it is present wherever the state machine reads it. The end of the deploy clears it: the client of the
/// Go implementation refuses fields that it does not know.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unset(wait_seconds: &u32) -> bool {
    *wait_seconds == 0
}
