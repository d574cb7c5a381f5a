//! The payload and the errors of tasks.
//!
//! A handler raises a [`TaskError`], which reaches Step Functions as a [`FunctionError`] under its name on the wire.

mod error;
mod message_limit;
mod payload;

pub use crate::cloud::Attempt;
pub use error::{FunctionError, TaskError};
#[doc(hidden)]
pub use error::{RaisedBy, concat_names, is_distinct};
pub use message_limit::MESSAGE_LIMIT_BYTES;
pub(crate) use payload::{InputError, PayloadError, check_input, exceeds_limit};
pub use payload::{Payload, RawInput};

/// The maximum size of a task's output, in bytes of JSON. At 256 KiB Step Functions itself ends the execution, and no `Catch`
/// matches. This lower limit raises an error that can be caught.
pub const DATA_LIMIT_BYTES: usize = 200 * 1024;
