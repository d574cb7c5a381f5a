//! The audit log: who deployed what, where, when, and with which outcome (contract §11).
//!
//! The framework writes it, with nothing for the author of a deployer to do. Each execution has a chain of *records*
//! ([`Record`]), written in write-once objects ([`Chain`]). *Entries* ([`LogEntry`]) commit to these chains in one Merkle log for
//! all deployers of an account and region ([`AuditLog`]), which `bifrost-audit` implements.
//!
//! A record has no secret: it has names, hashes, codes and ids, but no text of AWS, and no value of a release except the names that
//! identify it and the claims of its client.

mod acts;
mod chain;
mod change_log;
mod closing;
mod directory;
mod entry;
mod record;

pub use acts::{ActId, InvalidActId, PEOPLE, read_act};
pub(crate) use acts::{ActWritten, append_act, write_act};
pub use chain::{Chain, LookBack, MAX_OBJECT_BYTES, is_name_used_again, read_lines};
pub use change_log::{ChangeLog, FailedCall, PendingChange};
pub use closing::{FailStates, LATE_ATTEMPT, close_execution};
pub use directory::{execution_key, release_key};
pub use entry::{EntryKind, LogEntry};
pub use record::{
    AttemptOutcome, CallOutcome, Claims, DeployerVersion, Draft, Event, Outcome, Record, SCHEMA, Subject,
    TouchedResource, safe_text,
};

use crate::cloud::{AuditStore, CloudError, ErrorKind};
use crate::release::Sha256;
use async_trait::async_trait;
use std::sync::{Arc, OnceLock};

/// What happens to a deploy when the audit log cannot be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditMode {
    /// Nothing new is begun: the release is refused. A deploy that has changed something goes on, and so does its clean-up.
    #[default]
    Required,
    /// The deploy goes on.
    BestEffort,
    /// There is no audit log.
    Off,
}

impl AuditMode {
    /// All modes, the strictest first.
    pub const ALL: [Self; 3] = [Self::Required, Self::BestEffort, Self::Off];

    /// Its name in settings, such as `best-effort`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::BestEffort => "best-effort",
            Self::Off => "off",
        }
    }

    /// The mode with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
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

    /// Publishes entries that have their place in the log, but whose writer could not publish them. By default there is nothing to
    /// do: an implementation that publishes apart from [`append`](Self::append) overrides it.
    ///
    /// # Errors
    /// [`CloudError`] if some are not published.
    async fn publish(&self) -> Result<(), CloudError> {
        Ok(())
    }
}

/// An entry that has its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its index.
    pub index: u64,
    /// Why it is not published yet, if it is not.
    pub unpublished: Option<CloudError>,
}

static VERSION: OnceLock<&'static str> = OnceLock::new();

/// Sets the version of the program, once: `bifrost::main!` does, with the version of the author's package.
pub fn set_version(version: &'static str) {
    // A process has one `main`.
    let _ = VERSION.set(version);
}

/// The version of the program; `None` in a test.
#[must_use]
pub fn version() -> Option<&'static str> {
    VERSION.get().copied()
}

/// The error of an audit log whose parts do not fit each other. `resource` is the object or item that is wrong.
#[must_use]
pub fn damaged_log(operation: &'static str, resource: &str, problem: &str) -> CloudError {
    CloudError {
        operation,
        resource: safe_text(resource),
        kind: ErrorKind::Invalid,
        code: "AuditLogDamaged".into(),
        message: format!("{}; find out what happened with `bifrost audit verify`", safe_text(problem)),
        request_id: None,
    }
}
