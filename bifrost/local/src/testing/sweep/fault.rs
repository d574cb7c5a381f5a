//! The faults of a sweep, and the calls into which they are injected.

use crate::testing::is_audit_call;
use crate::{CallRecord, Fault, FaultKind};
use bifrost_core::cloud::{Principal, is_read};
use std::fmt;

/// What happens at one call of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SweepFault {
    /// The call fails once, with `InternalFailure`, and has no effect.
    Error,
    /// AWS throttles the call once.
    Throttled,
    /// A permission is missing: this call fails, and so does each later call of the same task to the same resource.
    AccessDenied,
    /// The task crashes before the call takes effect.
    Crash,
    /// The handler panics at the call.
    Panic,
    /// The call takes effect, but fails with `InternalFailure`.
    ErrorAfter,
    /// The same, each time that the task makes the call.
    ErrorAfterAlways,
    /// The call deletes something, and fails with `NotFound`: the SDK sent it again because the first answer was lost.
    NotFound,
    /// The call creates something, and fails with `AlreadyExists`: the SDK sent it again because the first answer was
    /// lost.
    AlreadyExists,
    /// The task crashes after the call took effect.
    CrashAfter,
    /// The attempt hangs until its task has timed out, and then goes on beside the next attempt.
    Zombie,
    /// An operator halts the deploy during the call.
    Halt,
    /// An operator stops the execution during the call, and redrives it.
    Stop,
}

/// What the name of an operation begins with that deletes something.
const DELETING: [&str; 9] =
    ["Delete", "Remove", "Terminate", "Deregister", "Detach", "Disassociate", "Revoke", "Cancel", "Release"];

/// What the name of an operation begins with that creates something.
const CREATING: [&str; 5] = ["Create", "Allocate", "Register", "Add", "Import"];

impl SweepFault {
    /// All faults. Those that leave the most behind are last.
    pub const ALL: [Self; 13] = [
        Self::Error,
        Self::Throttled,
        Self::AccessDenied,
        Self::Crash,
        Self::Panic,
        Self::Zombie,
        Self::Halt,
        Self::Stop,
        Self::NotFound,
        Self::AlreadyExists,
        Self::CrashAfter,
        Self::ErrorAfterAlways,
        Self::ErrorAfter,
    ];

    /// Its name in the names of cases.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Throttled => "throttled",
            Self::AccessDenied => "access denied",
            Self::Crash => "crash",
            Self::Panic => "panic",
            Self::ErrorAfter => "error after the effect",
            Self::ErrorAfterAlways => "error after the effect, always",
            Self::NotFound => "not found after the effect",
            Self::AlreadyExists => "already exists after the effect",
            Self::CrashAfter => "crash after the effect",
            Self::Zombie => "zombie",
            Self::Halt => "halt",
            Self::Stop => "stop",
        }
    }

    /// Whether the fault happens at most once, so that a retry succeeds.
    #[must_use]
    pub fn is_single(self) -> bool {
        !matches!(self, Self::AccessDenied | Self::ErrorAfterAlways)
    }

    /// Whether an operator acts during the call, instead of the call failing.
    pub(super) fn is_by_operator(self) -> bool {
        matches!(self, Self::Halt | Self::Stop)
    }

    /// Whether another fault can follow: one that neither waits nor needs an operator.
    pub(super) fn may_be_followed(self) -> bool {
        !self.is_by_operator() && self != Self::Zombie
    }

    /// Whether this can happen to that call.
    pub(super) fn applies_to(self, record: &CallRecord) -> bool {
        let operation = record.call.name.operation;
        let is_of_target = matches!(record.call.principal, Principal::AssumedRole(_));
        let action = operation.split_once(':').map_or(operation, |(_, action)| action);
        match self {
            // Whether a read that failed had an effect, nobody can tell.
            Self::ErrorAfter | Self::ErrorAfterAlways | Self::CrashAfter | Self::Panic => !is_read(operation),
            Self::NotFound => is_of_target && DELETING.iter().any(|verb| action.starts_with(verb)),
            Self::AlreadyExists => is_of_target && CREATING.iter().any(|verb| action.starts_with(verb)),
            _ => true,
        }
    }

    /// The fault at the call of that index among the calls of the tasks of a run.
    pub(super) fn at(self, calls: &[CallRecord], index: usize, task_timeout_seconds: u32) -> Option<Fault> {
        let name = &calls.get(index)?.call.name;
        let fault = Fault {
            operation: name.operation.to_owned(),
            resource: Some(name.resource.clone()),
            state: Some(name.attempt.state.clone()),
            skip: 0,
            times: self.is_single().then_some(1),
            kind: self.kind(task_timeout_seconds),
        };
        let earlier = calls.iter().take(index).filter(|record| fault.matches(&record.call)).count();
        Some(Fault { skip: u32::try_from(earlier).ok()?, ..fault })
    }

    fn kind(self, task_timeout_seconds: u32) -> FaultKind {
        let failure = || "InternalFailure".into();
        match self {
            Self::Error => FaultKind::Error(failure()),
            Self::Throttled => FaultKind::Throttle,
            Self::AccessDenied => FaultKind::Error("AccessDenied".into()),
            Self::Crash => FaultKind::Die,
            Self::Panic => FaultKind::Panic,
            Self::ErrorAfter | Self::ErrorAfterAlways => FaultKind::ErrorAfter(failure()),
            Self::NotFound => FaultKind::ErrorAfter("NotFound".into()),
            Self::AlreadyExists => FaultKind::ErrorAfter("AlreadyExists".into()),
            Self::CrashAfter => FaultKind::DieAfter,
            Self::Zombie => FaultKind::ZombieSeconds(task_timeout_seconds.saturating_mul(3)),
            // The operator acts while the call takes this long.
            Self::Halt | Self::Stop => FaultKind::DelaySeconds(1),
        }
    }
}

impl fmt::Display for SweepFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a sweep injects faults into a call if it does not sweep the whole audit log. What the framework does when
/// the log fails is the same for every deployer: it is enough to lose records and entries.
pub(super) fn is_swept(record: &CallRecord) -> bool {
    let name = &record.call.name;
    let is_record = name.operation == "s3:PutObject" && name.resource.starts_with("records/");
    !is_audit_call(record) || is_record || name.operation == "dynamodb:TransactWriteItems"
}
