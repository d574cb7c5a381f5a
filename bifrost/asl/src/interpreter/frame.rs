//! The state of one branch of an execution.

use std::rc::Rc;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::context::ContextObject;
use super::failure::{StateError, names};
use super::position::Position;
use crate::model::ContextUse;
use crate::{Scope, State};

static NO_CONTEXT: Value = Value::Null;

/// The machine's own flow has a frame, and so has each branch and iteration.
pub(super) struct Frame<'a> {
    /// The last event of this branch, to which the next one refers.
    pub(super) previous: u64,
    pub(super) variables: Arc<Map<String, Value>>,
    pub(super) context: ContextObject<'a>,
    pub(super) position: Rc<Position>,
    /// Whether this is the machine's own flow, whose progress is saved.
    pub(super) is_top: bool,
    /// The stages of the data flow, by their names in AWS's `TestState`. Only tests of single states use them.
    pub(super) inspection: Option<Map<String, Value>>,
}

impl<'a> Frame<'a> {
    pub(super) fn top(context: ContextObject<'a>) -> Self {
        let (variables, position) = (Arc::default(), Rc::default());
        Self { previous: 0, variables, context, position, is_top: true, inspection: None }
    }

    /// The frame of a branch that begins after the event `previous`. It reads the variables, and sets only its own.
    pub(super) fn branch(&self, previous: u64, context: ContextObject<'a>, position: Rc<Position>) -> Self {
        let variables = Arc::clone(&self.variables);
        Self { previous, variables, context, position, is_top: false, inspection: None }
    }

    /// The data that the expressions of `state` can refer to, with `input` as `$`.
    pub(super) fn scope<'s>(&'s mut self, state: &State, input: &'s Value) -> Scope<'s> {
        let context = match state.context_use {
            ContextUse::Nothing => &NO_CONTEXT,
            ContextUse::Facts => self.context.facts(),
            ContextUse::Whole => self.context.value(),
        };
        Scope { input, context, variables: &self.variables }
    }

    /// Records the data at a stage.
    pub(super) fn inspect(&mut self, stage: &str, value: &impl Serialize) {
        if let Some(stages) = &mut self.inspection {
            stages.insert(stage.to_owned(), serde_json::to_value(value).unwrap_or_default());
        }
    }
}

/// A state that was entered.
#[derive(Clone)]
pub(super) struct Visit<'f> {
    pub(super) state: &'f State,
    pub(super) input: Arc<Value>,
    pub(super) entered_at: DateTime<Utc>,
    pub(super) entered_event: u64,
}

impl Visit<'_> {
    /// A `States.Runtime` error of this state.
    pub(super) fn runtime(&self, cause: impl std::fmt::Display) -> StateError {
        self.failure(names::RUNTIME, cause)
    }

    /// An error of this state, with its cause in AWS's words.
    pub(super) fn failure(&self, error: &str, cause: impl std::fmt::Display) -> StateError {
        let (name, event) = (&self.state.name, self.entered_event);
        if event == 0 {
            // A state that is tested alone was not entered.
            return StateError::new(error, cause.to_string());
        }
        let place = format!("An error occurred while executing the state '{name}' (entered at the event id #{event}).");
        StateError::new(error, format!("{place} {cause}"))
    }
}
