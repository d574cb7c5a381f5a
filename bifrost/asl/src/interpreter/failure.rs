//! Errors of states, and why an execution stops.

use std::sync::Arc;

use super::recorder::RecorderError;

/// The reserved error names that the interpreter raises or handles.
pub(super) mod names {
    pub(in crate::interpreter) const ALL: &str = "States.ALL";
    pub(in crate::interpreter) const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
    pub(in crate::interpreter) const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str =
        "States.ExceedToleratedFailureThreshold";
    pub(in crate::interpreter) const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
    pub(in crate::interpreter) const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
    pub(in crate::interpreter) const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
    pub(in crate::interpreter) const RUNTIME: &str = "States.Runtime";
    pub(in crate::interpreter) const TASK_FAILED: &str = "States.TaskFailed";
    pub(in crate::interpreter) const TIMEOUT: &str = "States.Timeout";
}

/// An error that a state reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateError {
    pub(super) error: Option<Arc<str>>,
    pub(super) cause: Option<Arc<str>>,
    pub(super) kind: FailureKind,
}

/// How retriers and catchers match an error, in addition to its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The execution ends at once: neither a retrier nor a catcher matches.
    Fatal,
    /// Retriers and catchers match the name.
    Plain,
    /// The work sent no heartbeat in time: reported as `States.Timeout`, also matched by `States.HeartbeatTimeout`.
    Heartbeat,
}

impl StateError {
    pub(super) fn new(error: &str, cause: impl Into<Arc<str>>) -> Self {
        let kind = if error == names::RUNTIME { FailureKind::Fatal } else { FailureKind::Plain };
        Self { error: Some(error.into()), cause: Some(cause.into()), kind }
    }

    pub(super) fn is_fatal(&self) -> bool {
        self.kind == FailureKind::Fatal
    }

    /// Whether a name of an `ErrorEquals` matches this error.
    pub(super) fn matches_any(&self, error_equals: &[String]) -> bool {
        !self.is_fatal() && error_equals.iter().any(|name| self.is_named(name))
    }

    fn is_named(&self, name: &str) -> bool {
        let own = self.error.as_deref();
        match name {
            names::ALL => true,
            names::TASK_FAILED => own != Some(names::TIMEOUT),
            names::HEARTBEAT_TIMEOUT => self.kind == FailureKind::Heartbeat || own == Some(name),
            name => own == Some(name),
        }
    }

    pub(super) fn cause_text(&self) -> Option<Arc<str>> {
        self.cause.clone().filter(|cause| !cause.is_empty())
    }
}

/// Why a flow did not reach its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A state reported an error.
    Failed(StateError),
    /// The progress could not be saved.
    Recorder(RecorderError),
}

impl From<StateError> for Stop {
    fn from(failure: StateError) -> Self {
        Self::Failed(failure)
    }
}

impl From<RecorderError> for Stop {
    fn from(error: RecorderError) -> Self {
        Self::Recorder(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: &str, kind: FailureKind) -> StateError {
        StateError { error: Some(error.into()), cause: None, kind }
    }

    fn matches(failure: &StateError, name: &str) -> bool {
        failure.matches_any(&[name.to_owned()])
    }

    #[test]
    fn reserved_names_match_as_specified() {
        let task = failure("HealthError", FailureKind::Plain);
        assert!(["HealthError", names::TASK_FAILED, names::ALL].iter().all(|name| matches(&task, name)));
        assert!(!matches(&task, names::TIMEOUT) && !matches(&task, "Other"));

        let timeout = failure(names::TIMEOUT, FailureKind::Plain);
        assert!(matches(&timeout, names::TIMEOUT) && matches(&timeout, names::ALL));
        assert!(!matches(&timeout, names::TASK_FAILED) && !matches(&timeout, names::HEARTBEAT_TIMEOUT));

        let heartbeat = failure(names::TIMEOUT, FailureKind::Heartbeat);
        assert!(matches(&heartbeat, names::HEARTBEAT_TIMEOUT) && matches(&heartbeat, names::TIMEOUT));
    }

    #[test]
    fn runtime_error_is_never_caught() {
        let runtime = StateError::new(names::RUNTIME, "");
        assert!(!matches(&runtime, names::ALL) && !matches(&runtime, names::RUNTIME));
    }

    #[test]
    fn data_limit_error_is_caught_by_the_wildcard() {
        // The documentation says the opposite; recordings of AWS show it.
        assert!(matches(&StateError::new(names::DATA_LIMIT_EXCEEDED, ""), names::ALL));
    }
}
