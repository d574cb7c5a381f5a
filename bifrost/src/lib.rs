//! A framework for deployers.

// The macros name the crate by its path, and are used inside of it, too.
extern crate self as bifrost;

pub mod json;
pub mod machine;
pub mod release;
pub mod task;

pub use bifrost_macros::{Shape, TaskError, state_machine};
pub use machine::{Shape, TaskError};

#[doc(hidden)]
pub mod __private {
    pub use crate::machine::expansion::*;
}
