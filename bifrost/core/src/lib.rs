//! The core of `bifrost`, the framework for writing deployers. Use it through that crate, which has the guide.
//!
//! | module | contents |
//! | --- | --- |
//! | [`json`] | strict parsing and reading, exact comparison |
//! | [`error_code`] | stable codes of errors |
//! | [`findings`] | all rules that a release breaks |
//! | [`strip_control`] | control and invisible characters in text of others |
//! | [`shape`] | the serialized fields of a type, for the compiler |
//! | [`release`] | the envelope of a release, validated names, replay protection |
//! | [`cloud`] | the ports into AWS: small traits, plain types |
//! | [`audit`] | records and entries of the audit log |
//! | [`architecture`] | the processor architectures of functions |
//! | [`account`] | the deployer account |
//! | [`task`] | payload and errors of tasks |
//! | [`lifecycle`] | the life cycle of a deploy, which the framework owns: validate, lock, fence, halt, finish |
//! | [`log`] | the log of a release |
//! | [`machine`] | state machines and the dispatch of their tasks |
//! | [`self_check`] | the report of the function about itself, for `doctor` |
//! | [`people`] | acts of people, and their records |
//! | [`deployer`] | the trait of deployers |
//!
//! Each module uses only those above it.

// The macros call the crate `bifrost`, and this crate uses them, too.
extern crate self as bifrost;

pub mod account;
pub mod architecture;
pub mod audit;
pub mod cloud;
pub mod deployer;
pub mod error_code;
pub mod findings;
mod identity;
pub mod json;
pub mod lifecycle;
pub mod log;
pub mod machine;
pub mod people;
pub mod release;
pub mod self_check;
pub mod shape;
pub mod strip_control;
pub mod task;

use error_code::Coded;

/// The codes of all errors of this crate, for `docs/errors.md`.
#[doc(hidden)]
pub const ERROR_CODES: &[&[error_code::ErrorCode]] = &[
    <cloud::CloudError as Coded>::CODES,
    <cloud::StartError as Coded>::CODES,
    <deployer::ConnectError as Coded>::CODES,
    <deployer::InvalidPrefix as Coded>::CODES,
    <json::ParseError as Coded>::CODES,
    <json::ReadError as Coded>::CODES,
    <lifecycle::AuditUnavailable as Coded>::CODES,
    <lifecycle::BadRelease as Coded>::CODES,
    <lifecycle::EndDiffers as Coded>::CODES,
    <lifecycle::FreezeError as Coded>::CODES,
    <lifecycle::Halt as Coded>::CODES,
    <lifecycle::HaltCheckError as Coded>::CODES,
    <lifecycle::LockConflict as Coded>::CODES,
    <lifecycle::LockLost as Coded>::CODES,
    <lifecycle::LockUnknown as Coded>::CODES,
    <lifecycle::OlderThanDeployed as Coded>::CODES,
    <lifecycle::UnexpectedJson as Coded>::CODES,
    <machine::OutputTooLarge as Coded>::CODES,
    <machine::PanicError as Coded>::CODES,
    <machine::expansion::OutputNotJson as Coded>::CODES,
    <machine::expansion::StateUnreadable as Coded>::CODES,
    <machine::expansion::UnknownTask as Coded>::CODES,
    <people::ActError as Coded>::CODES,
    <people::AlreadyFrozen as Coded>::CODES,
    <people::EventError as Coded>::CODES,
    <people::FunctionRefusal as Coded>::CODES,
    <release::InvalidName as Coded>::CODES,
    <release::Replay as Coded>::CODES,
    <self_check::SelfCheckError as Coded>::CODES,
    <task::InputError as Coded>::CODES,
    <task::PayloadError as Coded>::CODES,
];

#[doc(inline)]
#[doc = include_str!("cloud/port.md")]
pub use bifrost_macros::port;
#[doc(inline)]
#[doc = include_str!("machine/state_machine.md")]
pub use bifrost_macros::state_machine;
#[doc(inline)]
#[doc = include_str!("release/fields.md")]
pub use bifrost_macros::{field_type, fields};
pub use shape::Shape;
pub use task::TaskError;

#[doc(hidden)]
pub mod __private {
    pub use crate::deployer::check_deployer;
    pub use crate::error_code::{Coded, CodedError, ErrorCode, HasCode};
    pub use crate::lifecycle::{Context, Standard, TaskFailure, standard_sources};
    pub use crate::machine::expansion::*;
    pub use crate::machine::{Data, IsRelease, Kind, Machine, Ports, State};
    pub use crate::release::{Envelope, Fields, Release};
    pub use crate::shape::{Flatten, OneOf, Opaque, Values};
    pub use crate::task::{FunctionError, RaisedBy, TaskError, concat_names, is_distinct};
    pub use async_trait::async_trait;
    pub use serde;
}

// The crate `bifrost` has these, too, and keeps the half of a port if it has the cloud. Here a port has no halves.
#[doc(hidden)]
#[macro_export]
macro_rules! __if_local {
    ($($half:tt)*) => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __if_aws {
    ($($half:tt)*) => {};
}
