//! The context, the payload and the errors of tasks.
//!
//! A handler gets a [`Context`] and the state's input. It raises a [`TaskError`], which reaches Step Functions as a
//! [`FunctionError`] under its name on the wire.

mod context;
mod error;
mod payload;

pub use crate::cloud::Attempt;
pub use context::Context;
pub use error::{FunctionError, TaskError};
pub(crate) use payload::PayloadError;
pub use payload::{Payload, RawInput};

/// The maximum size of a task's output, in bytes of JSON. At 256 KiB Step Functions itself ends the execution, and no `Catch`
/// matches. This lower limit raises an error that can be caught.
pub const DATA_LIMIT_BYTES: usize = 200 * 1024;
