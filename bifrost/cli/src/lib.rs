//! The commands that every deployer written with `bifrost` gets. Use it through that crate.
//!
//! | module | what |
//! | --- | --- |
//! | [`client`] | prepares, uploads, starts, follows; halts, freezes, plans, rolls back. It prints nothing |
//! | [`bootstrap`] | what a deployer needs in AWS: CloudFormation templates, and how they are deployed |
//! | [`doctor`] | what may be wrong with a deployer in AWS |
//! | `commands` | the command line. Nothing else prints |

pub mod bootstrap;
pub mod client;
mod commands;
pub mod doctor;

pub use commands::{CommandContext, CommandError, CustomCommand, Program, one_line};

// Test deployers are written with macros, which name the crate `bifrost`.
#[cfg(test)]
extern crate bifrost_core as bifrost;
