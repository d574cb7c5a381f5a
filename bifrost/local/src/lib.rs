//! The embedded world: AWS as far as a deployer touches it, on a laptop.
//!
//! A [`LocalState`] is one value: accounts that see nothing of each other, roles to assume, buckets, lock tables, a
//! deployer's own resources ([`Resources`]), a clock, and the faults that a scenario asks for. It is kept in memory or
//! in one SQLite file ([`Store`]), a transaction a call. Clients and engine are apart, as with Step Functions: clients
//! file executions and read the world; one process at a time holds the engine's lease, runs the executions and moves
//! the clock ([`Engine`]).

mod adapters;
mod changes;
mod cloud;
mod engine;
mod error;
mod fault;
mod run;
mod session;
mod sqlite;
mod state;
mod store;
pub mod testing;

pub use changes::Changes;
pub use cloud::{LocalCloud, LocalDeployer};
pub use engine::{Engine, Lease, Pace};
pub use error::{EngineError, ServiceError, StoreError};
pub use fault::{Fault, FaultKind};
pub use session::{LocalSession, RegionState};
pub use state::{Account, Bucket, LocalState, Resources, Role, SeedError, StoredObject, later, read_seed};
pub use store::{CallRecord, CallWatcher, Effect, Store};
