//! The payload with which a state machine invokes the function to run a task.

use super::{Attempt, DATA_LIMIT_BYTES, FunctionError};
use crate::error_code::Coded;
use crate::json;
use serde_json::{Map, Value, json};
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

/// The member of the data into which a `Catch` writes the error.
const ERROR: &str = "error";

/// The maximum size of a caught error in the data, in bytes of JSON. Errors of tasks have at most 42 KiB there. Together with
/// [`DATA_LIMIT_BYTES`] it leaves 8 KiB below the limit of Step Functions.
const CAUGHT_LIMIT_BYTES: usize = 48 * 1024;

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
        Some(Err(_)) => Err(malformed(&format!("$.{name}"), format!("expected at most {}, found {value}", u32::MAX))),
        None => Err(malformed(&format!("$.{name}"), format!("expected a whole number from 0, found {}", kind(value)))),
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

/// The input of an execution cannot be a release. `InputError` on the wire.
///
/// A `Catch` cannot write `$.error` into such an input, so it must replace the input as a whole (`ResultPath: "$"`).
#[derive(Debug, thiserror::Error, Coded)]
pub(crate) enum InputError {
    /// The execution was started with JSON that is not an object.
    #[error("the input must be a release, a JSON object, but is {0}; start deploys with the client")]
    #[code("task/input-not-object", "start deploys with the client, which sends a release")]
    NotObject(&'static str),
    /// The execution was started with a release that is too large to travel between the states.
    #[error(
        "the input has {0} bytes of JSON, more than the {DATA_LIMIT_BYTES} that a release may have; move large data to other \
         files, and start deploys with the client, which checks the size"
    )]
    #[code("task/input-too-large", "move large data to other files, and refer to them in the release")]
    TooLarge(usize),
}

/// Refuses the input of an execution that is not an object, or is larger than [`DATA_LIMIT_BYTES`].
///
/// # Errors
/// `InputError`. Its message shows nothing of the input.
pub(crate) fn check_input(sent: &Value) -> Result<(), FunctionError> {
    let refused = |error: InputError| Err(FunctionError::coded("InputError", &error));
    if !sent.is_object() {
        return refused(InputError::NotObject(kind(sent)));
    }
    if json::exceeds(sent, DATA_LIMIT_BYTES) {
        return refused(InputError::TooLarge(json::size(sent)));
    }
    Ok(())
}

/// Whether the data of a state are too large for Step Functions. The error that a `Catch` wrote into them has a limit of its
/// own: else a task that cleans up after a long error would fail because of its length. The next error replaces it.
pub(crate) fn exceeds_limit(data: &Value) -> bool {
    if !json::exceeds(data, DATA_LIMIT_BYTES) {
        return false;
    }
    let error = data.get(ERROR).map_or(0, |error| json::size(error) + r#""error":,"#.len());
    error > CAUGHT_LIMIT_BYTES || json::size(data).saturating_sub(error) > DATA_LIMIT_BYTES
}

/// What was sent instead. Values are not shown: they may be secrets.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sent: &Value) -> Option<String> {
        let FunctionError { error, message } = check_input(sent).err()?;
        assert_eq!(error, "InputError");
        assert!(!message.contains("secret") && !message.contains("4711"), "{message}");
        FunctionError::split_cause(&message).0
    }

    #[test]
    fn input_that_is_no_object_is_refused() {
        for sent in [json!([]), json!(4711), json!("secret"), json!(true), Value::Null, json!([{"secret": 1}])] {
            assert_eq!(code(&sent).as_deref(), Some("task/input-not-object"), "{sent}");
        }
    }

    #[test]
    fn input_above_the_limit_is_refused() {
        let sized = |size: usize| json!({"secret": "x".repeat(size - r#"{"secret":""}"#.len())});
        assert_eq!(code(&sized(DATA_LIMIT_BYTES)), None);
        for size in [DATA_LIMIT_BYTES + 1, 262_000] {
            assert_eq!(code(&sized(size)).as_deref(), Some("task/input-too-large"));
        }
        assert_eq!(code(&json!({})), None);
    }

    #[test]
    fn caught_error_has_a_limit_of_its_own() {
        let sized = |data: usize, cause: usize| {
            let error = json!({"Error": "HaltError", "Cause": "x".repeat(cause)});
            exceeds_limit(&json!({"a": "x".repeat(data), "error": error}))
        };
        assert!(!sized(DATA_LIMIT_BYTES - 100, 0));
        assert!(!sized(DATA_LIMIT_BYTES - 100, 42 * 1024));
        assert!(sized(DATA_LIMIT_BYTES, 0));
        assert!(sized(DATA_LIMIT_BYTES - 100, CAUGHT_LIMIT_BYTES));
        assert!(!exceeds_limit(&json!({"a": "x".repeat(DATA_LIMIT_BYTES - 8)})));
        assert!(exceeds_limit(&json!({"a": "x".repeat(DATA_LIMIT_BYTES - 7)})));
    }
}
