//! Errors of tasks, and how they reach Step Functions.

use super::message_limit::cut;
use crate::error_code::{Coded, full_message, split_code, with_code};
use crate::json::{self, ReadError};
use crate::release::is_same;
#[doc(inline)]
/// Derives [`TaskError`](trait@TaskError) on an enum: the name of each variant on the wire.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::TaskError;
///
/// #[derive(Debug, thiserror::Error, TaskError)]
/// enum LockFailure {
///     #[error("the lock is held by {0}")]
///     LockExists(String), // `LockExistsError`
///     #[error("DynamoDB did not answer")]
///     #[task_error(name = "StoreError")]
///     Unknown(#[source] std::io::Error), // `StoreError`
/// }
///
/// assert_eq!(LockFailure::LockExists("deploy-7".into()).name(), "LockExistsError");
/// ```
///
/// A variant with `#[task_error(transparent)]` holds the [standard failures](crate::lifecycle::TaskFailure), and forwards their names.
/// One with `#[task_error(from(CloudError))]` is also made from that type, through the `From` of its field.
///
/// If the crate `bifrost` has another name, set it with `#[task_error(crate = path)]` on the enum.
pub use bifrost_macros::TaskError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::error::Error;

/// An error that a task can raise, with the names that `catch` and `retry` match.
///
/// Derive it on an enum. The variant `LockExists` is `LockExistsError` on the wire, unless `#[task_error(name = "…")]` sets
/// another name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no names that `catch` and `retry` can match",
    label = "a handler of this machine raises `{Self}`",
    note = "a handler's error must be an enum with `#[derive(Debug, thiserror::Error, bifrost::TaskError)]`"
)]
pub trait TaskError: Error {
    /// The variants, with their names on the wire.
    const NAMES: &'static [(&'static str, &'static str)];

    /// The name of this error on the wire: Lambda's `errorType`.
    fn name(&self) -> &'static str;

    /// The stable code of this error, if it also derives [`Coded`](crate::error_code::Coded).
    fn error_code(&self) -> Option<&'static str> {
        None
    }

    /// Whether the attempt only [waited](crate::error_code::Coded::is_waiting), if this error also derives
    /// [`Coded`](crate::error_code::Coded).
    fn waits(&self) -> bool {
        false
    }
}

/// The beginning of the message of an attempt that only waited, after its code.
const WAITING: &str = "waiting: ";
/// Enums whose variants a handler with the error type `E` may raise: `E`, and the standard failures if `E` has them in a variant
/// with `#[task_error(transparent)]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this task never raises a `{Self}`",
    label = "its handler raises `{E}`",
    note = "name a variant of `{E}`, or one of `TaskFailure` if `{E}` has it in a variant with `#[task_error(transparent)]`"
)]
pub trait RaisedBy<E> {}

#[diagnostic::do_not_recommend]
impl<E> RaisedBy<E> for E {}

type Names = &'static [(&'static str, &'static str)];

/// The names of an enum, followed by those that it forwards.
#[doc(hidden)]
#[must_use]
#[allow(clippy::indexing_slicing, reason = "runs at compile time: a wrong index does not compile")]
pub const fn concat_names<const COUNT: usize>(own: Names, forwarded: Names) -> [(&'static str, &'static str); COUNT] {
    let mut all = [("", ""); COUNT];
    let mut next = 0;
    while next < COUNT {
        all[next] = if next < own.len() { own[next] } else { forwarded[next - own.len()] };
        next += 1;
    }
    all
}

/// Whether none of the forwarded variants has the name of an own one, neither in Rust nor on the wire.
#[doc(hidden)]
#[must_use]
pub const fn is_distinct(mut own: Names, forwarded: Names) -> bool {
    while let Some(((variant, name), others)) = own.split_first() {
        let mut rest = forwarded;
        while let Some(((other_variant, other_name), others)) = rest.split_first() {
            if is_same(variant.as_bytes(), other_variant.as_bytes()) || is_same(name.as_bytes(), other_name.as_bytes())
            {
                return false;
            }
            rest = others;
        }
        own = others;
    }
    true
}

/// A task that failed, as Lambda reports it: Step Functions matches `Retry` and `Catch` on `errorType`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{error}: {message}")]
pub struct FunctionError {
    /// The error's name on the wire.
    #[serde(rename = "errorType")]
    pub error: String,
    /// What went wrong, with the code and the sources.
    #[serde(rename = "errorMessage")]
    pub message: String,
}

impl FunctionError {
    /// A failure called `name` on the wire. A message that is longer than [`MESSAGE_LIMIT_BYTES`](super::MESSAGE_LIMIT_BYTES)
    /// is cut, and says so. Control characters except line ends and tabs are removed: the message is shown in logs, consoles
    /// and mails.
    pub fn new(name: &'static str, message: impl AsRef<str>) -> Self {
        Self { error: name.to_owned(), message: cut(message.as_ref()) }
    }

    /// A failure called `name` on the wire, whose message has the code, and the messages of the sources.
    pub fn coded<E: Coded + 'static>(name: &'static str, error: &E) -> Self {
        Self::new(name, with_code(error.code(), &full_message(error)))
    }

    /// What a handler raised: its name, its code if it has one, and its message followed by those of its sources.
    pub fn raised<E: TaskError + 'static>(error: &E) -> Self {
        let waiting = if error.waits() { WAITING } else { "" };
        let message = format!("{waiting}{}", full_message(error));
        Self::new(error.name(), error.error_code().map_or_else(|| message.clone(), |code| with_code(code, &message)))
    }

    /// Code and message of a failed task, from its `Cause`. Where Lambda reports a failure, the cause is JSON with an
    /// `errorMessage`; any other cause is the message itself.
    #[must_use]
    pub fn split_cause(cause: &str) -> (Option<String>, String) {
        let report: Option<Value> = json::from_slice(cause.as_bytes()).ok();
        let message = report.as_ref().and_then(|report| report.get("errorMessage")?.as_str());
        let (code, message) = split_code(message.unwrap_or(cause));
        (code.map(ToOwned::to_owned), message.to_owned())
    }

    /// What the attempt waited for, if it only [waited](crate::error_code::Coded::is_waiting): the rest of a message that
    /// [`split_cause`](Self::split_cause) returned.
    #[must_use]
    pub fn waited_for(message: &str) -> Option<&str> {
        message.strip_prefix(WAITING)
    }

    /// The message of a failed task, without its code: the second half of [`split_cause`](Self::split_cause).
    #[must_use]
    pub fn message_of(cause: &str) -> String {
        Self::split_cause(cause).1
    }
}

impl From<ReadError> for FunctionError {
    fn from(error: ReadError) -> Self {
        Self::coded(error.wire_name(), &error)
    }
}

#[cfg(test)]
mod tests {
    use super::FunctionError;

    #[test]
    fn cause_is_split_into_code_and_message() {
        let report = r#"{"errorType":"LockExistsError","errorMessage":"[lock/held] acme/shop is locked"}"#;
        assert_eq!(FunctionError::split_cause(report), (Some("lock/held".into()), "acme/shop is locked".into()));
    }

    #[test]
    fn cause_of_the_lambda_service_is_its_message() {
        let report = r#"{"errorMessage":"2026-11-21T10:00:00Z Task timed out after 300.00 seconds"}"#;
        let message = "2026-11-21T10:00:00Z Task timed out after 300.00 seconds";
        assert_eq!(FunctionError::split_cause(report), (None, message.into()));
    }

    #[test]
    fn cause_that_is_text_is_the_message() {
        assert_eq!(FunctionError::split_cause("stopped by ann"), (None, "stopped by ann".into()));
        assert_eq!(FunctionError::split_cause("[release/null] ami"), (Some("release/null".into()), "ami".into()));
    }
}
