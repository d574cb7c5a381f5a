//! The ports through which Fenrir uses AWS in a target account.
//!
//! Handlers use these traits and nothing else of a cloud. Each method documents the AWS operations that it calls, and hides
//! paging and limits on request sizes.

#[cfg(feature = "lambda")]
pub mod aws;
mod cloud_formation;
mod expanded;
#[cfg(feature = "local")]
pub mod local;
mod status;

#[cfg(feature = "cli")]
pub(crate) use cloud_formation::MAX_BODY;
pub use cloud_formation::{
    Change, ChangeAction, ChangeSet, ChangeSetType, CloudFormation, CreatedChangeSet, Drift, DriftedResource,
    NewChangeSet, Replacement, Stack, StackEvent, TemplateSource,
};
pub use expanded::ExpandedTemplates;
pub use status::{ChangeSetStatus, ExecutionStatus, StackStatus};

use crate::rules::{Answers, Lookup};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What Fenrir does in one account and region, as its role there.
#[derive(Clone)]
pub struct FenrirPorts {
    /// CloudFormation.
    pub stacks: Arc<dyn CloudFormation>,
    /// Templates after SAM's expansion.
    pub expansions: Arc<dyn ExpandedTemplates>,
    /// Resources that templates refer to.
    pub lookups: Arc<dyn Lookups>,
}

/// Looks up resources that templates refer to.
#[async_trait]
pub trait Lookups: Send + Sync {
    /// Answers each lookup (`iam:GetRole`, `ec2:DescribeSecurityGroups`, `ec2:DescribeSubnets`, `kms:DescribeKey` and
    /// `kms:ListResourceTags`, `dynamodb:DescribeTable`, `tag:GetResources`) with as few requests as possible. That a resource
    /// does not exist is an answer, not an error.
    ///
    /// # Errors
    /// `CloudError` from AWS, except that a resource does not exist.
    async fn look_up(&self, lookups: &BTreeSet<Lookup>) -> Result<Answers, CloudError>;
}
