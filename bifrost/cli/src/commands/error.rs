//! Why a command did not do what it was asked, and what it exits with then.

use super::custom_command::CommandError;
use crate::bootstrap::{ApplyError, CodeError, TEMPLATE_LIMIT_BYTES};
use crate::client::{
    AddressError, FreezeFailure, HaltFailure, PlanFailure, PrepareError, RollbackFailure, StartFailure,
};
use bifrost_core::cloud::{CloudError, ErrorKind};
use bifrost_core::deployer::ConnectError;
use bifrost_core::json;
use bifrost_core::release::{AccountId, InvalidName};
#[cfg(feature = "local")]
use bifrost_local::{EngineError, SeedError, StoreError};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A command failed. Its message is all that a person is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Prepare(Box<PrepareError>),
    #[error(transparent)]
    Start(Box<StartFailure>),
    #[error(transparent)]
    Halt(Box<HaltFailure>),
    #[error(transparent)]
    Rollback(Box<RollbackFailure>),
    #[error(transparent)]
    Plan(Box<PlanFailure>),
    /// `plan` has exit codes of its own.
    #[error(transparent)]
    NoPlan(Box<CliError>),
    #[error("{0}")]
    CustomCommand(CommandError),
    #[error(transparent)]
    Usage(clap::Error),
    #[error(transparent)]
    Freeze(#[from] FreezeFailure),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("{0}{log_in}", log_in = LogIn(.0))]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[cfg(feature = "local")]
    #[error(transparent)]
    WorldFile(#[from] SeedError),
    #[cfg(feature = "local")]
    #[error(transparent)]
    Store(#[from] StoreError),
    #[cfg(feature = "local")]
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("cannot read scenario {path}: {source}")]
    Scenario { path: PathBuf, source: io::Error },
    #[error("{path}: {source}")]
    ScenarioSyntax { path: PathBuf, source: json::ParseError },
    #[error("{path}: with this scenario the world would be none: {source}")]
    ScenarioContent { path: PathBuf, source: json::ReadError },
    #[error("{0} is in use: a deploy runs in this world; wait for its end, or halt it")]
    LocalCloudInUse(PathBuf),
    #[error("there is no execution {0}; `history` without a name lists them")]
    NoExecution(String),
    #[error("the definition of the state machine is refused: {0}")]
    Definition(#[from] bifrost_asl::InvalidDefinition),
    #[error(
        "this build of {0} does not reach AWS: add --local to use the embedded world, or build it with its feature `aws`"
    )]
    NoAws(&'static str),
    #[error(
        "this build of {0} does not reach AWS: build it with --features aws, or deploy the template that it prints"
    )]
    NoGround(&'static str),
    #[error("a target account trusts the deployer of one account: name that with --deployer-account")]
    NoDeployerAccount,
    #[error(
        "the credentials are of account {found}, and this belongs into {asked}: choose a profile of that account with AWS_PROFILE"
    )]
    AnotherAccount { found: AccountId, asked: AccountId },
    #[error(
        "the template has {0} bytes, and CloudFormation takes {TEMPLATE_LIMIT_BYTES}: shorten the state machine's comments"
    )]
    LargeTemplate(usize),
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error("this build of {0} has no embedded world: build it with --features local")]
    NoLocal(&'static str),
    #[error("--scenario changes an embedded world, and AWS is none: add --local")]
    NoScenario,
    #[error(
        "an embedded world needs no doctor: it has no function, roles or settings that could be wrong; leave --local out to examine {0} in AWS"
    )]
    DoctorNeedsAws(&'static str),
    #[error("this build of {0} does not serve a Lambda function: build it with --features lambda")]
    NoLambda(&'static str),
    #[error("cannot start: {0}")]
    Runtime(#[source] io::Error),
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
    #[error(
        "{source}; how execution {execution} ends is not known: it goes on, and `status` and `history` tell where it is"
    )]
    Lost { execution: String, source: Box<CliError> },
}

/// What to do about credentials that AWS does not take any more.
struct LogIn<'a>(&'a CloudError);

impl fmt::Display for LogIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            ErrorKind::NotAuthenticated => f.write_str("; log in anew, such as with `aws sso login`"),
            _ => Ok(()),
        }
    }
}

/// These are large, and every `Result` of a command would be.
macro_rules! boxed {
    ($($variant:ident($error:ty))*) => { $(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )* };
}

boxed! { Prepare(PrepareError) Start(StartFailure) Halt(HaltFailure) Rollback(RollbackFailure) Plan(PlanFailure) }

impl CliError {
    /// 2 means that nothing was changed; an execution that was started may change things without us.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Lost { .. } => 3,
            Self::NoPlan(_) => 1,
            Self::Apply(error) if error.is_stuck() => 3,
            _ => 2,
        }
    }
}
