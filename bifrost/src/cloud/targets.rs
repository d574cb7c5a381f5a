//! The way into a target account: one role, assumed.

use super::CloudError;
use crate::release::{AccountId, Region};
use async_trait::async_trait;

/// Opens a deployer's own ports `P` in a target account, by assuming its role there.
#[async_trait]
pub trait Targets<P>: Send + Sync {
    /// Assumes `role` in `account` for a session of that name and opens the ports in `region` (`sts:AssumeRole`).
    /// Credentials are kept for the process, so that only the first call of an account and role reaches STS.
    ///
    /// # Errors
    /// `AccessDenied` if the role does not exist or does not trust the deployer: STS does not tell which.
    async fn assume(&self, account: &AccountId, region: &Region, role: &str, session: &str) -> Result<P, CloudError>;
}
