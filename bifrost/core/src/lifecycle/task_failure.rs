//! The standard failures: whatever the framework raises inside a handler, with its name on the wire.

use super::{
    BadRelease, FreezeError, Halt, HaltCheckError, LockConflict, LockFailure, LockLost, LockUnknown, OlderThanDeployed,
    ValidateFailure,
};
use crate::cloud::CloudError;
use crate::error_code::{Coded, CodedError};
use crate::json::{ParseError, ReadError};
use crate::release::{InvalidName, Replay};
use crate::task::TaskError;

/// The standard failures of tasks. Every error that the framework raises inside a handler becomes one with `?`.
///
/// A handler without errors of its own returns it:
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::lifecycle::{Context, TaskFailure};
/// # use bifrost::release::{Fields, Release};
///
/// async fn deploy<F: Fields, P>(context: &Context<P>, release: Release<F>) -> Result<Release<F>, TaskFailure> {
///     context.halt(&release.envelope).await?; // `HaltError`, or `HealthError` if S3 does not answer
///     let _ports = context.target(&release.envelope).await?; // `TransientError` or `PermanentError`
///     let _proof = context.lock_proof(&release.envelope).await?;
///     Ok(release)
/// }
/// ```
///
/// An enum of the deployer adds its own failures: `#[task_error(transparent)]` forwards the names and codes of the standard ones,
/// and generates the conversions. A type with a `#[from]` in another variant is converted into that one, as is one in
/// `#[task_error(from(…))]`, which is converted through the type of the variant's field.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::TaskError;
/// use bifrost::cloud::{CloudError, ErrorKind};
/// use bifrost::lifecycle::TaskFailure;
///
/// #[derive(Debug, thiserror::Error, TaskError)]
/// enum DeployFailure {
///     #[error("the service has no task definition")]
///     NoTasks, // `NoTasksError`
///     #[error(transparent)]
///     #[task_error(transparent)]
///     Standard(#[from] TaskFailure),
/// }
///
/// # let error = CloudError { operation: "ecs:UpdateService", resource: String::new(), kind: ErrorKind::Throttled,
/// #     code: String::new(), message: String::new(), request_id: None };
/// assert_eq!(DeployFailure::from(error).name(), "TransientError");
/// ```
///
/// `catch` and `retry` name either enum: `retry TaskFailure::Transient { max_attempts: 5 }`.
#[derive(Debug, thiserror::Error, TaskError, Coded)]
pub enum TaskFailure {
    /// The release is refused. `BadReleaseError` on the wire.
    #[error(transparent)]
    #[code(source)]
    BadRelease(#[from] BadRelease),
    /// The deploy must stop. `HaltError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Halt(#[from] Halt),
    /// It is not known whether the deploy must stop. `HealthError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Health(HaltCheckError),
    /// The release may not be deployed now. `LockExistsError` on the wire.
    #[error(transparent)]
    #[code(source)]
    LockExists(#[from] LockConflict),
    /// This execution does not hold the root lock, or it is not known. `LockError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Lock(#[from] LockUnknown),
    /// A call to AWS failed, and may succeed later: its kind [is transient](crate::cloud::ErrorKind::is_transient).
    /// `TransientError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Transient(CloudError),
    /// A call to AWS failed, and would fail again. `PermanentError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Permanent(CloudError),
    /// A handler read JSON that is not what it expects. `UnmarshalError` on the wire.
    #[error(transparent)]
    #[code(source)]
    Unmarshal(#[from] UnexpectedJson),
}

/// JSON that a handler reads or writes is not what it expects.
#[derive(Debug, thiserror::Error, Coded)]
pub enum UnexpectedJson {
    /// The text is not JSON.
    #[error(transparent)]
    #[code(source)]
    Parse(#[from] ParseError),
    /// A value has another shape than its type.
    #[error(transparent)]
    #[code(source)]
    Read(#[from] ReadError),
    /// A value has another shape than its type, or cannot be written as JSON.
    #[error("unexpected JSON: {0}")]
    #[code("task/unexpected-json", "find out who wrote the JSON that the message describes")]
    Serde(#[from] serde_json::Error),
}

impl From<CloudError> for TaskFailure {
    fn from(error: CloudError) -> Self {
        if error.kind.is_transient() { Self::Transient(error) } else { Self::Permanent(error) }
    }
}

/// A rule of the deployer, or the error of a call: a function that handlers and plans share returns both as [`CodedError`].
impl From<CodedError> for TaskFailure {
    fn from(error: CodedError) -> Self {
        match error.downcast_ref::<CloudError>() {
            Some(call) => call.clone().into(),
            None => BadRelease::from(error).into(),
        }
    }
}

impl From<HaltCheckError> for TaskFailure {
    fn from(error: HaltCheckError) -> Self {
        match error {
            HaltCheckError::Halt(halt) => Self::Halt(halt),
            HaltCheckError::Cloud(_) => Self::Health(error),
        }
    }
}

impl From<ReadError> for TaskFailure {
    fn from(error: ReadError) -> Self {
        if error.is_of_value() { BadRelease::rule(error).into() } else { UnexpectedJson::from(error).into() }
    }
}

impl From<LockFailure> for TaskFailure {
    fn from(error: LockFailure) -> Self {
        match error {
            LockFailure::LockExists(conflict) => conflict.into(),
            LockFailure::Lock(unknown) => unknown.into(),
        }
    }
}

macro_rules! task_failure_from {
    ($($source:ty => $between:ty),* $(,)?) => { $(
        impl From<$source> for TaskFailure {
            fn from(error: $source) -> Self {
                <$between>::from(error).into()
            }
        }
    )* };
}

task_failure_from! {
    FreezeError => CodedError,
    InvalidName => CodedError,
    LockLost => LockUnknown,
    OlderThanDeployed => BadRelease,
    ParseError => UnexpectedJson,
    Replay => BadRelease,
    ValidateFailure => BadRelease,
    serde_json::Error => UnexpectedJson,
}

/// The types that become a [`TaskFailure`]. `derive(TaskError)` generates their conversions for an enum with a transparent
/// variant, by these names.
#[doc(hidden)]
pub mod standard_sources {
    pub use crate::cloud::CloudError;
    pub use crate::error_code::CodedError;
    pub use crate::json::{ParseError, ReadError};
    pub use crate::lifecycle::{
        BadRelease, FreezeError, Halt, HaltCheckError, LockConflict, LockFailure, LockLost, LockUnknown,
        OlderThanDeployed, ValidateFailure,
    };
    pub use crate::release::{InvalidName, Replay};
    pub use serde_json::Error as JsonError;
}

/// The type of a variant with `#[task_error(transparent)]`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `TaskFailure`",
    label = "a variant with `#[task_error(transparent)]` holds a `bifrost::lifecycle::TaskFailure`"
)]
pub trait Standard: TaskError {
    fn standard(failure: TaskFailure) -> Self;
}

impl Standard for TaskFailure {
    fn standard(failure: TaskFailure) -> Self {
        failure
    }
}
