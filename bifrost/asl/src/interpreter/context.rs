//! The context object, `$$`.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::execution::Execution;
use crate::{State, StateName};

/// The parts of the context object. It is built only when a state needs it, because it holds a copy of the execution's
/// input.
#[derive(Debug, Clone)]
pub(super) struct ContextObject<'a> {
    execution: &'a Execution,
    item: Option<Item>,
    state: Option<(StateName, DateTime<Utc>)>,
    retries: Option<u64>,
    token: Option<Arc<str>>,
    built: Option<Value>,
    /// Whether `built` has the execution's input.
    has_input: bool,
    is_given: bool,
}

/// `$$.Map.Item`
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) index: u64,
    pub(super) value: Arc<Value>,
}

impl<'a> ContextObject<'a> {
    pub(super) fn new(execution: &'a Execution) -> Self {
        Self {
            execution,
            item: None,
            state: None,
            retries: None,
            token: None,
            built: None,
            has_input: false,
            is_given: false,
        }
    }

    /// A fixed context object, as `TestState` has.
    #[cfg(test)]
    pub(super) fn given(execution: &'a Execution, context: Value) -> Self {
        Self { built: Some(context), is_given: true, ..Self::new(execution) }
    }

    /// The context object of a branch.
    pub(super) fn branch(&self) -> Self {
        // A built context object is copied only if it cannot be built again.
        let built = self.built.clone().filter(|_| self.is_given);
        let (item, state) = (self.item.clone(), self.state.clone());
        Self { item, state, built, is_given: self.is_given, ..Self::new(self.execution) }
    }

    /// The context object of an iteration of a `Map`.
    pub(super) fn iteration(&self, item: Item) -> Self {
        let mut context = self.branch();
        if let Some(Value::Object(built)) = &mut context.built {
            built.insert("Map".into(), item_value(&item));
        }
        Self { item: Some(item), ..context }
    }

    pub(super) fn enter(&mut self, state: &State, at: DateTime<Utc>) {
        self.state = Some((Arc::clone(&state.name), at));
        self.retries = state.completion().map(|_| 0);
        self.token = None;
    }

    pub(super) fn retries(&self) -> u64 {
        self.retries.unwrap_or(0)
    }

    pub(super) fn count_retry(&mut self) {
        self.retries = Some(self.retries() + 1);
    }

    pub(super) fn set_token(&mut self, token: Option<Arc<str>>) {
        self.token = token;
    }

    /// The current value.
    pub(super) fn value(&mut self) -> &Value {
        self.current(true)
    }

    /// The current value, possibly without the execution's input.
    pub(super) fn facts(&mut self) -> &Value {
        self.current(false)
    }

    fn current(&mut self, needs_input: bool) -> &Value {
        let mut built = self.built.take().unwrap_or_else(|| self.build());
        if !self.is_given
            && let Value::Object(context) = &mut built
        {
            context.insert("State".into(), self.state_value());
            context.shift_remove("Task");
            if let Some(token) = &self.token {
                context.insert("Task".into(), json!({"Token": token.as_ref()}));
            }
            if needs_input && !self.has_input {
                self.has_input = true;
                if let Some(Value::Object(execution)) = context.get_mut("Execution") {
                    execution.insert("Input".into(), self.execution.input.as_ref().clone());
                }
            }
        }
        self.built.insert(built)
    }

    fn build(&self) -> Value {
        let execution = self.execution;
        let mut context = Map::new();
        let redrive_time = execution.redrive.last.map(|last| ("RedriveTime", timestamp(last).into()));
        let execution_fields = [
            ("Id", Value::from(execution.arn.as_str())),
            ("StartTime", timestamp(execution.start_time).into()),
            ("Name", execution.name.as_str().into()),
            ("RoleArn", execution.role_arn.as_str().into()),
            ("RedriveCount", execution.redrive.count.into()),
        ];
        let execution_fields: Value = execution_fields.into_iter().chain(redrive_time).collect();
        context.insert("Execution".into(), execution_fields);
        let machine = json!({"Id": execution.state_machine_arn, "Name": execution.state_machine_name});
        context.insert("StateMachine".into(), machine);
        if let Some(item) = &self.item {
            context.insert("Map".into(), item_value(item));
        }
        Value::Object(context)
    }

    fn state_value(&self) -> Value {
        let Some((name, entered)) = &self.state else { return Value::Null };
        let mut state = json!({"Name": name.as_ref(), "EnteredTime": timestamp(*entered)});
        if let (Some(retries), Value::Object(state)) = (self.retries, &mut state) {
            state.insert("RetryCount".into(), retries.into());
        }
        state
    }
}

fn item_value(item: &Item) -> Value {
    let item = Value::from_iter([("Index", item.index.into()), ("Value", item.value.as_ref().clone())]);
    Value::from_iter([("Item", item)])
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
