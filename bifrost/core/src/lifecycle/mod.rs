//! The life cycle of a deploy: validated, locked, fenced, halted, finished. The framework owns it, so that no author of a
//! deployer can forget a part of it.
//!
//! Every task of a chart has a role in the life cycle, which the chart states with a mark:
//!
//! | mark | role |
//! | --- | --- |
//! | `validates` | [`validate`] refuses a release that is replayed or changed, or breaks a rule of the deployer |
//! | `locks` | [`lock`] takes the release lock, checks the freeze, and takes the root lock |
//! | none | fenced: changes nothing unless the root lock is this execution's |
//! | `cleans up` | continues without the lock, but changes only resources of this release |
//! | `unlocks` | [`Finish`] says how the deploy ended: the framework removes the halt flag and gives the lock back |
//!
//! A task marked `looks for halt` stops when an operator halts the deploy, or when its timeout has passed.
//!
//! # Fencing
//! An execution can lose its lock while it runs: it was stopped, an operator cleared the lock, the next release was deployed,
//! and then the execution was started again in the middle, or an invocation that everybody had given up continues. So every
//! attempt of every fenced task reads the root lock, beside its first calls, and changes nothing before the lock is proved to be
//! its own. A port's method that changes something takes a [`Proof`], which comes from [`Context::lock_proof`], or, in a
//! task that cleans up, from its [`Ownership`].

mod attempt;
mod conclusion;
mod context;
mod fence;
mod finish;
mod freeze;
mod go_lock;
mod halt;
mod lock;
mod proof;
mod recording;
mod target_objects;
mod task_failure;
mod validate;

pub use attempt::Ends;
pub(crate) use attempt::{Role, attempt, begin};
pub(crate) use conclusion::{record, unrecorded};
pub use context::Context;
pub use fence::LockLost;
pub(crate) use finish::EndDiffers;
pub use finish::{Finish, HandlerOutput, fail, succeed};
pub use freeze::{Freeze, FreezeError, current_freeze};
pub use halt::{Halt, HaltCheckError, MAX_CLOCK_AHEAD, MAX_HALT_AGE, request_halt};
pub use lock::{LockConflict, LockFailure, LockUnknown, Locked, describe_lock, lock};
pub use proof::{Ownership, Proof};
pub(crate) use recording::AuditUnavailable;
pub use target_objects::TargetObjects;
#[doc(hidden)]
pub use task_failure::{Standard, standard_sources};
pub use task_failure::{TaskFailure, UnexpectedJson};
pub use validate::{BadRelease, OlderThanDeployed, ValidateFailure, Validated, check, read_file, validate};
