//! How a task's error reaches Step Functions.

use crate::error_code::with_code;
use crate::json::ReadError;
#[doc(inline)]
/// Derives [`TaskError`](trait@TaskError) on an enum: what each variant is called on the wire.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::TaskError;
///
/// #[derive(Debug, thiserror::Error, TaskError)]
/// enum LockFailure {
///     #[error("the lock is held by {0}")]
///     LockExists(String), // `LockExistsError`
///     #[error("the store did not answer")]
///     #[task_error(name = "StoreError")]
///     Unknown(#[source] std::io::Error), // `StoreError`
/// }
///
/// assert_eq!(LockFailure::LockExists("deploy-7".into()).name(), "LockExistsError");
/// ```
///
/// Where the crate `bifrost` has another name, `#[task_error(crate = path)]` on the enum says which.
pub use bifrost_macros::TaskError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::error::Error;

/// An error that a task can raise, with the names that `catch` and `retry` match.
///
/// Derive it on an enum: the variant `LockExists` is `LockExistsError` on the wire, unless
/// `#[task_error(name = "…")]` says otherwise.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no names for `catch` and `retry` to match",
    label = "this task raises `{Self}`",
    note = "a handler's error is an enum with `#[derive(Debug, thiserror::Error, bifrost::TaskError)]`"
)]
pub trait TaskError: Error {
    /// Each variant, and its name on the wire.
    const NAMES: &'static [(&'static str, &'static str)];

    /// The name of this error on the wire: Lambda's `errorType`.
    fn name(&self) -> &'static str;

    /// The stable code of this error, if its author gives it one with [`Coded`](crate::error_code::Coded).
    fn code(&self) -> Option<&'static str> {
        None
    }
}

/// A task that failed, as Lambda reports it: Step Functions matches `Retry` and `Catch` on `errorType`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{error}: {message}")]
pub struct FunctionError {
    /// The error's name on the wire.
    #[serde(rename = "errorType")]
    pub error: String,
    /// What went wrong, with its causes.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    /// A failure called `error` on the wire.
    pub fn new(error: impl Into<String>, message: impl Into<String>) -> Self {
        Self { error: error.into(), message: message.into() }
    }

    /// What the cause of a failed task says: the message, where it is Lambda's report of a failure. Lambda's own, of a
    /// function that ran out of time, names no type.
    #[must_use]
    pub fn said(cause: &str) -> String {
        let report: Option<Value> = serde_json::from_str(cause).ok();
        let message = report.as_ref().and_then(|report| report.get("errorMessage")?.as_str());
        message.unwrap_or(cause).to_owned()
    }

    /// What a handler raised: its name, and its message followed by those of its causes.
    pub fn raised<E: TaskError>(error: &E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let told = cause.to_string();
            // Some errors tell their cause themselves.
            if !message.contains(&told) {
                message.push_str(": ");
                message.push_str(&told);
            }
            source = cause.source();
        }
        let message = error.code().map_or_else(|| message.clone(), |code| with_code(code, &message));
        Self::new(error.name(), message)
    }
}

/// Why an input is not a machine's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    /// The error's name on the wire, such as `UnmarshalError`.
    pub error: &'static str,
    /// What is wrong, at which JSON path, and what to do.
    pub message: String,
}

impl From<InputError> for FunctionError {
    fn from(InputError { error, message }: InputError) -> Self {
        Self::new(error, message)
    }
}

impl From<ReadError> for InputError {
    fn from(error: ReadError) -> Self {
        Self { error: error.wire_name(), message: error.to_string() }
    }
}
