//! The payload with which a state machine invokes the function to run a task.

use super::{Attempt, FunctionError};
use crate::error_code::Coded;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

/// Which task to run, and its input.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The name of the state, and of the task.
    pub task: String,
    /// The state's input.
    pub sent: RawInput,
    /// Which attempt this is.
    pub attempt: Attempt,
}

/// The input of a state as it was sent, before defaults are filled in. It shares the payload's memory: inputs are large,
/// and the history holds the payload, too.
#[derive(Clone, Debug)]
pub struct RawInput(Arc<Value>);

impl Deref for RawInput {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.0.get(INPUT).unwrap_or(&Value::Null)
    }
}

impl From<Value> for RawInput {
    fn from(input: Value) -> Self {
        Self(Arc::new(json!({ INPUT: input })))
    }
}

const INPUT: &str = "Input";

impl Payload {
    /// Reads `{"Task", "Input", "Execution"?, "RetryCount"?}`. Definitions of the Go implementation send only the first
    /// two.
    ///
    /// # Errors
    /// `UnmarshalError`, code `task/malformed-payload`, with the JSON path.
    pub fn read(payload: Arc<Value>) -> Result<Self, FunctionError> {
        let Some(fields) = payload.as_object() else {
            return Err(malformed("$", format!("expected an object with Task and Input, found {}", kind(&payload))));
        };
        let task = text(fields, "Task")?.ok_or_else(|| malformed("$.Task", "required, but absent"))?;
        if !fields.contains_key(INPUT) {
            return Err(malformed("$.Input", "required, but absent"));
        }
        let execution = text(fields, "Execution")?;
        let retry_count = count(fields, "RetryCount")?.unwrap_or(0);
        let known = ["Task", INPUT, "Execution", "RetryCount"];
        if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let problem = "unknown field; expected Task, Input, Execution or RetryCount";
            return Err(malformed(&format!("$.{unknown}"), problem));
        }
        let attempt = Attempt { execution, state: task.clone(), retry_count };
        Ok(Self { task, sent: RawInput(payload), attempt })
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, FunctionError> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(malformed(&format!("$.{name}"), format!("expected a string, found {}", kind(other)))),
    }
}

fn count(fields: &Map<String, Value>, name: &str) -> Result<Option<u32>, FunctionError> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    match value.as_u64().map(u32::try_from) {
        Some(Ok(count)) => Ok(Some(count)),
        _ => Err(malformed(&format!("$.{name}"), format!("expected a whole number, found {}", kind(value)))),
    }
}

/// The payload of a task does not have the form that a state machine sends.
#[derive(Debug, thiserror::Error, Coded)]
#[error("{path}: {problem}; update the state machine's definition to the one that `asl` prints")]
#[code("task/malformed-payload", "update the state machine's definition to the one that `asl` prints")]
pub(crate) struct PayloadError {
    path: String,
    problem: String,
}

fn malformed(path: &str, problem: impl Into<String>) -> FunctionError {
    FunctionError::coded("UnmarshalError", &PayloadError { path: path.to_owned(), problem: problem.into() })
}

/// What was sent instead. Strings are not shown: they may be secrets.
fn kind(value: &Value) -> Cow<'static, str> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) => return number.to_string().into(),
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    kind.into()
}
