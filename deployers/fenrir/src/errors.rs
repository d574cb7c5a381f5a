//! The errors that Fenrir's tasks raise. The name of a variant and `Error` is what the chart's `catch` and `retry` match.

use bifrost::TaskError;
use bifrost::cloud::CloudError;
use bifrost::halt::Halt;
use bifrost::lock::LockFailure;
use bifrost::validate::ValidateFailure;

/// There is no change set.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum ChangeSetFailure {
    /// The template is not what it was, or what it refers to is not.
    #[error("{0}")]
    BadRelease(String),
    /// It could not be made, or the stack is in no state to be changed.
    #[error("{0}")]
    Deploy(String),
}

/// What became of the change set is not known, or nobody wants it any more.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum WatchFailure {
    /// Somebody asked to stop, or time is over; the stack is as it was.
    #[error("{0}")]
    Halt(String),
    /// The template is not what it was, or what it refers to is not.
    #[error("{0}")]
    BadRelease(String),
    /// A call failed.
    #[error("{0}")]
    Deploy(String),
}

/// The change set was not executed, or what became of it is not known.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum StackFailure {
    /// A call failed.
    #[error("{0}")]
    Deploy(String),
}

/// What should be gone is not.
#[derive(Debug, thiserror::Error, TaskError)]
pub enum CleanUpFailure {
    /// The stack or the change set could not be removed, or the stack cannot be used as it is.
    #[error("{0}")]
    CleanUp(String),
    /// Whether the root lock is held is not known.
    #[error("{0}")]
    Lock(String),
}

impl From<ValidateFailure> for ChangeSetFailure {
    fn from(ValidateFailure::BadRelease(message): ValidateFailure) -> Self {
        Self::BadRelease(message)
    }
}

impl From<ValidateFailure> for WatchFailure {
    fn from(ValidateFailure::BadRelease(message): ValidateFailure) -> Self {
        Self::BadRelease(message)
    }
}

impl From<ChangeSetFailure> for WatchFailure {
    fn from(failure: ChangeSetFailure) -> Self {
        match failure {
            ChangeSetFailure::BadRelease(message) => Self::BadRelease(message),
            ChangeSetFailure::Deploy(message) => Self::Deploy(message),
        }
    }
}

impl From<Halt> for WatchFailure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unknown(_) => Self::Deploy(halt.to_string()),
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
    )* };
}

from_cloud_error! { ChangeSetFailure::Deploy WatchFailure::Deploy StackFailure::Deploy CleanUpFailure::CleanUp }

impl From<LockFailure> for CleanUpFailure {
    fn from(failure: LockFailure) -> Self {
        Self::Lock(failure.to_string())
    }
}
