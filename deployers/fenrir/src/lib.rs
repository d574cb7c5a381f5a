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
mod impact;
#[cfg(test)]
mod lab;
pub mod log;
mod machine;
pub mod names;
mod new_change_set;
mod owner;
pub mod pace;
#[cfg(feature = "cli")]
pub mod package;
mod permissions;
#[cfg(feature = "cli")]
mod plan;
#[cfg(feature = "cli")]
pub mod prepare;
pub mod release;
pub mod resolve;
pub mod rules;
pub mod template;
#[cfg(feature = "cli")]
mod told;

pub use errors::{ChangeSetFailure, CleanUpFailure, LookFailure, StackFailure};
pub use machine::Fenrir;
