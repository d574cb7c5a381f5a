//! CloudFormation, as `bootstrap` uses it.

use super::CloudError;
use async_trait::async_trait;
use std::collections::BTreeMap;

/// What a stack is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStack {
    /// Its name: up to 128 letters, digits and `-`, a letter first.
    pub name: String,
    /// Its template, at most 51,200 bytes.
    pub template: String,
    /// Its parameters; one that is not there has the template's default.
    pub parameters: BTreeMap<String, String>,
}

/// Something that happened to a resource of a stack, or to the stack itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Unique among the events of the stack.
    pub id: String,
    /// The resource's name in the template; for the stack itself the stack's name.
    pub logical_id: String,
    /// Its type, such as `AWS::S3::Bucket`.
    pub resource_type: String,
    /// Its status, such as `CREATE_FAILED`.
    pub status: String,
    /// Why, if CloudFormation says so.
    pub reason: Option<String>,
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackUpdate {
    /// CloudFormation is at it.
    Started,
    /// The stack is what it is to be already: `No updates are to be performed`.
    Nothing,
}

/// CloudFormation's stacks, in one account and region.
#[async_trait]
pub trait Stacks: Send + Sync {
    /// The status of the stack of that name, such as `CREATE_COMPLETE`; `None` if there is none
    /// (`cloudformation:DescribeStacks`).
    ///
    /// # Errors
    /// Whatever CloudFormation answers, save that there is no such stack.
    async fn status(&self, name: &str) -> Result<Option<String>, CloudError>;

    /// Begins to make a stack that may hold roles with names of their own (`cloudformation:CreateStack` with
    /// `CAPABILITY_NAMED_IAM`).
    ///
    /// # Errors
    /// [`AlreadyExists`](super::ErrorKind::AlreadyExists) if there is one of that name; whatever CloudFormation answers.
    async fn create(&self, stack: &NewStack) -> Result<(), CloudError>;

    /// Begins to change a stack (`cloudformation:UpdateStack` with `CAPABILITY_NAMED_IAM`).
    ///
    /// # Errors
    /// Whatever CloudFormation answers, save that there is nothing to change.
    async fn update(&self, stack: &NewStack) -> Result<StackUpdate, CloudError>;

    /// Begins to delete a stack (`cloudformation:DeleteStack`); one that is not there is gone already.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn delete(&self, name: &str) -> Result<(), CloudError>;

    /// The events of a stack after the one of that id, oldest first; all if none is named
    /// (`cloudformation:DescribeStackEvents`, as many pages as it takes). None if there is no such stack.
    ///
    /// # Errors
    /// Whatever CloudFormation answers.
    async fn events(&self, name: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError>;
}
