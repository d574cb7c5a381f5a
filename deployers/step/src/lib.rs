//! Step, the deployer of deployers: it updates a Step Functions state machine and its Lambda function.
//!
//! A release has the code's hash and the state machine's definition. `ValidateResources` checks both before anything changes
//! ([`resources`], [`package`]), and `Deploy` updates both, or neither ([`handlers`]).

#[cfg(feature = "cli")]
mod archive;
#[cfg(feature = "cli")]
mod client;
pub mod cloud;
mod deployer;
mod errors;
pub mod handlers;
mod machine;
pub mod package;
#[cfg(feature = "cli")]
mod plan;
pub mod release;
pub mod resources;
mod rules;

pub use errors::{DeployFailure, NotUndone, Undone, UpdateError};
pub use machine::Step;

use bifrost::error_code::{Coded, ErrorCode};

/// All codes of Step's own errors, for `docs/errors.md`.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[
    rules::CODES,
    <UpdateError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <client::AttachError as Coded>::CODES,
    #[cfg(feature = "cli")]
    <archive::ArchiveError as Coded>::CODES,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique() {
        let codes: Vec<_> = super::ERROR_CODES.iter().copied().flatten().map(|it| it.code).collect();
        assert_eq!(codes.len(), codes.iter().collect::<BTreeSet<_>>().len());
        assert!(codes.iter().all(|code| code.starts_with("step/")), "{codes:?}");
    }
}
