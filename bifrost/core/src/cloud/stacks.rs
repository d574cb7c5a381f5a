//! CloudFormation, as `bootstrap` uses it.

use super::CloudError;
use async_trait::async_trait;
use std::collections::BTreeMap;

/// The desired state of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStack {
    /// Its name: up to 128 letters, digits and `-`, beginning with a letter.
    pub name: String,
    /// Its template, at most 51,200 bytes.
    pub template: String,
    /// Its parameters. Absent ones have the default of the template.
    pub parameters: BTreeMap<String, String>,
}

/// A stack as its last successful operation left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedStack {
    /// Its template, as it was sent.
    pub template: String,
    /// Its parameters, with defaults of the template.
    pub parameters: BTreeMap<String, String>,
}

/// An event of a resource of a stack, or of the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique among the events of the stack.
    pub id: String,
    /// The resource's name in the template. For the stack itself it is the stack's name.
    pub logical_id: String,
    /// Its type, such as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its status, such as `CREATE_FAILED`.
    pub status: String,
    /// The reason, if CloudFormation has one.
    pub reason: Option<String>,
}

/// The result of an update request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackUpdate {
    /// The update is in progress.
    Started,
    /// The stack already has the desired state: `No updates are to be performed`.
    Nothing,
}

/// CloudFormation's stacks, in one account and region.
#[async_trait]
pub trait Stacks: Send + Sync {
    /// The status of a stack, such as `CREATE_COMPLETE` (`cloudformation:DescribeStacks`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation, except that the stack does not exist.
    async fn status(&self, name: &str) -> Result<Option<String>, CloudError>;

    /// Reads the template and the parameters of a stack (`cloudformation:DescribeStacks`, `cloudformation:GetTemplate`). `None` if it
    /// does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation, except that the stack does not exist.
    async fn deployed(&self, name: &str) -> Result<Option<DeployedStack>, CloudError>;

    /// Starts to create a stack, which may contain named roles (`cloudformation:CreateStack` with `CAPABILITY_NAMED_IAM`).
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation; [`AlreadyExists`](super::ErrorKind::AlreadyExists) if the name is taken.
    async fn create(&self, stack: &NewStack) -> Result<(), CloudError>;

    /// Starts to update a stack (`cloudformation:UpdateStack` with `CAPABILITY_NAMED_IAM`).
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation, except that there is nothing to update.
    async fn update(&self, stack: &NewStack) -> Result<StackUpdate, CloudError>;

    /// Starts to delete a stack (`cloudformation:DeleteStack`). Succeeds if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation.
    async fn delete(&self, name: &str) -> Result<(), CloudError>;

    /// The events of a stack after the event with id `after`, or all, oldest first
    /// (`cloudformation:DescribeStackEvents`). Empty if the stack does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from CloudFormation.
    async fn events(&self, name: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError>;
}
