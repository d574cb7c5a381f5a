//! CloudFormation's stacks and change sets.

use super::status::{ChangeSetStatus, ExecutionStatus, StackStatus};
use crate::rules::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::release::{BucketName, ObjectKey, Region};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a change set creates or updates a stack.
#[bifrost::field_type]
#[derive(Copy, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeSetType {
    /// The stack does not exist, or is in `REVIEW_IN_PROGRESS`.
    Create,
    /// The stack exists.
    Update,
}

impl ChangeSetType {
    /// The type of a change set for the stack, if it exists.
    #[must_use]
    pub fn of(stack: Option<&Stack>) -> Self {
        if stack.is_none_or(|stack| stack.status == StackStatus::ReviewInProgress) {
            Self::Create
        } else {
            Self::Update
        }
    }
}

/// Where CloudFormation finds a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// In the request: at most 51,200 bytes.
    Body(String),
    /// In an S3 object with this `https://` URL: at most 1 MB.
    Url(String),
}

/// The largest template that CloudFormation takes in a request, in bytes.
pub(crate) const MAX_BODY: usize = 51_200;

impl TemplateSource {
    /// The request itself, or the object of that key if the template is too large for a request.
    #[must_use]
    pub fn of(template: &Value, bucket: &BucketName, key: &ObjectKey, region: &Region) -> Self {
        let body = template.to_string();
        if body.len() <= MAX_BODY {
            return Self::Body(body);
        }
        let suffix = region.partition().url_suffix();
        Self::Url(format!("https://{bucket}.s3.{region}.{suffix}/{key}"))
    }
}

/// A change set to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeSet {
    /// The stack's name.
    pub stack_name: String,
    /// The change set's name.
    pub name: String,
    /// Whether it creates or updates the stack.
    pub change_set_type: ChangeSetType,
    /// The template.
    pub template: TemplateSource,
    /// Tags of the stack, which its resources get, too.
    pub tags: Tags,
    /// `ClientToken`, which makes the request idempotent.
    pub token: String,
    /// Description, up to 1024 characters.
    pub description: String,
}

/// A change set whose creation has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedChangeSet {
    /// Its ARN, which is never used again for another change set.
    pub id: String,
    /// The ARN of its stack.
    pub stack_id: String,
}

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its ARN, which is never used again for another stack.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `StackStatus`.
    pub status: StackStatus,
    /// `StackStatusReason`.
    pub status_reason: Option<String>,
    /// When it was created.
    pub creation_time: DateTime<Utc>,
    /// The ARN of the change set that was executed last, if any.
    pub change_set_id: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Its outputs: values by key.
    pub outputs: BTreeMap<String, String>,
}

/// A change set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: String,
    /// The ARN of its stack.
    pub stack_id: String,
    /// `Status`.
    pub status: ChangeSetStatus,
    /// `StatusReason`.
    pub status_reason: Option<String>,
    /// `ExecutionStatus`.
    pub execution_status: ExecutionStatus,
    /// The tags that the stack gets. A stack in `REVIEW_IN_PROGRESS` has no tags itself yet.
    pub tags: Tags,
    /// The changes; complete once the status is `CREATE_COMPLETE`.
    pub changes: Vec<Change>,
}

/// Reasons with which CloudFormation fails a change set without changes. The second is for templates with a transform.
const NO_CHANGES: [&str; 2] = ["The submitted information didn't contain changes", "No updates are to be performed"];

impl ChangeSet {
    /// Whether it failed because it has no changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let reason = self.status_reason.as_deref().unwrap_or_default();
        self.status == ChangeSetStatus::Failed && NO_CHANGES.iter().any(|text| reason.contains(text))
    }
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeAction {
    /// It is created.
    Add,
    /// It is changed, or replaced.
    Modify,
    /// It is deleted.
    Remove,
    /// It exists, and the stack takes it over.
    Import,
    /// CloudFormation decides during the deploy.
    Dynamic,
}

/// Whether a changed resource is replaced by a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replacement {
    /// It is replaced.
    True,
    /// It is changed in place.
    False,
    /// CloudFormation decides during the deploy.
    Conditional,
}

/// A change to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What happens to the resource.
    pub action: ChangeAction,
    /// Its name in the template, after SAM's expansion.
    pub logical_id: String,
    /// Its name in the account, if it exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Its type, such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// For a modification: whether the resource is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    /// For a modification: the properties and attributes that change, such as `Code` or `Tags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// What happens to a resource that is removed or replaced: `Delete`, `Retain`, `Snapshot`, `ReplaceAndDelete`,
    /// `ReplaceAndRetain` or `ReplaceAndSnapshot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_action: Option<String>,
}

impl Change {
    /// Whether only the tags of the resource change. Each release changes the tag `ReleaseID` of the stack, and so of all
    /// its resources.
    #[must_use]
    pub fn is_of_tags_alone(&self) -> bool {
        self.action == ChangeAction::Modify && self.scope == ["Tags"]
    }

    /// Whether the existing resource, or a snapshot of it, is kept outside of the stack.
    #[must_use]
    pub fn keeps_data(&self) -> bool {
        self.policy_action.as_deref().is_some_and(|action| !action.ends_with("Delete"))
    }
}

/// An event of a resource, or of the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique among the events of the stack.
    pub id: String,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// The resource's name in the template; for the stack itself its name.
    pub logical_id: String,
    /// The resource's name in the account, if it exists; for the stack itself its ARN.
    pub physical_id: Option<String>,
    /// Its type, such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// `ResourceStatus`, such as `CREATE_FAILED`.
    pub status: String,
    /// `ResourceStatusReason`.
    pub reason: Option<String>,
    /// `ClientRequestToken` of the request that caused the event.
    pub token: Option<String>,
}

/// The differences between a stack's resources and its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// `StackDriftStatus`: `DRIFTED`, `IN_SYNC`, `UNKNOWN` or `NOT_CHECKED`.
    pub status: String,
    /// The resources that differ.
    pub resources: Vec<DriftedResource>,
}

/// A resource that was changed outside of CloudFormation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// `MODIFIED` or `DELETED`.
    pub status: String,
    /// The properties that differ: JSON pointer, value in the template, actual value.
    pub differences: Vec<(String, String, String)>,
}

/// CloudFormation, in one account and region. A method that changes something takes a [`Proof`] that the attempt may.
#[async_trait]
pub trait CloudFormation: Send + Sync {
    /// The stack of that name or ARN (`cloudformation:DescribeStacks`). A deleted stack is found only by its ARN.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation, except that the stack does not exist.
    async fn stack(&self, name: &str) -> Result<Option<Stack>, CloudError>;

    /// Starts the creation of a change set with `CAPABILITY_IAM` (`cloudformation:CreateChangeSet`). With
    /// [`ChangeSetType::Create`] this also creates the stack, in `REVIEW_IN_PROGRESS`.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation; [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) if a change set of that
    /// name was created with another token.
    async fn create_change_set(&self, proof: &Proof, change_set: &NewChangeSet)
    -> Result<CreatedChangeSet, CloudError>;

    /// A change set by name or ARN, with all changes (`cloudformation:DescribeChangeSet`, all pages); `None` if the change
    /// set or the stack does not exist. Once a change set has been executed, only its ARN finds it.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn change_set(&self, stack: &str, name: &str) -> Result<Option<ChangeSet>, CloudError>;

    /// Starts the execution of a change set, by name or ARN (`cloudformation:ExecuteChangeSet` with `DisableRollback: false` and
    /// `RetainExceptOnCreate: true`). A failure is rolled back. The rollback deletes new resources whatever their
    /// `DeletionPolicy`, as otherwise a table that was kept would have the name that the next deploy needs.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation, such as `InvalidChangeSetStatus`.
    async fn execute_change_set(&self, proof: &Proof, stack: &str, name: &str, token: &str) -> Result<(), CloudError>;

    /// Deletes a change set (`cloudformation:DeleteChangeSet`). Succeeds if it does not exist.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn delete_change_set(&self, proof: &Proof, stack: &str, name: &str) -> Result<(), CloudError>;

    /// The events of a stack since a time, oldest first (`cloudformation:DescribeStackEvents`, as many pages as needed);
    /// empty if the stack does not exist.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn events(&self, stack: &str, since: DateTime<Utc>) -> Result<Vec<StackEvent>, CloudError>;

    /// Cancels an update that is in progress, which rolls it back (`cloudformation:CancelUpdateStack`).
    ///
    /// # Errors
    /// `CloudError` from CloudFormation: `ValidationError` if the stack is not in `UPDATE_IN_PROGRESS`.
    async fn cancel_update(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError>;

    /// Starts the deletion of a stack (`cloudformation:DeleteStack`). Succeeds if it does not exist.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn delete_stack(&self, proof: &Proof, stack: &str, token: &str) -> Result<(), CloudError>;

    /// The template that a change set was created from (`cloudformation:GetTemplate`); `None` if it does not exist.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn change_set_template(&self, stack: &str, name: &str) -> Result<Option<Value>, CloudError>;

    /// Why CloudFormation's early validation refused a change set, one line a resource; empty if it did not
    /// (`cloudformation:DescribeEvents`, failed events of the change set).
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn validation_failures(&self, change_set_id: &str) -> Result<Vec<String>, CloudError>;

    /// The template that a stack was created or updated from (`cloudformation:GetTemplate`); `None` if the stack does not
    /// exist. A template that is not JSON, and so not from a release, is a string.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn template(&self, stack: &str) -> Result<Option<Value>, CloudError>;

    /// Starts a drift detection, and returns its id (`cloudformation:DetectStackDrift`).
    ///
    /// # Errors
    /// `CloudError` from CloudFormation.
    async fn detect_drift(&self, stack: &str) -> Result<String, CloudError>;

    /// The result of a drift detection (`cloudformation:DescribeStackDriftDetectionStatus`,
    /// `cloudformation:DescribeStackResourceDrifts`); `None` while it runs.
    ///
    /// # Errors
    /// `CloudError` from CloudFormation, also if the detection failed.
    async fn drift(&self, stack: &str, detection: &str) -> Result<Option<Drift>, CloudError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    #[test]
    fn template_url_has_the_host_of_the_partition() {
        let bucket = "releases".parse().unwrap();
        let key = sample::release().envelope.release_dir().log();
        let template = Value::from("x".repeat(MAX_BODY));
        for (region, host) in [
            ("us-east-1", "releases.s3.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "releases.s3.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "releases.s3.cn-north-1.amazonaws.com.cn"),
        ] {
            let source = TemplateSource::of(&template, &bucket, &key, &region.parse().unwrap());
            assert_eq!(source, TemplateSource::Url(format!("https://{host}/{key}")));
        }
    }
}
