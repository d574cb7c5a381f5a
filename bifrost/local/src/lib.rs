//! The local cloud: an emulation of those parts of AWS that a deployer uses, on one machine.
//!
//! A [`LocalState`] is one value: isolated accounts, roles, buckets, lock tables, a deployer's own resources
//! ([`Resources`]), a clock, and the faults of a scenario. A [`Store`] keeps it in memory or in one SQLite file, and
//! runs each call as one transaction. Clients and engine are separate, as with Step Functions: clients start executions
//! and read the state; the one process that holds the [`Lease`] runs the executions and moves the clock ([`Engine`]).

mod adapters;
mod attempt;
mod audit;
mod changes;
mod cloud;
mod engine;
mod error;
mod fault;
mod injected_error;
mod lock_table;
mod locks;
mod objects;
mod region_state;
mod run;
mod session;
mod sqlite;
mod state;
mod store;
pub mod testing;

pub use audit::LocalAudit;
pub use changes::Changes;
pub use cloud::{LocalCloud, LocalDeployer};
pub use engine::{Engine, Lease, Pace};
pub use error::{EngineError, ServiceError, StoreError, shortened};
pub use fault::{Fault, FaultKind, Lost};
pub use injected_error::InjectedError;
pub use lock_table::LockItems;
pub use region_state::{ByRegion, RegionState, Regional};
pub use session::LocalSession;
pub use sqlite::{AuditFile, audit_logs, open_audit};
pub use state::{Account, Bucket, LocalState, Resources, Role, SeedError, Shared, StoredObject, later, read_seed};
pub use store::{CallRecord, CallWatcher, Effect, Store};

use bifrost_core::error_code::{Coded, ErrorCode};

/// All error codes of this crate.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[StoreError::CODES, EngineError::CODES, SeedError::CODES];
