//! What the history of an execution tells a person: the states, what failed in them, and what was caught.

use super::StepFailure;
use crate::interpreter::{Event, EventType};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::Arc;

/// An execution as far as its history was told.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// When it began.
    pub(super) started_at: Option<DateTime<Utc>>,
    /// When its last event happened.
    pub(super) last_at: Option<DateTime<Utc>>,
    /// The states that were entered, in order.
    pub(super) states: Vec<String>,
    /// The failures that ended a state, in order. The first of them is the root cause: later ones may come of it, and
    /// `$.error` keeps only the last.
    pub(super) failures: Vec<StepFailure>,
    /// How many states had been entered when the first of them was.
    pub(super) states_before_failure: Option<usize>,
    /// The last attempt of the present state, if it failed.
    failed: Option<StepFailure>,
    /// How many attempts of the present state failed.
    attempts: u32,
}

/// What an event means.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    /// The execution began with this input.
    Began(Arc<Value>),
    /// A state was entered.
    Entered(String),
    /// A state was left with this output.
    Left(Arc<Value>),
    /// An attempt of a task failed.
    Failed(StepFailure),
}

impl Story {
    /// Takes the next event; gives what a person should be told of it.
    pub(super) fn tell(&mut self, event: &Event) -> Option<Turn> {
        self.last_at = Some(event.timestamp);
        let kind = event.event_type.name();
        if let Some(state) = event.details.name.as_ref().filter(|_| kind.ends_with("StateEntered")) {
            self.states.push(state.to_string());
            self.attempts = 0;
            return Some(Turn::Entered(state.to_string()));
        }
        if kind.ends_with("StateExited") {
            self.end_of_state();
            return event.details.output.clone().map(Turn::Left);
        }
        match event.event_type {
            EventType::ExecutionStarted => {
                self.started_at = Some(event.timestamp);
                event.details.input.clone().map(Turn::Began)
            }
            EventType::TaskSucceeded | EventType::LambdaFunctionSucceeded => {
                self.failed = None;
                None
            }
            EventType::TaskFailed
            | EventType::TaskTimedOut
            | EventType::LambdaFunctionFailed
            | EventType::LambdaFunctionTimedOut => Some(Turn::Failed(self.attempt_failed(event))),
            EventType::ExecutionFailed | EventType::ExecutionTimedOut | EventType::ExecutionAborted => {
                self.end_of_state();
                None
            }
            _ => None,
        }
    }

    fn attempt_failed(&mut self, event: &Event) -> StepFailure {
        self.attempts += 1;
        let failure = StepFailure {
            time: event.timestamp,
            state: self.states.last().cloned().unwrap_or_default(),
            error: event.details.error.as_deref().unwrap_or("States.TaskFailed").to_owned(),
            cause: message(event.details.cause.as_deref().unwrap_or_default()),
            attempt: self.attempts,
        };
        self.failed = Some(failure.clone());
        failure
    }

    fn end_of_state(&mut self) {
        if let Some(failure) = self.failed.take() {
            self.states_before_failure.get_or_insert(self.states.len());
            self.failures.push(failure);
        }
    }

    /// The states that were entered after the first failure: what cleaned up, and how it ended.
    pub(super) fn states_after_failure(&self) -> &[String] {
        self.states_before_failure.and_then(|count| self.states.get(count..)).unwrap_or_default()
    }
}

/// What a cause says. Lambda reports `{"errorType", "errorMessage"}` as text.
fn message(cause: &str) -> String {
    let report: Option<Value> = serde_json::from_str(cause).ok();
    let message = report.as_ref().and_then(|report| report.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}
