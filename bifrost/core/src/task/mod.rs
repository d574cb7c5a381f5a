//! What one attempt of one task is given, and how it fails.
//!
//! A task gets a [`Context`] and its input; what it raises is a [`TaskError`], which Step Functions sees as a [`FunctionError`]
//! under its name on the wire.

mod context;
mod error;
mod payload;

pub use crate::cloud::Attempt;
pub use context::Context;
pub use error::{FunctionError, InputError, TaskError};
pub use payload::{Payload, RawInput};

/// How large a task's output may be, in bytes of JSON. Step Functions ends an execution, past any `Catch`, at 256 KiB;
/// ours is an error like any other, and raised before.
pub const DATA_LIMIT_BYTES: usize = 200 * 1024;
