//! A framework for deployers.

// The macros name the crate by its path, and are used inside of it, too.
extern crate self as bifrost;

pub mod asl;
pub mod cli;
pub mod client;
pub mod cloud;
mod deployer;
pub mod halt;
pub mod interpreter;
pub mod json;
pub mod local;
pub mod lock;
pub mod machine;
pub mod release;
pub mod task;
pub mod testing;
pub mod validate;

pub use bifrost_macros::state_machine;
pub use deployer::{Attachment, Changes, Deployed, Deployer, Fields, Identity, Progress};
pub use machine::{Shape, TaskError};

#[doc(hidden)]
pub mod __private {
    pub use crate::machine::expansion::*;
}
