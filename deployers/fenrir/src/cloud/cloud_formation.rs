//! CloudFormation's stacks and change sets.

use super::status::{ChangeSetStatus, ExecutionStatus, StackStatus};
use crate::rules::Tags;
use async_trait::async_trait;
use bifrost::Shape;
use bifrost::cloud::CloudError;
use bifrost::release::{BucketName, ObjectKey, Region};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a change set makes a stack or changes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeSetType {
    /// The stack is new: there is none, or one in `REVIEW_IN_PROGRESS`.
    Create,
    /// The stack is there.
    Update,
}

impl ChangeSetType {
    /// What a change set has to be, with what is there under the stack's name.
    #[must_use]
    pub fn of(stack: Option<&Stack>) -> Self {
        if stack.is_none_or(|stack| stack.status == StackStatus::ReviewInProgress) {
            Self::Create
        } else {
            Self::Update
        }
    }
}

impl Shape for ChangeSetType {
    type Shape = String;
}

/// Where CloudFormation finds a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// In the request: at most 51,200 bytes.
    Body(String),
    /// At the `https://` URL of an object in S3: at most 1 MB.
    Url(String),
}

/// How many bytes of template CloudFormation takes in a request.
pub(crate) const MAX_BODY: usize = 51_200;

impl TemplateSource {
    /// The request itself, or, if the template is too large for it, the object of that key.
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

/// What a change set is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChangeSet {
    /// The stack's name.
    pub stack_name: String,
    /// Its own name.
    pub name: String,
    /// Whether it makes the stack.
    pub change_set_type: ChangeSetType,
    /// The template.
    pub template: TemplateSource,
    /// Tags of the stack, and so of its resources.
    pub tags: Tags,
    /// `ClientToken`: the same request with the same token makes nothing twice.
    pub token: String,
    /// What it is for, up to 1024 characters.
    pub description: String,
}

/// A stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its ARN, which no other stack ever has.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `StackStatus`.
    pub status: StackStatus,
    /// `StackStatusReason`.
    pub status_reason: Option<String>,
    /// When it was made.
    pub creation_time: DateTime<Utc>,
    /// The ARN of the change set that was executed last, if its present state came by one.
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
    /// `Status`.
    pub status: ChangeSetStatus,
    /// `StatusReason`.
    pub status_reason: Option<String>,
    /// `ExecutionStatus`.
    pub execution_status: ExecutionStatus,
    /// The tags that its stack gets. A stack that waits for its first change set has none of its own yet.
    pub tags: Tags,
    /// What it would change; whole once its status is `CREATE_COMPLETE`.
    pub changes: Vec<Change>,
}

/// How CloudFormation says that there is nothing to change, the second where the template is transformed.
const NO_CHANGES: [&str; 2] = ["The submitted information didn't contain changes", "No updates are to be performed"];

impl ChangeSet {
    /// Whether it failed because there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let reason = self.status_reason.as_deref().unwrap_or_default();
        self.status == ChangeSetStatus::Failed && NO_CHANGES.iter().any(|text| reason.contains(text))
    }
}

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeAction {
    /// It is made.
    Add,
    /// It is changed, or replaced.
    Modify,
    /// It is deleted.
    Remove,
    /// It is put under the stack's care.
    Import,
    /// What becomes of it is not known before.
    Dynamic,
}

/// Whether a changed resource is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replacement {
    /// It is.
    True,
    /// It is not.
    False,
    /// That depends on what is known only then.
    Conditional,
}

/// A change to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What becomes of it.
    pub action: ChangeAction,
    /// Its name in the template, as SAM has made it of the one that was written.
    pub logical_id: String,
    /// The name of the real one, if there is one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// Its type, such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// Of a modification, whether it is made anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    /// Of a modification, the properties and attributes that change: `Code`, `Tags` …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// What becomes of the resource that is removed or replaced: `Delete`, `Retain`, `Snapshot`, `ReplaceAndDelete`,
    /// `ReplaceAndRetain` or `ReplaceAndSnapshot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_action: Option<String>,
}

impl Change {
    /// Whether nothing but its tags changes: with each release the stack gets another `ReleaseID`, and so do all its
    /// resources.
    #[must_use]
    pub fn is_of_tags_alone(&self) -> bool {
        self.action == ChangeAction::Modify && self.scope == ["Tags"]
    }

    /// Whether the resource that is there stays, or a copy of it, though the stack has no more to do with it.
    #[must_use]
    pub fn keeps_data(&self) -> bool {
        self.policy_action.as_deref().is_some_and(|action| !action.ends_with("Delete"))
    }
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique among the events of the stack.
    pub id: String,
    /// When.
    pub timestamp: DateTime<Utc>,
    /// The resource's name in the template; for the stack itself the stack's name.
    pub logical_id: String,
    /// The name of the real one, if there is one yet; for the stack itself its ARN.
    pub physical_id: Option<String>,
    /// Its type, such as `AWS::Lambda::Function`.
    pub resource_type: String,
    /// `ResourceStatus`, such as `CREATE_FAILED`.
    pub status: String,
    /// `ResourceStatusReason`.
    pub reason: Option<String>,
    /// `ClientRequestToken` of the request that it came by.
    pub token: Option<String>,
}

/// How far a stack's resources are from its template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// `StackDriftStatus`: `DRIFTED`, `IN_SYNC`, `UNKNOWN` or `NOT_CHECKED`.
    pub status: String,
    /// The resources that differ.
    pub resources: Vec<DriftedResource>,
}

/// A resource that somebody changed past CloudFormation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftedResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// `MODIFIED` or `DELETED`.
    pub status: String,
    /// The properties that differ, as JSON pointers, each with what the template says and what is there.
    pub differences: Vec<(String, String, String)>,
}

/// CloudFormation, in one account and region.
#[async_trait]
pub trait CloudFormation: Send + Sync {
    /// The stack of that name or ARN (`cloudformation:DescribeStacks`). A deleted one is found by its ARN alone.
    ///
    /// # Errors
    /// Whatever CloudFormation answers, save that there is none.
    async fn stack(&self, name: &str) -> Result<Option<Stack>, CloudError>;

    /// Begins to make a change set with `CAPABILITY_IAM` (`cloudformation:CreateChangeSet`). For
    /// [`ChangeSetType::Create`] this makes the stack, in `REVIEW_IN_PROGRESS`.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) if there is one of that name that came by another
    /// token; whatever CloudFormation answers.
    async fn create_change_set(&self, change_set: &NewChangeSet) -> Result<(), CloudError>;

    /// A change set, with all its changes (`cloudformation:DescribeChangeSet`, as many pages as it takes); none if there
    /// is none of that name or ARN, or no such stack.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn change_set(&self, stack: &str, name: &str) -> Result<Option<ChangeSet>, CloudError>;

    /// Begins to carry a change set out; what fails is rolled back, and what it made goes again whatever its
    /// `DeletionPolicy`: else a table that was kept would be in the way of the next try (`cloudformation:ExecuteChangeSet`
    /// with `DisableRollback: false` and `RetainExceptOnCreate: true`).
    ///
    /// # Errors
    /// Whatever CloudFormation answers, such as `InvalidChangeSetStatus`.
    async fn execute_change_set(&self, stack: &str, name: &str, token: &str) -> Result<(), CloudError>;

    /// Deletes a change set (`cloudformation:DeleteChangeSet`); one that is not there is gone already.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn delete_change_set(&self, stack: &str, name: &str) -> Result<(), CloudError>;

    /// The events of a stack since a time, oldest first (`cloudformation:DescribeStackEvents`, as many pages as it
    /// takes); none if there is no such stack.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn events(&self, stack: &str, since: DateTime<Utc>) -> Result<Vec<StackEvent>, CloudError>;

    /// Cancels an update that is in progress, which rolls it back (`cloudformation:CancelUpdateStack`).
    ///
    /// # Errors
    /// `ValidationError` if the stack is not in `UPDATE_IN_PROGRESS`; whatever CloudFormation answers.
    async fn cancel_update(&self, stack: &str, token: &str) -> Result<(), CloudError>;

    /// Begins to delete a stack (`cloudformation:DeleteStack`); one that is not there is gone already.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn delete_stack(&self, stack: &str, token: &str) -> Result<(), CloudError>;

    /// The template of a change set as it was given (`cloudformation:GetTemplate`); none if there is no such change set.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn change_set_template(&self, stack: &str, name: &str) -> Result<Option<Value>, CloudError>;

    /// Why a change set failed that CloudFormation's early validation refused, a line for each resource; nothing if it did
    /// not (`cloudformation:DescribeEvents`, the failed ones of that change set).
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn validation_failures(&self, change_set_id: &str) -> Result<Vec<String>, CloudError>;

    /// The template of a stack as it was given (`cloudformation:GetTemplate`); none if there is no such stack. One that
    /// is no JSON, which nobody's release gave, is its text.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn template(&self, stack: &str) -> Result<Option<Value>, CloudError>;

    /// Begins to look for drift, and gives the id of that (`cloudformation:DetectStackDrift`).
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn detect_drift(&self, stack: &str) -> Result<String, CloudError>;

    /// What was found, once it is (`cloudformation:DescribeStackDriftDetectionStatus`,
    /// `cloudformation:DescribeStackResourceDrifts`); none while it goes on.
    ///
    /// # Errors
    /// Whatever CloudFormation answers, and that the search failed.
    async fn drift(&self, stack: &str, detection: &str) -> Result<Option<Drift>, CloudError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    #[test]
    fn template_url_ends_as_hosts_of_the_partition_do() {
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
