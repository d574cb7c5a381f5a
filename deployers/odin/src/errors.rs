//! The errors of Odin's tasks. The name of a variant of a `…Failure`, with `Error`, is what `catch` and `retry` match.
//!
//! The trait `TaskError` is not imported: its `code` would hide that of `Coded` from the derives.

use crate::release::ServiceName;
use crate::stopped::Stopped;
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, ErrorCode, full_message, with_code};
use bifrost::lifecycle::{BadRelease, Halt, HaltCheckError, ValidateFailure};
use chrono::{DateTime, SecondsFormat, Utc};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Deploy failed.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum DeployFailure {
    /// The deploy must stop, and nothing was created.
    #[error(transparent)]
    #[code(source)]
    Halt(Halt),
    /// The user data cannot be read, or is not what the release states.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(ValidateFailure))]
    BadRelease(BadRelease),
    /// Some resources may exist, others do not.
    #[error(transparent)]
    #[code(source)]
    Deploy(#[from] DeployError),
}

/// Why not everything was created.
#[derive(Debug, thiserror::Error, Coded)]
pub enum DeployError {
    /// It is not known whether the deploy must stop.
    #[error(transparent)]
    #[code(source)]
    HaltCheck(HaltCheckError),
    /// Calls to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] Errors<CloudError>),
    /// Services were not created, or not completely.
    #[error(transparent)]
    #[code(source)]
    Services(#[from] Errors<ServiceError<CreateError>>),
}

/// Why a service was not created.
#[derive(Debug, thiserror::Error, Coded)]
pub enum CreateError {
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// Deploy got a release whose resources were never looked up.
    #[error("its resources are not resolved: the state machine must run ValidateResources before Deploy")]
    #[code("odin/not-resolved", "deploy with the state machine that `odin asl` prints: `odin doctor` compares it")]
    NotResolved,
}

/// The health of the new groups is not known, or they cannot become healthy.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum HealthFailure {
    /// The deploy must stop.
    #[error(transparent)]
    #[code(source)]
    Halt(#[from] Stopped),
    /// An alarm of the release fires, or does not exist.
    #[error(transparent)]
    #[code(source)]
    Alarm(#[from] Errors<AlarmProblem>),
    /// The health is not known.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(HealthError))]
    Health(#[from] HealthCheckError),
}

/// Why an alarm of the release does not let the deploy continue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
pub enum AlarmProblem {
    /// It fires.
    #[error(
        "alarm {alarm} fires{}{}; find out why before you deploy",
        since.map(|time| format!(" since {}", time.to_rfc3339_opts(SecondsFormat::Secs, true))).unwrap_or_default(),
        if reason.is_empty() { String::new() } else { format!(": {reason}") }
    )]
    #[code(
        "odin/alarm-firing",
        "find out why the alarm fires; `ignore_firing_alarms` deploys in spite of alarms that fired before"
    )]
    Firing {
        /// The name of the alarm.
        alarm: String,
        /// Since when it fires.
        since: Option<DateTime<Utc>>,
        /// CloudWatch's explanation.
        reason: String,
    },
    /// It does not exist.
    #[error("alarm {alarm} does not exist, so nothing shows whether the release works: create it, or correct the name")]
    #[code("odin/alarm-missing", "create the alarm, or correct its name in `alarms`")]
    Missing {
        /// The name of the alarm.
        alarm: String,
    },
}

/// Why `CheckHealthy` cannot tell whether the new groups are healthy.
#[derive(Debug, thiserror::Error, Coded)]
pub enum HealthCheckError {
    /// It is not known whether the deploy must stop.
    #[error(transparent)]
    #[code(source)]
    HaltCheck(HaltCheckError),
    /// Calls to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] Errors<CloudError>),
    /// The health of a service is not known.
    #[error(transparent)]
    #[code(source)]
    Service(#[from] HealthError),
}

/// Why the health of a service is not known.
#[derive(Debug, thiserror::Error, Coded)]
pub enum HealthError {
    /// The group does not exist any more.
    #[error(transparent)]
    #[code(source)]
    Deleted(#[from] GroupDeleted),
    /// A balancer did not answer.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] ServiceError<CloudError>),
}

/// Something other than this deploy deleted a new group of the release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error(
    "service {service}: its new group {group} does not exist any more, and this deploy did not delete it; keep the old \
     groups, find out what deleted the new one, and deploy a new release"
)]
#[code("odin/group-deleted", "keep the old groups; find out what deleted the new one, then deploy a new release")]
pub struct GroupDeleted {
    /// The service.
    pub service: ServiceName,
    /// The name of the group.
    pub group: String,
}

/// The old groups are not detached.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum DetachFailure {
    /// Not yet: the task runs again.
    #[error(transparent)]
    #[code(source)]
    Detach(#[from] NotDetached),
    /// A call failed.
    #[error(transparent)]
    #[code(source)]
    CleanUp(#[from] DetachError),
}

/// Why the old groups are not detached yet.
#[derive(Debug, thiserror::Error, Coded)]
pub enum NotDetached {
    /// The new groups are not healthy enough to serve alone.
    #[error(transparent)]
    #[code(source)]
    BelowCapacity(#[from] BelowCapacity),
    /// A new group does not exist any more.
    #[error(transparent)]
    #[code(source)]
    Deleted(#[from] GroupDeleted),
    /// Old groups are detached, but balancers still have connections to their instances.
    #[error("{}", .0.join("; "))]
    #[code("odin/draining", "nothing to do: Odin checks again for 10 minutes; then the deploy continues", waiting)]
    Draining(Vec<String>),
    /// Old groups are detached, but their instances wait for lifecycle hooks before they terminate.
    #[error("{}", .0.join("; "))]
    #[code(
        "odin/hooks-running",
        "nothing to do: Odin waits up to 10 minutes for the hooks; then it terminates the instances",
        waiting
    )]
    HooksRunning(Vec<String>),
}

/// Why groups could not be detached.
#[derive(Debug, thiserror::Error, Coded)]
pub enum DetachError {
    /// Calls to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] Errors<CloudError>),
    /// The health of a service is not known.
    #[error(transparent)]
    #[code(source)]
    Service(#[from] ServiceError<CloudError>),
}

/// The new groups have too few healthy instances to serve without the old ones.
///
/// An instance may fail after `CheckHealthy` found the release healthy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error(
    "the new groups have too few healthy instances, so the old groups are kept: {}",
    .0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
)]
#[code(
    "odin/below-capacity",
    "find out why instances of the new groups are unhealthy; keep the old groups until the new ones are healthy"
)]
pub struct BelowCapacity(pub(crate) Vec<ServiceBelowCapacity>);

/// A service with too few healthy instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceBelowCapacity {
    /// The service.
    pub service: ServiceName,
    /// How many instances are healthy.
    pub healthy: u32,
    /// How many must be.
    pub required: u32,
}

impl fmt::Display for ServiceBelowCapacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, healthy, required } = self;
        write!(f, "{service} has {healthy} of {required}")
    }
}

/// Resources that should be deleted are left over.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum CleanUpFailure {
    /// A resource was not deleted.
    #[error(transparent)]
    #[code(source)]
    #[task_error(from(HealthError))]
    CleanUp(#[from] CleanUpError),
}

/// Why resources are left over.
#[derive(Debug, thiserror::Error, Coded)]
pub enum CleanUpError {
    /// Calls to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] Errors<CloudError>),
    /// The old groups are kept, because the new ones are not healthy enough.
    #[error(transparent)]
    #[code(source)]
    BelowCapacity(#[from] BelowCapacity),
    /// The old groups are kept, because the health of the new ones is not known.
    #[error(transparent)]
    #[code(source)]
    Health(#[from] HealthError),
    /// Groups that are being deleted still use some resources.
    #[error("groups that are being deleted still use {}", .0.join(", "))]
    #[code(
        "odin/still-used",
        "nothing to do: Odin tries again for some minutes; then it ends, and the next deploy deletes what is left",
        waiting
    )]
    StillUsed(Vec<String>),
}

/// The file with the user data cannot be read.
#[derive(Debug, thiserror::Error, Coded)]
#[error(
    "cannot read the user data in {path}: {source}; create that file beside the release file, or check its permissions"
)]
#[code("odin/user-data-file", "create the file `<release file>.userdata`, or check its size and permissions")]
pub struct UserDataFile {
    pub(crate) path: PathBuf,
    pub(crate) source: io::Error,
}

/// An error that concerns one service.
#[derive(Debug, thiserror::Error, Coded)]
#[error("service {service}: {source}")]
#[code(source)]
pub struct ServiceError<E: Coded + 'static> {
    /// The service.
    pub service: ServiceName,
    /// What went wrong.
    pub source: Box<E>,
}

impl<E: Coded + 'static> ServiceError<E> {
    pub(crate) fn new(service: &ServiceName, source: E) -> Self {
        Self { service: service.clone(), source: Box::new(source) }
    }
}

/// Errors of calls that were made at the same time, at least one, in the order of the calls.
///
/// Printed as one line each. All lines but the first begin with their code: whatever prints an error prints the
/// [code](Coded::code) of the first.
#[derive(Debug)]
pub struct Errors<E>(Vec<E>);

impl<E: Coded + 'static> Error for Errors<E> {}

impl<E: Coded + 'static> Coded for Errors<E> {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        self.0.first().map_or("aws/unavailable", Coded::code)
    }
}

impl<E: Coded + 'static> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else { return Ok(()) };
        f.write_str(&full_message(first))?;
        rest.iter().try_for_each(|error| write!(f, "\n{}", with_code(error.code(), &full_message(error))))
    }
}

impl<E> From<Vec<E>> for Errors<E> {
    fn from(errors: Vec<E>) -> Self {
        Self(errors)
    }
}

impl From<HaltCheckError> for DeployFailure {
    fn from(error: HaltCheckError) -> Self {
        match error {
            HaltCheckError::Halt(halt) => Self::Halt(halt),
            HaltCheckError::Cloud(_) => DeployError::HaltCheck(error).into(),
        }
    }
}

impl From<HaltCheckError> for HealthFailure {
    fn from(error: HaltCheckError) -> Self {
        match error {
            HaltCheckError::Halt(halt) => Stopped { source: halt.into(), waiting: Vec::new() }.into(),
            HaltCheckError::Cloud(_) => HealthCheckError::HaltCheck(error).into(),
        }
    }
}

/// Errors of AWS, one or several, as the failure of a task.
macro_rules! from_cloud_errors {
    ($($failure:ident by $error:ident)*) => { $(
        impl From<CloudError> for $failure {
            fn from(error: CloudError) -> Self {
                vec![error].into()
            }
        }

        impl From<Vec<CloudError>> for $failure {
            fn from(errors: Vec<CloudError>) -> Self {
                $error::Cloud(errors.into()).into()
            }
        }
    )* };
}

from_cloud_errors! {
    DeployFailure by DeployError
    HealthFailure by HealthCheckError
    DetachFailure by DetachError
    CleanUpFailure by CleanUpError
}

impl From<HealthError> for DetachFailure {
    fn from(error: HealthError) -> Self {
        match error {
            HealthError::Deleted(error) => NotDetached::Deleted(error).into(),
            HealthError::Cloud(error) => DetachError::Service(error).into(),
        }
    }
}
