//! Odin: deploys each service of a release as an auto-scaling group, blue/green.

pub mod capacity;
#[cfg(feature = "cli")]
mod client;
pub mod cloud;
#[cfg(feature = "cli")]
pub mod commands;
mod concurrently;
mod deployer;
mod errors;
#[cfg(feature = "cli")]
pub mod fleet;
#[cfg(feature = "cli")]
mod group_state;
pub mod groups;
pub mod handlers;
#[cfg(test)]
mod harness;
pub mod health;
mod launch_failures;
mod machine;
pub mod names;
pub mod pace;
#[cfg(feature = "cli")]
pub mod parity;
mod permissions;
#[cfg(feature = "cli")]
mod plan;
pub mod release;
mod release_log;
mod resources;
mod rules;
mod safe_release;
mod stopped;

pub use errors::{
    AlarmProblem, BelowCapacity, CleanUpError, CleanUpFailure, CreateError, DeployError, DeployFailure, DetachError,
    DetachFailure, Errors, GroupDeleted, HealthCheckError, HealthError, HealthFailure, NotDetached,
    ServiceBelowCapacity, ServiceError, UserDataFile,
};
pub use machine::Odin;
pub use stopped::{CannotLaunch, StopReason, Stopped};

use bifrost::error_code::{Coded, ErrorCode};

/// All codes of Odin's own errors, for `docs/errors.md`.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[
    rules::CODES,
    <CreateError as Coded>::CODES,
    <AlarmProblem as Coded>::CODES,
    <NotDetached as Coded>::CODES,
    <BelowCapacity as Coded>::CODES,
    <CleanUpError as Coded>::CODES,
    <GroupDeleted as Coded>::CODES,
    <UserDataFile as Coded>::CODES,
    <health::TooManyTerminating as Coded>::CODES,
    <CannotLaunch as Coded>::CODES,
    #[cfg(feature = "cli")]
    <fleet::FleetGap as Coded>::CODES,
    #[cfg(feature = "cli")]
    <parity::ParityError as Coded>::CODES,
];

#[cfg(all(test, feature = "cli"))]
mod advice_tests;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique() {
        let codes: Vec<_> = super::ERROR_CODES.iter().copied().flatten().map(|it| it.code).collect();
        assert_eq!(codes.len(), codes.iter().collect::<BTreeSet<_>>().len());
        assert!(codes.iter().all(|code| code.starts_with("odin/")));
    }
}
