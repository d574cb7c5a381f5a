//! The way into a target account: one role, assumed.

use super::CloudError;
use crate::release::{AccountId, Region};
use async_trait::async_trait;

/// The keys of session tags: which deploy it is, as resources are tagged.
pub const SESSION_TAGS: [&str; 3] = ["ProjectName", "ConfigName", "ReleaseID"];

/// A role to assume, and what its session says of itself in the target account's own trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetRole {
    /// The target account.
    pub account: AccountId,
    /// The region that the ports are opened in.
    pub region: Region,
    /// The role's name.
    pub role: String,
    /// The session's name, 2 to 64 characters.
    pub session: String,
    /// Session tags by their [keys](SESSION_TAGS), for those whose trust policy allows them.
    pub tags: Vec<(&'static str, String)>,
}

impl TargetRole {
    /// The role's ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        self.region.iam_arn(&self.account, &format!("role/{}", self.role))
    }
}

/// Opens a deployer's own ports `P` in a target account, by assuming its role there.
#[async_trait]
pub trait Targets<P>: Send + Sync {
    /// Assumes the role and opens the ports (`sts:AssumeRole`). Credentials are kept for the process, so that only the
    /// first call for a role and session reaches STS.
    ///
    /// # Errors
    /// `AccessDenied` if the role does not exist or does not trust the deployer: STS does not tell which.
    async fn assume(&self, target: &TargetRole) -> Result<P, CloudError>;
}
