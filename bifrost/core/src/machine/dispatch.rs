//! Runs one task: finds the handler, catches its panic, names its error.
//!
//! What Lambda gets, and the interpreter hands over, is `{"Task": "<state name>", "Input": <state input>}`, with
//! `Execution` and `RetryCount` beside them where the definition is ours. What comes back is the state's output, or a
//! [`FunctionError`] under the name that `Retry` and `Catch` match: the handler's own, or
//!
//! | name | when |
//! | --- | --- |
//! | `TaskError` | no task state has this name |
//! | `UnmarshalError` | the payload or the input is malformed; the message names the JSON path |
//! | `PanicError` | the handler panicked; the message says where |
//! | `DataLimitError` | the output is over [`DATA_LIMIT_BYTES`] |

use super::panic::guarded;
use super::{Machine, Ports};
use crate::json;
use crate::task::{Attempt, Context, DATA_LIMIT_BYTES, FunctionError, Payload, RawInput};
use serde_json::Value;
use std::sync::Arc;

/// Runs the task that `payload` asks for. `open` makes the context of this one attempt, and gets the input as it was
/// sent.
///
/// # Errors
/// The handler's own, or `TaskError`, `UnmarshalError`, `PanicError` or `DataLimitError`.
pub async fn dispatch<M: Machine>(
    payload: impl Into<Arc<Value>>,
    open: impl FnOnce(Attempt, RawInput) -> Context<Ports<M>>,
) -> Result<Value, FunctionError> {
    let Payload { task, sent, attempt } = Payload::read(payload.into())?;
    let ctx = open(attempt, sent.clone());
    let output = guarded(&task, M::run(&ctx, &task, &sent)).await?;
    check_size(&task, output)
}

fn check_size(task: &str, output: Value) -> Result<Value, FunctionError> {
    if !json::exceeds(&output, DATA_LIMIT_BYTES) {
        return Ok(output);
    }
    let size = json::size(&output);
    let message = format!(
        "the output of {task} has {size} bytes of JSON, and at most {DATA_LIMIT_BYTES} may travel between states: \
         keep large data in the bucket, and put only its key in the release"
    );
    Err(FunctionError::new("DataLimitError", message))
}
