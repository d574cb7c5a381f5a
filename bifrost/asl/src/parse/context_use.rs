//! Finds how much of the context object a state refers to.

use serde_json::Value;

use crate::model::ContextUse;

/// Continuations of `$$` that do not include the execution's input.
const FACTS: [&str; 10] = [
    ".Execution.Id",
    ".Execution.Name",
    ".Execution.RoleArn",
    ".Execution.StartTime",
    ".Execution.RedriveCount",
    ".Execution.RedriveTime",
    ".State.",
    ".StateMachine.",
    ".Task.",
    ".Map.",
];

pub(super) fn of(value: &Value) -> ContextUse {
    match value {
        // Few strings have a `$`: not searching the others for `$$` saves a tenth of the time of parsing.
        Value::String(text) if text.contains('$') => {
            let uses = text.split("$$").skip(1);
            let is_fact = |rest: &str| FACTS.iter().any(|fact| rest.starts_with(fact));
            uses.map(|rest| if is_fact(rest) { ContextUse::Facts } else { ContextUse::Whole }).max().unwrap_or_default()
        }
        Value::Array(values) => values.iter().map(of).max().unwrap_or_default(),
        Value::Object(fields) => fields.values().map(of).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => ContextUse::Nothing,
    }
}
