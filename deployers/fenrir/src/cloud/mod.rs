//! What Fenrir needs of AWS in a target account: small ports in AWS's words, with plain types.
//!
//! Handlers see these traits and nothing else of a cloud. Each method says which AWS operations it is; where AWS pages or
//! limits what one request may name, the method hides it.

#[cfg(feature = "lambda")]
pub mod aws;
mod cloud_formation;
#[cfg(feature = "local")]
pub mod local;
mod status;

#[cfg(feature = "cli")]
pub(crate) use cloud_formation::MAX_BODY;
pub use cloud_formation::{
    Change, ChangeAction, ChangeSet, ChangeSetType, CloudFormation, Drift, DriftedResource, NewChangeSet, Replacement,
    Stack, StackEvent, TemplateSource,
};
pub use status::{ChangeSetStatus, ExecutionStatus, StackStatus};

use crate::rules::{Answers, Lookup};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that Fenrir may do in one account and region, under the one role there.
#[derive(Clone)]
pub struct FenrirPorts {
    /// CloudFormation.
    pub stacks: Arc<dyn CloudFormation>,
    /// What templates refer to.
    pub lookups: Arc<dyn Lookups>,
}

/// Looks up what templates refer to.
#[async_trait]
pub trait Lookups: Send + Sync {
    /// Answers each of them (`iam:GetRole`, `ec2:DescribeSecurityGroups`, `ec2:DescribeSubnets`, `kms:DescribeKey` and
    /// `kms:ListResourceTags`, `dynamodb:DescribeTable`, `tag:GetResources`), as few requests as that takes. What does not
    /// exist is an answer, too.
    ///
    /// # Errors
    /// Whatever AWS answers, save that something is not there.
    async fn look_up(&self, lookups: &BTreeSet<Lookup>) -> Result<Answers, CloudError>;
}
