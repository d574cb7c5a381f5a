//! The errors of Step's tasks. The name of a variant of [`DeployFailure`], with `Error`, is what `catch` matches.
//!
//! The trait `TaskError` is not imported: its `code` would hide that of `Coded` from the derives.

use crate::release::{FunctionName, MachineName};
use bifrost::cloud::CloudError;
use bifrost::error_code::Coded;
use bifrost::lifecycle::{BadRelease, ValidateFailure};

/// Deploy failed.
#[derive(Debug, thiserror::Error, bifrost::TaskError, Coded)]
pub enum DeployFailure {
    /// State machine and function are as they were before.
    #[error(transparent)]
    #[code(source)]
    DeploySFN(#[from] Undone),
    /// State machine or function is not as it was before, or it is not known.
    #[error(transparent)]
    #[code(source)]
    DeployLambda(#[from] NotUndone),
}

/// An update that changed nothing, or was undone completely.
#[derive(Debug, thiserror::Error, Coded)]
#[error("{0}; the state machine and the function are as they were before this deploy")]
#[code(source)]
pub struct Undone(#[source] pub UpdateError);

/// An update that was not undone completely.
#[derive(Debug, thiserror::Error, Coded)]
#[error("{source}; this deploy could not be undone completely: {}", .left.join("; "))]
#[code(source)]
pub struct NotUndone {
    /// Why the deploy failed.
    pub source: UpdateError,
    /// What is not as it was before, and where; never empty.
    pub left: Vec<String>,
}

/// Why an update failed.
#[derive(Debug, thiserror::Error, Coded)]
pub enum UpdateError {
    /// A call to AWS failed.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
    /// The code cannot be read, or is not what the release states.
    #[error(transparent)]
    #[code(source)]
    Code(BadRelease),
    /// Deploy got a release that `ValidateResources` did not see.
    #[error("what is deployed now is not recorded: the state machine must run ValidateResources before Deploy")]
    #[code("step/not-recorded", "deploy with the state machine that `step-deployer asl` prints")]
    NotRecorded,
    /// Somebody else changed the function or the state machine during the deploy.
    #[error("{0} was changed by somebody else during this deploy, and is left as it is")]
    #[code("step/changed-meanwhile", "find out who changes it without this deployer, then deploy again")]
    ChangedMeanwhile(Resource),
    /// Lambda could not update the function.
    #[error("Lambda could not update function {function}: {reason}")]
    #[code("step/update-failed", "fix the cause that Lambda names, then deploy again")]
    UpdateFailed {
        /// The function.
        function: FunctionName,
        /// Lambda's reason.
        reason: String,
    },
    /// Lambda takes longer than a task may.
    #[error("Lambda did not finish the update of function {function} within {seconds} s")]
    #[code("step/update-takes-too-long", "see the state of the function in the target account, then deploy again")]
    TakesTooLong {
        /// The function.
        function: FunctionName,
        /// How long the deploy waited.
        seconds: u64,
    },
}

impl From<ValidateFailure> for UpdateError {
    fn from(ValidateFailure::BadRelease(error): ValidateFailure) -> Self {
        Self::Code(error)
    }
}

/// What a deploy changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Resource {
    /// The function.
    #[error("function {0}")]
    Function(FunctionName),
    /// The state machine.
    #[error("state machine {0}")]
    StateMachine(MachineName),
}
