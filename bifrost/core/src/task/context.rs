//! The context of a handler: its attempt, the time, the deployer account, and access to the target account.

use super::RawInput;
use crate::account::DeployerAccount;
use crate::cloud::{Attempt, CloudError, SESSION_TAGS, TargetRole, Targets};
use crate::release::Envelope;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The context of one attempt of one task. `P` are the deployer's ports.
pub struct Context<P> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The attempt and the task.
    pub attempt: Attempt,
    /// The state's input as it was sent, before defaults are filled in, for replay protection.
    pub sent: RawInput,
    targets: Arc<dyn Targets<P>>,
}

impl<P> Context<P> {
    /// The context of an attempt. `targets` assumes the role in a target account.
    #[must_use]
    pub fn new(account: DeployerAccount, attempt: Attempt, sent: RawInput, targets: Arc<dyn Targets<P>>) -> Self {
        Self { account, attempt, sent, targets }
    }

    /// Assumes the deployer's role in the release's account, and opens its ports in the release's region.
    ///
    /// # Errors
    /// [`CloudError`] if the role does not exist or may not be assumed. The message names role and account.
    pub async fn target(&self, envelope: &Envelope) -> Result<P, CloudError> {
        let target = TargetRole {
            account: envelope.aws_account_id.clone(),
            region: envelope.aws_region.clone(),
            role: self.account.identity.assumed_role(),
            // STS rejects session names over 64 characters.
            session: envelope.release_id.as_str().chars().take(64).collect(),
            tags: SESSION_TAGS
                .into_iter()
                .zip([
                    envelope.project_name.to_string(),
                    envelope.config_name.to_string(),
                    envelope.release_id.to_string(),
                ])
                .collect(),
        };
        self.targets.assume(&target).await
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.account.now()
    }
}
