//! What a handler is given: its attempt, time, the deployer account's stores, and the way into the target account.

use super::RawInput;
use crate::account::DeployerAccount;
use crate::cloud::{Attempt, CloudError, SESSION_TAGS, TargetRole, Targets};
use crate::release::Envelope;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What one attempt of one task may use. `P` are the deployer's own ports.
pub struct Context<P> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// Which attempt of which task this is.
    pub attempt: Attempt,
    /// The state's input as it came, before defaults: what replay protection compares.
    pub sent: RawInput,
    /// The way into target accounts, by [`Context::target`] alone.
    targets: Arc<dyn Targets<P>>,
}

impl<P> Context<P> {
    /// What an attempt may use; `targets` assumes the role in a target account.
    #[must_use]
    pub fn new(account: DeployerAccount, attempt: Attempt, sent: RawInput, targets: Arc<dyn Targets<P>>) -> Self {
        Self { account, attempt, sent, targets }
    }

    /// The deployer's ports in the release's account and region, under the one role there.
    ///
    /// # Errors
    /// If the role does not exist or may not be assumed: the message says which role in which account.
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

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.account.now()
    }
}
