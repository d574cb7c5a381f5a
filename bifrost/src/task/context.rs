//! What a handler is given: its attempt, time, the deployer account's stores, and the way into the target account.

use super::Sent;
use crate::cloud::{Attempt, CloudError, LockTable, Objects, SESSION_TAGS, TargetRole, Targets};
use crate::deployer::Identity;
use crate::release::{Defaults, Envelope};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Time and chance, which a test decides and production does not.
pub trait Surroundings: Send + Sync {
    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// A uuid that nobody can guess.
    fn new_uuid(&self) -> Uuid;
}

/// What one attempt of one task may use. `P` are the deployer's own ports.
pub struct Context<P> {
    /// Who the deployer is.
    pub identity: Arc<Identity>,
    /// What a release leaves out.
    pub defaults: Arc<Defaults>,
    /// Which attempt of which task this is.
    pub attempt: Attempt,
    /// The state's input as it came, before defaults: what replay protection compares.
    pub sent: Sent,
    /// Time and chance.
    pub surroundings: Arc<dyn Surroundings>,
    /// Objects of the deployer account's buckets.
    pub objects: Arc<dyn Objects>,
    /// The table of root locks.
    pub locks: Arc<dyn LockTable>,
    /// The way into target accounts; handlers use [`Context::target`].
    pub targets: Arc<dyn Targets<P>>,
}

impl<P> Context<P> {
    /// The deployer's ports in the release's account and region, under the one role there.
    ///
    /// # Errors
    /// If the role does not exist or may not be assumed: the message says which role in which account.
    pub async fn target(&self, envelope: &Envelope) -> Result<P, CloudError> {
        let target = TargetRole {
            account: envelope.aws_account_id.clone(),
            region: envelope.aws_region.clone(),
            role: self.identity.assumed_role(),
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
        self.surroundings.now()
    }
}
