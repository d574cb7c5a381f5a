//! Reads the history of an execution: the states, the attempts that failed in them, and the failures that ended a state.

use super::{Client, StepFailure};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionSummary, HistoryEvent};
use bifrost_core::release::Release;
use bifrost_core::task::FunctionError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

/// What is known of an execution after a part of its history.
#[derive(Debug, Default)]
pub(super) struct HistoryReader {
    pub(super) started_at: Option<DateTime<Utc>>,
    /// When the last event happened.
    pub(super) last_at: Option<DateTime<Utc>>,
    /// The states that were entered, in order.
    pub(super) states: Vec<String>,
    /// The failures that ended a state, in order. The first is the root cause. The others may result from it, and
    /// `$.error` keeps only the last.
    pub(super) failures: Vec<StepFailure>,
    /// How many states had been entered when the first failure ended a state.
    pub(super) states_before_failure: Option<usize>,
    /// All attempts that failed in the states that failed, in order.
    pub(super) failed_attempts: Vec<StepFailure>,
    /// The attempts of the current state that failed, unless a later one succeeded.
    current: Vec<StepFailure>,
    /// How many attempts of the current state failed.
    attempts: u32,
}

/// What an event means for a follower.
#[derive(Debug, PartialEq)]
pub(super) enum Transition {
    /// The execution started with this input.
    Started(Arc<Value>),
    /// A state was entered.
    Entered(String),
    /// A state ended with this output.
    Exited(Arc<Value>),
    /// An attempt of a task failed.
    Failed(StepFailure),
}

impl HistoryReader {
    /// Takes the next event.
    pub(super) fn read(&mut self, event: &HistoryEvent) -> Option<Transition> {
        self.last_at = Some(event.timestamp);
        if let Some(state) = event.details.name.as_ref().filter(|_| event.enters_state()) {
            self.states.push(state.clone());
            self.attempts = 0;
            return Some(Transition::Entered(state.clone()));
        }
        if event.leaves_state() {
            self.end_of_state();
            return event.details.output.clone().map(Transition::Exited);
        }
        match event.event_type.as_str() {
            "ExecutionStarted" => {
                self.started_at = Some(event.timestamp);
                event.details.input.clone().map(Transition::Started)
            }
            "TaskSucceeded" | "LambdaFunctionSucceeded" => {
                self.current.clear();
                None
            }
            "TaskFailed" | "TaskTimedOut" | "LambdaFunctionFailed" | "LambdaFunctionTimedOut" => {
                Some(Transition::Failed(self.attempt_failed(event)))
            }
            "ExecutionFailed" | "ExecutionTimedOut" | "ExecutionAborted" => {
                self.end_of_state();
                None
            }
            _ => None,
        }
    }

    fn attempt_failed(&mut self, event: &HistoryEvent) -> StepFailure {
        self.attempts += 1;
        let (code, cause) = FunctionError::split_cause(event.details.cause.as_deref().unwrap_or_default());
        // Only the function writes a code, so only it can say that it waited.
        let waited_for = code.as_ref().and_then(|_| FunctionError::waited_for(&cause)).map(ToOwned::to_owned);
        let failure = StepFailure {
            time: event.timestamp,
            state: self.states.last().cloned().unwrap_or_default(),
            error: event.details.error.as_deref().unwrap_or("States.TaskFailed").to_owned(),
            code,
            attempt: self.attempts,
            is_waiting: waited_for.is_some(),
            cause: waited_for.unwrap_or(cause),
        };
        self.current.push(failure.clone());
        failure
    }

    fn end_of_state(&mut self) {
        if let Some(failure) = self.current.last().cloned() {
            self.states_before_failure.get_or_insert(self.states.len());
            self.failures.push(failure);
            self.failed_attempts.append(&mut self.current);
        }
    }

    /// The states that were entered after the first failure: those that cleaned up, and the end state.
    pub(super) fn states_after_failure(&self) -> &[String] {
        self.states_before_failure.and_then(|count| self.states.get(count..)).unwrap_or_default()
    }
}

impl<D: ClientDeployer> Client<D> {
    /// Reads the history of an execution, and its release from the output of the last state that ended.
    pub(super) async fn reader(
        &self,
        execution: &ExecutionSummary,
    ) -> Result<(HistoryReader, Option<Release<D::Fields>>), CloudError> {
        let (mut reader, mut outputs) = (HistoryReader::default(), Vec::new());
        for event in &self.executions.history(&execution.name, 0).await? {
            if let Some(Transition::Exited(output)) = reader.read(event) {
                outputs.push(output);
            }
        }
        let release = outputs.iter().rev().find_map(|output| Release::read_state(output, &self.account.defaults).ok());
        Ok((reader, release))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use bifrost_core::cloud::HistoryDetails;
    use serde_json::json;

    pub(in crate::client) fn event(second: i64, event_type: &str, details: HistoryDetails) -> HistoryEvent {
        let timestamp = DateTime::from_timestamp(second, 0).unwrap();
        let (event_type, other_details) = (event_type.to_owned(), serde_json::Map::new());
        HistoryEvent { id: 1, previous_event_id: 0, timestamp, event_type, details, other_details }
    }

    pub(in crate::client) fn entered(second: i64, state: &str) -> HistoryEvent {
        let details = HistoryDetails { name: Some(state.into()), ..HistoryDetails::default() };
        event(second, "TaskStateEntered", details)
    }

    pub(in crate::client) fn exited(second: i64, output: Value) -> HistoryEvent {
        let details = HistoryDetails { output: Some(output.into()), ..HistoryDetails::default() };
        event(second, "TaskStateExited", details)
    }

    pub(in crate::client) fn failed(second: i64, error: &str, cause: &str) -> HistoryEvent {
        let details =
            HistoryDetails { error: Some(error.into()), cause: Some(cause.into()), ..HistoryDetails::default() };
        event(second, "LambdaFunctionFailed", details)
    }

    pub(in crate::client) fn read(events: &[HistoryEvent]) -> HistoryReader {
        let mut reader = HistoryReader::default();
        for event in events {
            reader.read(event);
        }
        reader
    }

    #[test]
    fn successful_retry_leaves_no_failure() {
        let mut reader = read(&[entered(0, "Lock")]);
        let transition = reader.read(&failed(
            1,
            "LockError",
            r#"{"errorType":"LockError","errorMessage":"[aws/throttled] no answer"}"#,
        ));
        let Some(Transition::Failed(failure)) = transition else { panic!("no failure: {transition:?}") };
        assert_eq!((failure.state.as_str(), failure.cause.as_str(), failure.attempt), ("Lock", "no answer", 1));
        assert_eq!(failure.code.as_deref(), Some("aws/throttled"));
        reader.read(&event(2, "LambdaFunctionSucceeded", HistoryDetails::default()));
        assert_eq!(reader.read(&exited(2, json!(1))), Some(Transition::Exited(json!(1).into())));
        assert_eq!(reader.failures, []);
    }

    #[test]
    fn attempt_that_only_waited_is_marked() {
        let mut reader = read(&[entered(0, "Detach")]);
        for (message, is_waiting, cause) in [
            ("[odin/draining] waiting: web drains", true, "web drains"),
            ("[odin/below-capacity] 1 of 3", false, "1 of 3"),
            ("waiting: for nobody", false, "waiting: for nobody"),
        ] {
            let transition = reader.read(&failed(1, "DetachError", &json!({ "errorMessage": message }).to_string()));
            let Some(Transition::Failed(failure)) = transition else { panic!("no failure: {transition:?}") };
            assert_eq!((failure.is_waiting, failure.cause.as_str()), (is_waiting, cause));
        }
    }

    #[test]
    fn last_attempt_before_a_catch_is_a_failure() {
        let reader = read(&[
            entered(0, "Deploy"),
            failed(1, "DeployError", "no capacity"),
            failed(2, "DeployError", "still no capacity"),
            exited(2, json!({})),
            entered(2, "CleanUp"),
            failed(3, "CleanUpError", "denied"),
            exited(3, json!({})),
            entered(3, "FailureDirty"),
        ]);
        let failures: Vec<_> =
            reader.failures.iter().map(|it| (it.state.as_str(), it.cause.as_str(), it.attempt)).collect();
        assert_eq!(failures, [("Deploy", "still no capacity", 2), ("CleanUp", "denied", 1)]);
        let attempts: Vec<_> = reader.failed_attempts.iter().map(|it| it.cause.as_str()).collect();
        assert_eq!(attempts, ["no capacity", "still no capacity", "denied"]);
        assert_eq!(reader.states_after_failure(), ["CleanUp", "FailureDirty"]);
    }

    #[test]
    fn uncaught_failure_is_kept() {
        let end = event(2, "ExecutionFailed", HistoryDetails::default());
        let reader = read(&[entered(0, "Deploy"), failed(1, "DeployError", "no"), end]);
        assert_eq!(reader.failures.len(), 1);
        assert!(reader.states_after_failure().is_empty());
    }
}
