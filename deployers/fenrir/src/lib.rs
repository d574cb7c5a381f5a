//! Fenrir: deploys AWS SAM applications by CloudFormation change sets.
//!
//! A template goes this way: it is read ([`template`]), held against the rules of each resource type and rewritten with what
//! the target account says of the names in it ([`rules`]), and handed to CloudFormation as a change set ([`handlers`]).

mod boundary;
#[cfg(feature = "cli")]
mod client;
pub mod cloud;
#[cfg(feature = "cli")]
pub mod commands;
mod deployer;
mod errors;
pub mod handlers;
#[cfg(test)]
mod harness;
mod impact;
pub mod log;
mod machine;
pub mod names;
mod new_change_set;
mod ownership;
#[cfg(feature = "cli")]
pub mod package;
mod permissions;
#[cfg(feature = "cli")]
mod plan;
pub mod poll_interval;
#[cfg(feature = "cli")]
pub mod prepare;
pub mod release;
pub mod resolve;
pub mod rules;
#[cfg(feature = "cli")]
mod summary;
pub mod template;

pub use errors::{ChangeSetFailure, CleanUpFailure, StackFailure, WatchFailure};
pub use machine::Fenrir;
