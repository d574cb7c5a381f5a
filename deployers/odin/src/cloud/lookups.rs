//! What Odin only looks up: IAM's instance profiles and roles, which belong to the account and to no region, and the SNS
//! topics that lifecycle hooks publish to.

use async_trait::async_trait;
use bifrost::cloud::CloudError;

/// An instance profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceProfile {
    /// Its ARN.
    pub arn: String,
    /// Its path, which begins and ends with `/`.
    pub path: String,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN, with its path.
    pub arn: String,
}

/// IAM.
#[async_trait]
pub trait Iam: Send + Sync {
    /// The instance profile of that name; `None` if there is none (`iam:GetInstanceProfile`).
    ///
    /// # Errors
    /// Whatever IAM answers, save `NoSuchEntity`.
    async fn instance_profile(&self, name: &str) -> Result<Option<InstanceProfile>, CloudError>;

    /// The role of that name; `None` if there is none (`iam:GetRole`).
    ///
    /// # Errors
    /// Whatever IAM answers, save `NoSuchEntity`.
    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError>;
}

/// SNS.
#[async_trait]
pub trait Topics: Send + Sync {
    /// ARN of the topic of that name in this account and region; `None` if there is none (`sns:GetTopicAttributes`).
    ///
    /// # Errors
    /// Whatever SNS answers, save `NotFound`.
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError>;
}
