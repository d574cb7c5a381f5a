//! Acts of people: what they do to a deployer besides deploying, and its record in the audit log (contract §11).
//!
//! A person freezes a config or lifts the freeze, halts a deploy, stops it and clears its lock, or reviews the act of another
//! person. [`perform`] checks the request, records the act, performs it, and records how it ended. On AWS the function
//! `<deployer>-audit` does so, after STS has confirmed who asks ([`Acts`]); in a local cloud the client does.
//!
//! | act | record before it | if the log cannot be written | break-glass |
//! | --- | --- | --- | --- |
//! | `freeze`, `unfreeze` | yes | refused | no: everybody sees a freeze, and deploys stay possible |
//! | `halt` | at the same time: a log that does not answer must not delay the stop | goes on: it only stops a deploy, which then cleans up | no |
//! | `forced-unlock` | yes | refused | yes: it stops a deploy where it is, without clean-up |
//! | `unlock` | yes | refused | if the deploy may still run: its execution is running or unknown, or its last task may still run: it was stopped, timed out or lost an invocation, and since then less time has passed than a task may take |
//! | `review` | the record is the act | refused | no |
//!
//! In mode `best-effort` an act, except a review, is refused only if its object cannot be written. The object makes sure that a signed
//! request is used once. Its entry in the log may be missing: `reconcile` appends it.
//!
//! A *break-glass* act goes around a protection, so another person must review it. Every act but a review gets a second record, with
//! its result. An act without a result was begun, but it is not known whether it was done: for example, the function crashed.
//!
//! [`reconcile`] completes the log: it appends what writers could not, and closes executions that ended without recording it.

mod caller;
mod effect;
mod error;
mod event;
mod examine;
mod perform;
mod reconcile;
mod request;
mod review;

pub use caller::{Caller, IdentityError, Person};
pub use effect::{ClearedLock, Effect, lock_object};
pub use error::{ActError, AlreadyFrozen, FunctionRefusal, WireError};
pub use event::{ActProof, Answer, AuditEvent, EventError, SignedAct};
pub use examine::may_be_active;
pub use perform::{ActOutcome, perform};
pub use reconcile::{ClosedExecution, DEFAULT_WINDOW, FailedItem, Reconciled, close, reconcile};
pub use request::{Act, ActRequest, ActTarget, HeldLock};
pub use review::review;

use crate::cloud::Executions;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};

/// The state machine of a deployer, as acts of people need it.
#[derive(Clone, Copy)]
pub struct MachineAccess<'a> {
    /// Its executions.
    pub executions: &'a dyn Executions,
    /// How long a task may take ([`task_limit`](crate::deployer::task_limit)): so long an invocation may go on after its execution has ended.
    pub task_limit: TimeDelta,
}

/// The function that performs and records acts of people: `<deployer>-audit`.
#[async_trait]
pub trait Acts: Send + Sync {
    /// Performs an act, and records it. The function learns from STS who asks.
    ///
    /// # Errors
    /// [`ActError::NoFunction`] if the deployer has no such function; otherwise why the act was refused or failed.
    async fn perform(&self, request: &ActRequest) -> Result<ActOutcome, ActError>;

    /// Completes the log for executions that started at `since` or later.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    async fn reconcile(&self, since: DateTime<Utc>) -> Result<Reconciled, ActError>;
}
