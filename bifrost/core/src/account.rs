//! The deployer account: the deployer's identity there, and the parts of it that clients and tasks use.

pub use crate::identity::{Identity, names};

use crate::audit::Audit;
use crate::cloud::{LockTable, Objects};
use crate::release::Defaults;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Clock and randomness: real in production, fixed in tests.
#[async_trait]
pub trait Env: Send + Sync {
    /// The time.
    fn now(&self) -> DateTime<Utc>;

    /// A random UUID that cannot be guessed.
    fn new_uuid(&self) -> Uuid;

    /// Waits inside a task, for seconds at most: a task has a timeout, and a state machine waits for longer at no cost. The local
    /// cloud waits in its own time.
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// The parts of the deployer account that clients and tasks use.
#[derive(Clone)]
pub struct DeployerAccount {
    /// The deployer's identity.
    pub identity: Arc<Identity>,
    /// Defaults of fields that a release leaves out.
    pub defaults: Arc<Defaults>,
    /// Objects of the account's buckets.
    pub objects: Arc<dyn Objects>,
    /// The table of root locks.
    pub locks: Arc<dyn LockTable>,
    /// The audit log.
    pub audit: Audit,
    /// Clock and randomness.
    pub env: Arc<dyn Env>,
    /// Arguments that a command needs to reach this cloud, such as ` --local`; empty on AWS. Messages that name a command
    /// append them.
    pub cloud_arguments: Arc<str>,
}

impl DeployerAccount {
    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.env.now()
    }
}
