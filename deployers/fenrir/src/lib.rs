//! Fenrir: deploys AWS SAM applications by CloudFormation change sets.
//!
//! A template goes this way: it is read (`template`), held against the rules of each resource type and rewritten with what
//! the target account says of the names in it (`rules`), and handed to CloudFormation as a change set (`handlers`).

pub mod cloud;
#[cfg(feature = "cli")]
pub mod package;
pub mod release;
pub mod rules;
pub mod template;
