//! The errors that Odin's tasks raise. The name of a variant and `Error` is what the chart's `catch` and `retry` match.

use crate::findings::Findings;
use bifrost::TaskError;
use bifrost::cloud::CloudError;
use bifrost::halt::Halt;
use bifrost::lock::LockFailure;
use bifrost::validate::ValidateFailure;
use std::fmt::Display;

/// Deploy did not make what it should.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum DeployFailure {
    /// Somebody asked to stop, or time is over; nothing was made.
    #[error("{0}")]
    Halt(String),
    /// A file of the release is not the one that the release means.
    #[error("{0}")]
    BadRelease(String),
    /// Something could not be made.
    #[error("{0}")]
    Deploy(String),
}

/// The new groups are not known to be healthy, or shall not become so.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum HealthFailure {
    /// Somebody asked to stop, time is over, or too many instances terminate.
    #[error("{0}")]
    Halt(String),
    /// The health could not be found out.
    #[error("{0}")]
    Health(String),
}

/// Groups are not detached from their balancers.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum DetachFailure {
    /// Not yet: balancers drain, or the new groups are not healthy enough to be alone.
    #[error("{0}")]
    Detach(String),
    /// A call failed.
    #[error("{0}")]
    CleanUp(String),
}

/// What should be gone is not.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum CleanUpFailure {
    /// A resource could not be removed.
    #[error("{0}")]
    CleanUp(String),
    /// The root lock, or the halt flag, could not be removed.
    #[error("{0}")]
    Lock(String),
}

impl From<Findings> for ValidateFailure {
    fn from(findings: Findings) -> Self {
        Self::BadRelease(findings.to_string())
    }
}

impl From<ValidateFailure> for DeployFailure {
    fn from(ValidateFailure::BadRelease(message): ValidateFailure) -> Self {
        Self::BadRelease(message)
    }
}

impl From<Halt> for DeployFailure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unknown(_) => Self::Deploy(halt.to_string()),
            Halt::Asked(_) | Halt::TimedOut { .. } => Self::Halt(halt.to_string()),
        }
    }
}

impl From<Halt> for HealthFailure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unknown(_) => Self::Health(halt.to_string()),
            Halt::Asked(_) | Halt::TimedOut { .. } => Self::Halt(halt.to_string()),
        }
    }
}

/// A cloud's error says by itself which call on which resource failed, with AWS's code.
macro_rules! from_cloud_error {
    ($($failure:ident::$variant:ident)*) => { $(
        impl From<CloudError> for $failure {
            fn from(error: CloudError) -> Self {
                Self::$variant(error.to_string())
            }
        }

        impl From<Vec<CloudError>> for $failure {
            fn from(errors: Vec<CloudError>) -> Self {
                Self::$variant(all(&errors))
            }
        }
    )* };
}

from_cloud_error! { DeployFailure::Deploy HealthFailure::Health DetachFailure::CleanUp CleanUpFailure::CleanUp }

impl From<LockFailure> for CleanUpFailure {
    fn from(failure: LockFailure) -> Self {
        Self::Lock(failure.to_string())
    }
}

/// Several errors as one message.
pub(crate) fn all(errors: &[impl Display]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
