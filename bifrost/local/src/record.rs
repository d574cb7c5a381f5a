//! What passed the gate: each call with its outcome, for counts and for the invariants that tests check.

use super::World;
use bifrost_core::cloud::Call;

/// Whether a call had its effect, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It did what it was asked.
    Done,
    /// It had its effect, yet its caller was told of an error, or died.
    DoneUnseen,
    /// It had no effect, with this AWS error code.
    Refused(String),
}

/// A call that passed the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call: Call,
    /// What became of it.
    pub effect: Effect,
}

/// Sees each call with the world before and after it. Tests put one into a [`Store`](super::Store) to check what
/// must hold at every step.
pub type CallWatcher<R> = Box<dyn Fn(&CallRecord, &World<R>, &World<R>) + Send>;
