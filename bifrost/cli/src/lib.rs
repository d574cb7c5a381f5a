//! The commands that every deployer written with `bifrost` gets. Use it through that crate.
//!
//! | module | contents |
//! | --- | --- |
//! | [`client`] | prepares, uploads, starts and follows a release; halts, freezes, plans, rolls back. It prints nothing |
//! | [`bootstrap`] | the CloudFormation templates of a deployer's resources in AWS, and their deployment |
//! | [`doctor`] | checks a deployer in AWS |
//! | `commands` | the command line: the only module that prints |

mod audit_location;
pub mod bootstrap;
pub mod client;
mod commands;
pub mod doctor;

pub use commands::{Age, AuditProgram, CommandContext, CommandError, CustomCommand, Program, TypedAge, one_line};

use bifrost_core::error_code::{ErrorCode, concat, count};

const MODULES: &[&[&[ErrorCode]]] = &[client::ERROR_CODES, commands::ERROR_CODES, bootstrap::ERROR_CODES];

/// The codes of the errors of this crate.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &concat::<{ count(MODULES) }>(MODULES);

// Test deployers are written with macros, which name the crate `bifrost`.
#[cfg(test)]
extern crate bifrost_core as bifrost;
