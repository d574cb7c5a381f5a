//! Fenrir deploys AWS SAM applications with CloudFormation change sets.
//!
//! A template is read ([`template`]), then checked against the rules of each resource type, with names replaced by what
//! they are in the target account ([`rules`]), then passed to CloudFormation as a change set ([`handlers`]).

#[cfg(feature = "cli")]
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
mod interference;
pub mod log;
mod machine;
pub mod names;
mod new_change_set;
#[cfg(feature = "cli")]
pub mod package;
mod permissions;
#[cfg(feature = "cli")]
mod plan;
pub mod poll_interval;
#[cfg(feature = "cli")]
pub mod prepare;
pub mod release;
mod remediation;
pub mod resolve;
pub mod rules;
mod sam;
#[cfg(feature = "cli")]
mod summary;
pub mod template;

pub use errors::{ChangeSetError, ChangeSetFailure, CleanUpError, CleanUpFailure, StackCheckError, StackFailure};
pub use interference::Interference;
pub use machine::Fenrir;

use bifrost::error_code::{Coded, ErrorCode};

/// All codes of Fenrir's own errors, for `docs/errors.md`.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[
    <template::FindingCode as Coded>::CODES,
    <resolve::ReleaseTemplateError as Coded>::CODES,
    <errors::ReleaseError as Coded>::CODES,
    <errors::ChangeSetError as Coded>::CODES,
    <interference::Interference as Coded>::CODES,
    <errors::StackError as Coded>::CODES,
    <errors::CleanUpError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <template::OpenError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <prepare::AttachError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <package::PackageError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <package::ArtifactError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <package::ArchiveError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <package::ToolError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <package::TreeError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <plan::PlanError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <commands::NoStack as Coded>::CODES,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique() {
        let codes: Vec<_> = super::ERROR_CODES.iter().copied().flatten().map(|it| it.code).collect();
        assert_eq!(codes.len(), codes.iter().collect::<BTreeSet<_>>().len(), "{codes:?}");
        let areas = ["fenrir", "package", "template"];
        assert!(codes.iter().all(|code| areas.contains(&code.split('/').next().unwrap())), "{codes:?}");
    }
}
