//! Access to target accounts, by assuming one role in each.

use super::CloudError;
use crate::release::{AccountId, Region};
use async_trait::async_trait;

/// The keys of session tags. They identify the deploy, as the tags of resources do.
pub const SESSION_TAGS: [&str; 3] = ["ProjectName", "ConfigName", "ReleaseID"];

/// A role to assume, with the session name and tags that appear in the target account's `CloudTrail`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetRole {
    /// The target account.
    pub account: AccountId,
    /// The region of the ports.
    pub region: Region,
    /// The role's name.
    pub role: String,
    /// The session's name, 2 to 64 characters.
    pub session: String,
    /// Session tags by their [keys](SESSION_TAGS), for roles whose trust policy allows them.
    pub tags: Vec<(&'static str, String)>,
}

impl TargetRole {
    /// The role's ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        self.region.iam_arn(&self.account, &format!("role/{}", self.role))
    }
}

/// Opens a deployer's ports `P` in a target account, by assuming its role there.
#[async_trait]
pub trait Targets<P>: Send + Sync {
    /// Assumes the role and opens the ports (`sts:AssumeRole`). Credentials are cached in the process, so that only the
    /// first call for a role and session reaches STS.
    ///
    /// # Errors
    /// [`CloudError`] from STS; `AccessDenied` if the role does not exist or does not trust the deployer: STS does not
    /// distinguish the two.
    async fn assume(&self, target: &TargetRole) -> Result<P, CloudError>;
}
