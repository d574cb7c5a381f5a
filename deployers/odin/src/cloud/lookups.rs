//! Resources that Odin only looks up: IAM instance profiles and roles, which are global to the account, and the SNS
//! topics to which lifecycle hooks publish.

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
#[bifrost::port]
pub trait Iam {
    /// The instance profile of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from IAM, except `NoSuchEntity`.
    #[call("iam:GetInstanceProfile", name)]
    async fn instance_profile(&self, name: &str) -> Result<Option<InstanceProfile>, CloudError>;

    /// The role of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from IAM, except `NoSuchEntity`.
    #[call("iam:GetRole", name)]
    async fn role(&self, name: &str) -> Result<Option<Role>, CloudError>;
}

/// SNS.
#[bifrost::port]
pub trait Topics {
    /// ARN of the topic of that name in this account and region, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from SNS, except `NotFound`.
    #[call("sns:GetTopicAttributes", name)]
    async fn topic_arn(&self, name: &str) -> Result<Option<String>, CloudError>;
}
