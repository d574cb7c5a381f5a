//! The core of `bifrost`, the framework for writing deployers. Use it through that crate, which has the guide.
//!
//! | module | what |
//! | --- | --- |
//! | [`json`] | strict reading, exact comparison |
//! | [`error_code`] | stable codes of errors |
//! | [`shape`] | what a type looks like once serialised, for the compiler |
//! | [`release`] | the envelope of a release, names that cannot be wrong, replay protection |
//! | [`cloud`] | the ports into AWS: small traits, plain types |
//! | [`account`] | the deployer account |
//! | [`task`] | what one attempt of a task is given, and how it fails |
//! | [`machine`] | what a chart becomes, and the dispatch of its tasks |
//! | [`validate`], [`lock`], [`halt`], [`lifecycle`], [`log`] | what every deployer promises |
//! | [`self_check`] | what only the function itself can tell |
//! | [`deployer`] | what makes a deployer |
//!
//! Each uses those above it alone.

// The macros name the crate `bifrost`, and are used inside of it, too.
extern crate self as bifrost;

pub mod account;
pub mod cloud;
pub mod deployer;
pub mod error_code;
pub mod halt;
pub mod json;
pub mod lifecycle;
pub mod lock;
pub mod log;
pub mod machine;
pub mod release;
pub mod self_check;
pub mod shape;
mod strip_control;
pub mod task;
pub mod validate;

#[doc(inline)]
#[doc = include_str!("machine/state_machine.md")]
pub use bifrost_macros::state_machine;
pub use shape::Shape;
pub use task::TaskError;

#[doc(hidden)]
pub mod __private {
    pub use crate::error_code::{Coded, ErrorCode};
    pub use crate::machine::expansion::*;
    pub use crate::machine::{Data, Kind, Machine, Ports, State};
    pub use crate::shape::{Flatten, Opaque};
    pub use crate::task::{Context, FunctionError, TaskError};
}
