//! The context object, `$$`.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::execution::Execution;
use crate::asl::StateName;

/// What the context object is made of. It is built only when a state asks for it: it holds a copy of the execution's
/// input.
#[derive(Debug, Clone)]
pub(super) struct ContextObject<'a> {
    execution: &'a Execution,
    item: Option<Item>,
    state: Option<(StateName, DateTime<Utc>)>,
    retries: Option<u64>,
    token: Option<Arc<str>>,
    built: Option<Value>,
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
        Self { execution, item: None, state: None, retries: None, token: None, built: None, is_given: false }
    }

    /// A context object that is given whole, and does not change.
    pub(super) fn given(execution: &'a Execution, context: Value) -> Self {
        Self { built: Some(context), is_given: true, ..Self::new(execution) }
    }

    /// That of a branch.
    pub(super) fn branch(&self) -> Self {
        // What has been built is worth copying only if it cannot be built again.
        let built = self.built.clone().filter(|_| self.is_given);
        let (item, state) = (self.item.clone(), self.state.clone());
        Self { item, state, built, is_given: self.is_given, ..Self::new(self.execution) }
    }

    /// That of an iteration of a `Map`.
    pub(super) fn iteration(&self, item: Item) -> Self {
        let mut context = self.branch();
        if let Some(Value::Object(built)) = &mut context.built {
            built.insert("Map".into(), item_value(&item));
        }
        Self { item: Some(item), ..context }
    }

    pub(super) fn enter(&mut self, state: &StateName, at: DateTime<Utc>, counts_retries: bool) {
        self.state = Some((Arc::clone(state), at));
        self.retries = counts_retries.then_some(0);
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

    /// The value, up to date.
    pub(super) fn value(&mut self) -> &Value {
        let mut built = self.built.take().unwrap_or_else(|| self.build());
        if !self.is_given
            && let Value::Object(context) = &mut built
        {
            context.insert("State".into(), self.state_value());
            context.shift_remove("Task");
            if let Some(token) = &self.token {
                context.insert("Task".into(), json!({"Token": token.as_ref()}));
            }
        }
        self.built.insert(built)
    }

    fn build(&self) -> Value {
        let execution = self.execution;
        let mut context = Map::new();
        context.insert(
            "Execution".into(),
            json!({
                "Id": execution.arn,
                "Input": execution.input.as_ref(),
                "StartTime": timestamp(execution.start_time),
                "Name": execution.name,
                "RoleArn": execution.role_arn,
                "RedriveCount": 0,
            }),
        );
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
    json!({"Item": {"Index": item.index, "Value": item.value.as_ref()}})
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
