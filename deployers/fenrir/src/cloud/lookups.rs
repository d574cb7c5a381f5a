//! What templates refer to in the target account.

use crate::rules::{Answers, Lookup};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use std::collections::BTreeSet;

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
