//! The errors of commands, and their exit codes.

use super::audit::AuditCliError;
use super::custom_command::CommandError;
use super::new::NewError;
use crate::bootstrap::{ApplyError, CodeError, TEMPLATE_LIMIT_BYTES};
use crate::client::{
    AddressError, AllDeployedError, FreezeFailure, HaltFailure, PlanFailure, PrepareError, RollbackFailure,
    StartFailure,
};
use bifrost_core::cloud::{CloudError, ErrorKind};
use bifrost_core::deployer::{ConnectError, InvalidPrefix};
use bifrost_core::error_code::{Coded, CodedError};
#[cfg(feature = "local")]
use bifrost_core::json;
use bifrost_core::people::ActError;
#[cfg(feature = "local")]
use bifrost_core::release::Region;
use bifrost_core::release::{AccountId, BucketName, InvalidName, StepOptIn};
#[cfg(feature = "local")]
use bifrost_local::{EngineError, SeedError, StoreError};
use std::fmt;
use std::io;
#[cfg(feature = "local")]
use std::path::PathBuf;

/// A command failed. Users see the message and the code.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(super) enum CliError {
    #[error(transparent)]
    #[code(source)]
    Prepare(Box<PrepareError>),
    #[error(transparent)]
    #[code(source)]
    Start(Box<StartFailure>),
    #[error(transparent)]
    #[code(source)]
    Halt(Box<HaltFailure>),
    #[error(transparent)]
    #[code(source)]
    Rollback(Box<RollbackFailure>),
    #[error(transparent)]
    #[code(source)]
    Plan(Box<PlanFailure>),
    /// `plan` has its own exit codes.
    #[error(transparent)]
    #[code(source)]
    NoPlan(Box<CliError>),
    #[error(transparent)]
    #[code(source)]
    CustomCommand(CommandError),
    /// The command line is wrong: an unknown command or option, a missing argument, or an invalid value.
    #[error(transparent)]
    #[code("cli/usage", "run the command with `--help`")]
    Usage(clap::Error),
    #[error(transparent)]
    #[code(source)]
    Freeze(Box<FreezeFailure>),
    #[error(transparent)]
    #[code(source)]
    Act(Box<ActError>),
    #[error(transparent)]
    #[code(source)]
    Address(Box<AddressError>),
    #[error(transparent)]
    #[code(source)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    #[code(source)]
    Prefix(#[from] InvalidPrefix),
    #[error("{0}{log_in}", log_in = LogIn(.0))]
    #[code(source)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    #[code(source)]
    Audit(Box<AuditCliError>),
    #[error(transparent)]
    #[code(source)]
    New(Box<NewError>),
    /// Users of one project may not read what is deployed of all projects.
    #[error("{0}; `status` with a project does not need it")]
    #[code(source)]
    AllDeployedDenied(Box<AllDeployedError>),
    #[error(transparent)]
    #[code(source)]
    Connect(Box<ConnectError>),
    #[cfg(feature = "local")]
    #[error(transparent)]
    #[code(source)]
    Seed(#[from] SeedError),
    #[cfg(feature = "local")]
    #[error(transparent)]
    #[code(source)]
    Store(#[from] StoreError),
    /// The file of the local cloud was written by another version.
    #[cfg(feature = "local")]
    #[error(
        "{source}; to delete its content and start again, run {deploy}; to keep it, pass another file with --cloud FILE"
    )]
    #[code(source)]
    OldLocalCloud { source: StoreError, deploy: String },
    #[cfg(feature = "local")]
    #[error(transparent)]
    #[code(source)]
    Engine(#[from] EngineError),
    #[cfg(feature = "local")]
    /// The scenario file cannot be read.
    #[error("cannot read scenario {path}: {source}; check the path and its permissions")]
    #[code("scenario/unreadable", "check the path given with `--scenario` and its permissions")]
    Scenario { path: PathBuf, source: io::Error },
    #[cfg(feature = "local")]
    /// The scenario file is not JSON.
    #[error("{path}: {source}")]
    #[code("scenario/syntax", "correct the JSON at the line and column that the message names")]
    ScenarioSyntax { path: PathBuf, source: json::ParseError },
    #[cfg(feature = "local")]
    /// The scenario, a JSON merge patch, does not produce a valid state of the local cloud.
    #[error("{path}: scenario produces an invalid local cloud: {}", bifrost_local::shortened(&source.to_string()))]
    #[code("scenario/invalid", "correct the scenario at the JSON path that the message names")]
    ScenarioContent { path: PathBuf, source: json::ReadError },
    #[cfg(feature = "local")]
    /// Another process runs a deploy in the local cloud, so it cannot be reset.
    #[error("{0} is in use: another process runs a deploy in it; wait until that deploy ends, or halt it")]
    #[code("local/in-use", "wait until the running deploy ends, or halt it with `halt`")]
    LocalCloudInUse(PathBuf),
    #[cfg(feature = "local")]
    /// The deployer of the local cloud is in another account than `--deployer-account` says.
    #[error(
        "the deployer of this local cloud is in account {found}, not {asked}: leave out --deployer-account, or pass a seed with \
         that `deployer_account` with --cloud FILE"
    )]
    #[code("local/other-account", "leave out `--deployer-account`, or pass another seed with `--cloud FILE`")]
    OtherLocalAccount { asked: AccountId, found: AccountId },
    #[cfg(feature = "local")]
    /// The deployer of the local cloud is in another region than `--deployer-region` says.
    #[error(
        "the deployer of this local cloud is in region {found}, not {asked}: leave out --deployer-region, or pass a seed with \
         that `deployer_region` with --cloud FILE"
    )]
    #[code("local/other-region", "leave out `--deployer-region`, or pass another seed with `--cloud FILE`")]
    OtherLocalRegion { asked: Region, found: Region },
    /// The deployer has no execution of that name.
    #[error("execution {name} not found; list the executions with {list}")]
    #[code("cli/unknown-execution", "list the executions with `history`")]
    UnknownExecution { name: String, list: String },
    #[error("the deployer's state machine is not valid: {0}")]
    #[code(source)]
    Definition(CodedError),
    /// The program was built without access to AWS.
    #[error("this build of {0} cannot use AWS: add --local to use the local cloud, or build it with the feature `aws`")]
    #[code("cli/no-aws", "add `--local` to use the local cloud, or build the program with the feature `aws`")]
    NoAws(&'static str),
    /// The program was built without access to AWS, which `bootstrap --apply` needs.
    #[error(
        "this build of {0} cannot use AWS: build it with the feature `aws`, or deploy the template that `{0} bootstrap` \
         prints"
    )]
    #[code(
        "bootstrap/no-aws",
        "build the program with the feature `aws`, or deploy the template that `bootstrap` prints"
    )]
    BootstrapNeedsAws(&'static str),
    /// The template of a target account needs the account of the deployer, whose role it trusts.
    #[error("--target requires --deployer-account: the role in a target account trusts the deployer of one account")]
    #[code("bootstrap/no-deployer-account", "add `--deployer-account ID`")]
    NoDeployerAccount,
    /// The template of an audit log with an account of its own needs the account of the deployers that write it.
    #[error("--audit with --audit-account requires --deployer-account: the log trusts the deployers of one account")]
    #[code("bootstrap/no-deployers-of-log", "add `--deployer-account ID`")]
    NoDeployersOfLog,
    /// The deployer would have to write an audit log that does not exist.
    #[error(
        "the bucket of the audit log, {bucket}, does not exist: create the log, which all deployers with the same prefix share, \
         with `{program} bootstrap --audit --audit-retention TIME --apply`, where TIME is how long it is kept, such as 7y; \
         or create a deployer without audit log by adding --audit-log off"
    )]
    #[code(
        "bootstrap/no-audit-log",
        "create the audit log with `bootstrap --audit --audit-retention TIME --apply`, or add `--audit-log off`"
    )]
    NoAuditLog { bucket: BucketName, program: String },
    /// The credentials are for another account than the one in which the stack belongs.
    #[error(
        "credentials are for account {found}, but this stack belongs in account {asked}: choose a profile of that account \
         with AWS_PROFILE and run the command again"
    )]
    #[code("bootstrap/wrong-account", "choose a profile of the right account with AWS_PROFILE")]
    WrongAccount { found: AccountId, asked: AccountId },
    /// The template is larger than CloudFormation accepts in a request.
    #[error(
        "the template has {0} bytes, but CloudFormation accepts at most {TEMPLATE_LIMIT_BYTES}: shorten the comments of the \
         state machine"
    )]
    #[code("bootstrap/template-too-large", "shorten the comments of the state machine")]
    LargeTemplate(usize),
    /// Step deployed the function, so `bootstrap` does not replace its code.
    #[error(
        "Step deployed function {function}, and --code would replace its code: deploy the new code with `step-deployer deploy FILE`, \
         where FILE is a release file of project {project}, config {config}; to update the rest of the stack, leave out --code",
        project = .opt_in.project, config = .opt_in.config
    )]
    #[code(
        "bootstrap/deployed-by-step",
        "deploy the new code with `step-deployer deploy`; to update the rest of the stack, leave out `--code`"
    )]
    DeployedByStep { function: String, opt_in: Box<StepOptIn> },
    #[error(transparent)]
    #[code(source)]
    Code(#[from] CodeError),
    #[error(transparent)]
    #[code(source)]
    Apply(Box<ApplyError>),
    /// The program was built without the local cloud.
    #[error("this build of {0} has no local cloud: build it with the feature `local`")]
    #[code("cli/no-local", "build the program with the feature `local`")]
    NoLocal(&'static str),
    /// An option was given that only works with the local cloud.
    #[error("{0} requires --local")]
    #[code("cli/requires-local", "add `--local`, or `--cloud FILE`")]
    RequiresLocal(&'static str),
    /// `doctor` checks resources in AWS, and a local cloud has none of them.
    #[error(
        "doctor checks the deployer in AWS, and a local cloud has nothing to check: run `{0} doctor` without --local"
    )]
    #[code("doctor/local-cloud", "run `doctor` without `--local` and `--cloud`")]
    DoctorNeedsAws(String),
    /// The program was started by Lambda but built without support for it.
    #[error("this build of {0} cannot run as a Lambda function: build it with the feature `lambda`")]
    #[code("cli/no-lambda", "build the program with the feature `lambda`")]
    NoLambda(&'static str),
    /// The operating system refused what the command needs to run.
    #[error("cannot start: {0}")]
    #[code("cli/cannot-start", "correct what the message names, then run the command again")]
    Runtime(#[source] io::Error),
    /// The command did its work, but could not write its output.
    #[error("cannot write the output: {0}")]
    #[code("cli/output", "check the disk or the pipe that the output is written to")]
    Output(#[from] io::Error),
    /// The command lost contact with the execution that it follows. The execution continues.
    #[error(
        "lost contact with execution {execution}; it may still be running. Follow it with {status}. Cause: {source}"
    )]
    #[code("cli/lost-contact", "follow the execution with `status` and `history`")]
    Lost { execution: String, status: String, source: Box<CliError> },
    /// `unlock --force` stopped the deploy, but could not clear its lock. Deploys are still refused.
    #[error("stopped {executions}, but did not clear the lock: {source}; to continue, run {unlock}")]
    #[code("lock/not-cleared", "correct what the message names, then run `unlock` again")]
    StillLocked { executions: String, unlock: String, source: Box<CliError> },
}

/// What to do if AWS does not accept the credentials.
struct LogIn<'a>(&'a CloudError);

impl fmt::Display for LogIn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind {
            ErrorKind::NotAuthenticated => f.write_str("; log in again, for example with `aws sso login`"),
            _ => Ok(()),
        }
    }
}

/// Boxed because they are large, and every `Result` of a command would be.
macro_rules! boxed {
    ($($variant:ident($error:ty))*) => { $(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )* };
}

boxed! {
    Address(AddressError) Apply(ApplyError) Connect(ConnectError) Freeze(FreezeFailure) Halt(HaltFailure)
    New(NewError) Plan(PlanFailure) Prepare(PrepareError) Rollback(RollbackFailure) Start(StartFailure)
}

impl From<AllDeployedError> for CliError {
    fn from(error: AllDeployedError) -> Self {
        match error {
            AllDeployedError::Cloud(error) => error.into(),
            denied @ AllDeployedError::Denied { .. } => Self::AllDeployedDenied(Box::new(denied)),
        }
    }
}

impl From<ActError> for CliError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Cloud(error) => error.into(),
            other => Self::Act(Box::new(other)),
        }
    }
}

impl CliError {
    /// 2 if nothing was changed; 3 if an execution that was started may still change things, or was stopped.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Lost { .. } | Self::StillLocked { .. } => 3,
            Self::NoPlan(_) => 1,
            Self::Audit(error) => error.exit_code(),
            Self::Apply(error) if error.is_stuck() => 3,
            _ => 2,
        }
    }
}
