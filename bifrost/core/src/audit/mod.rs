//! The audit log: who deployed what, where, when, and with which outcome (contract §11).
//!
//! The framework writes it, with nothing for the author of a deployer to do. Each execution has a chain of *records*
//! ([`Record`]), written in write-once objects ([`Chain`]). *Entries* ([`LogEntry`]) commit to these chains in one Merkle log for
//! all deployers of an account and region ([`AuditLog`]), which `bifrost-audit` implements.
//!
//! A record has no secret: it has names, hashes, codes and ids, but no text of AWS, and no value of a release except the names that
//! identify it and the claims of its client.

mod chain;
mod change_log;
mod closing;
mod entry;
mod record;
mod version;

pub use chain::{Chain, MAX_OBJECT_BYTES, execution_key, read_lines};
pub use change_log::{ChangeLog, FailedCall};
pub use closing::{FailStates, close_execution};
pub use entry::{EntryKind, LogEntry};
pub use record::{
    AttemptOutcome, CallOutcome, Claims, DeployerVersion, Draft, Event, Outcome, Record, SCHEMA, Subject, TouchedResource,
    safe_text,
};
pub use version::{set_version, version};

use crate::cloud::{AuditStore, CloudError};
use crate::release::Sha256;
use async_trait::async_trait;
use std::sync::Arc;

/// What happens to a deploy when the audit log cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditMode {
    /// Nothing new is begun: the release is refused. A deploy that has changed something goes on, and so does its clean-up.
    Required,
    /// The deploy goes on.
    BestEffort,
    /// There is no audit log.
    Off,
}

/// The audit log of a deployer, as its tasks and its client use it.
#[derive(Clone)]
pub struct Audit {
    /// What happens when the log cannot be written.
    pub mode: AuditMode,
    /// The deployer that writes.
    pub deployer: DeployerVersion,
    /// The operations that the deployer's ports may use to change a target account, such as
    /// `autoscaling:CreateAutoScalingGroup`.
    pub operations: Arc<[&'static str]>,
    /// The SHA-256 of the definition of the deployer's state machine, as JSON without white space.
    pub definition_sha256: Option<Sha256>,
    /// Where the log is. `None` if the mode is [`Off`](AuditMode::Off).
    pub ports: Option<AuditPorts>,
}

/// Where the audit log is.
#[derive(Clone)]
pub struct AuditPorts {
    /// Bucket and table.
    pub store: Arc<dyn AuditStore>,
    /// The Merkle log in them.
    pub log: Arc<dyn AuditLog>,
}

impl Audit {
    /// No audit log, for a deployer that was set up without one.
    #[must_use]
    pub fn off(deployer: DeployerVersion) -> Self {
        Self { mode: AuditMode::Off, deployer, operations: Arc::default(), definition_sha256: None, ports: None }
    }
}

/// The Merkle log of entries.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an entry, and publishes it with a new checkpoint. An entry that the log has already is not added again. Once the entry
    /// has its place in the log, an error while publishing is not an error of this call: the next writer publishes it.
    ///
    /// # Errors
    /// [`CloudError`] if it is not known whether the log has the entry.
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError>;
}

/// An entry that has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its index.
    pub index: u64,
    /// Why it is not published yet, if it is not.
    pub unpublished: Option<CloudError>,
}
