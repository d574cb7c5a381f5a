//! What a definition sends to run a task.

use super::Attempt;
use crate::machine::Failure;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;

/// Which task to run, on what.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The state's name, which is the task's.
    pub task: String,
    /// The state's input.
    pub input: Arc<Value>,
    /// Which attempt this is.
    pub attempt: Attempt,
}

impl Payload {
    /// Reads `{"Task", "Input", "Execution"?, "RetryCount"?}`. The originals' definitions send the first two alone.
    ///
    /// # Errors
    /// `UnmarshalError` with the JSON path of what is missing, mistyped or unknown.
    pub fn read(payload: Value) -> Result<Self, Failure> {
        let Value::Object(mut fields) = payload else {
            return Err(malformed("$", &format!("expected an object with Task and Input, found {}", kind(&payload))));
        };
        let task = text(&mut fields, "Task")?.ok_or_else(|| malformed("$.Task", "it is missing"))?;
        let input = fields.shift_remove("Input").ok_or_else(|| malformed("$.Input", "it is missing"))?;
        let execution = text(&mut fields, "Execution")?;
        let retry_count = count(&mut fields, "RetryCount")?.unwrap_or(0);
        if let Some(unknown) = fields.keys().next() {
            let expected = "unknown field, expected Task, Input, Execution or RetryCount";
            return Err(malformed(&format!("$.{unknown}"), expected));
        }
        let attempt = Attempt { execution, state: task.clone(), retry_count };
        Ok(Self { task, input: Arc::new(input), attempt })
    }
}

fn text(fields: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Failure> {
    match fields.shift_remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(malformed(&format!("$.{name}"), &format!("expected text, found {}", kind(&other)))),
    }
}

fn count(fields: &mut Map<String, Value>, name: &str) -> Result<Option<u32>, Failure> {
    let Some(value) = fields.shift_remove(name) else {
        return Ok(None);
    };
    match value.as_u64().map(u32::try_from) {
        Some(Ok(count)) => Ok(Some(count)),
        _ => Err(malformed(&format!("$.{name}"), &format!("expected a count, found {}", kind(&value)))),
    }
}

fn malformed(path: &str, message: &str) -> Failure {
    Failure::new("UnmarshalError", format!("the payload of a task is malformed at {path}: {message}"))
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
