//! What a definition sends to run a task.

use super::Attempt;
use crate::task::FunctionError;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

/// Which task to run, on what.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The state's name, which is the task's.
    pub task: String,
    /// The state's input.
    pub sent: RawInput,
    /// Which attempt this is.
    pub attempt: Attempt,
}

/// The input of a state as it was sent, before any default was filled in. It stays inside of the payload that brought
/// it: inputs are large, and the history holds the payload, too.
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
    /// Reads `{"Task", "Input", "Execution"?, "RetryCount"?}`. The originals' definitions send the first two alone.
    ///
    /// # Errors
    /// `UnmarshalError` with the JSON path of what is missing, mistyped or unknown.
    pub fn read(payload: Arc<Value>) -> Result<Self, FunctionError> {
        let Some(fields) = payload.as_object() else {
            return Err(malformed("$", &format!("expected an object with Task and Input, found {}", kind(&payload))));
        };
        let task = text(fields, "Task")?.ok_or_else(|| malformed("$.Task", "it is missing"))?;
        if !fields.contains_key(INPUT) {
            return Err(malformed("$.Input", "it is missing"));
        }
        let execution = text(fields, "Execution")?;
        let retry_count = count(fields, "RetryCount")?.unwrap_or(0);
        let known = ["Task", INPUT, "Execution", "RetryCount"];
        if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let expected = "unknown field, expected Task, Input, Execution or RetryCount";
            return Err(malformed(&format!("$.{unknown}"), expected));
        }
        let attempt = Attempt { execution, state: task.clone(), retry_count };
        Ok(Self { task, sent: RawInput(payload), attempt })
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, FunctionError> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(malformed(&format!("$.{name}"), &format!("expected text, found {}", kind(other)))),
    }
}

fn count(fields: &Map<String, Value>, name: &str) -> Result<Option<u32>, FunctionError> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    match value.as_u64().map(u32::try_from) {
        Some(Ok(count)) => Ok(Some(count)),
        _ => Err(malformed(&format!("$.{name}"), &format!("expected a count, found {}", kind(value)))),
    }
}

fn malformed(path: &str, message: &str) -> FunctionError {
    FunctionError::new("UnmarshalError", format!("the payload of a task is malformed at {path}: {message}"))
}

/// What was sent instead. Texts are not repeated: they may be secrets.
fn kind(value: &Value) -> Cow<'static, str> {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) => return number.to_string().into(),
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    kind.into()
}
