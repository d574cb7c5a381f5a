//! Runs one task: finds the handler, catches its panic, names its error.
//!
//! The function receives `{"Task": "<state name>", "Input": <state input>}`, and `Execution` and `RetryCount` where the
//! definition is ours and not of the Go implementation. It returns the state's output, or a [`FunctionError`] under the
//! name that `Retry` and `Catch` match: the handler's own, or
//!
//! | name | when |
//! | --- | --- |
//! | `TaskError` | no task state has this name |
//! | `UnmarshalError` | the payload or the input is malformed; the message names the JSON path. Only the task marked `validates` refuses unknown fields |
//! | `BadReleaseError` | the input has the right shape, but an invalid value; the message names the JSON path |
//! | `InputError` | the execution was started with something that is not a release: not an object, or too large |
//! | `LockError` | a fenced task found that the root lock is not this execution's, or unknown |
//! | `HaltError` | a task marked `looks for halt` found that the deploy must stop |
//! | `HealthError` | a task marked `looks for halt` could not find out whether the deploy must stop |
//! | `PanicError` | the handler panicked; the message has the location |
//! | `DataLimitError` | the output is larger than [`DATA_LIMIT_BYTES`] |

use super::panic::guarded;
use super::{Machine, Ports};
use crate::error_code::Coded;
use crate::json;
use crate::lifecycle::{self, Context};
use crate::task::{Attempt, DATA_LIMIT_BYTES, FunctionError, Payload, RawInput, exceeds_limit};
use serde_json::Value;
use std::sync::Arc;

/// Runs the task that `payload` names. `open` creates the context of this attempt from the input as it was sent.
///
/// # Errors
/// The handler's own, or one of the table above.
pub async fn dispatch<M: Machine>(
    payload: impl Into<Arc<Value>>,
    open: impl FnOnce(Attempt, RawInput) -> Context<Ports<M>>,
) -> Result<Value, FunctionError> {
    let Payload { task, sent, attempt } = Payload::read(payload.into())?;
    let ctx = open(attempt, sent.clone());
    let since = ctx.now();
    let result = guarded(&task, M::run(&ctx, &task, &sent)).await.and_then(|output| check_size(&task, output));
    let Err(reason) = guarded(&task, lifecycle::record(&ctx, since, &result)).await else { return result };
    let was_accepted = result.is_ok();
    let result = lifecycle::unrecorded(&ctx, result, reason);
    if was_accepted && result.is_err() {
        // Perhaps the log can be written again, or only its table cannot.
        let recorded = guarded(&task, lifecycle::record(&ctx, since, &result)).await;
        drop(recorded.inspect_err(|reason| tracing::error!(%reason, "the audit log does not have this refusal")));
    }
    result
}

fn check_size(task: &str, output: Value) -> Result<Value, FunctionError> {
    if !exceeds_limit(&output) {
        return Ok(output);
    }
    let error = OutputTooLarge { task: task.to_owned(), size: json::size(&output) };
    Err(FunctionError::coded("DataLimitError", &error))
}

/// The output of a task is too large for Step Functions.
#[derive(Debug, thiserror::Error, Coded)]
#[error(
    "{task}: the output has {size} bytes of JSON, more than the {DATA_LIMIT_BYTES} that may travel between states; keep \
     large data in the bucket, and put only its key in the release"
)]
#[code("task/output-too-large", "make the release smaller: keep large data in files of the bucket")]
pub(crate) struct OutputTooLarge {
    task: String,
    size: usize,
}
