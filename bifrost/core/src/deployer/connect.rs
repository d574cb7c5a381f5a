//! The connection of commands to AWS. `bifrost-aws` implements it; the rest uses only the traits and types here.

use super::{Deployer, Ports};
use crate::account::{DeployerAccount, names};
use crate::cloud::{AuditStore, CloudError, Executions, Inventory, Objects, Stacks, Targets};
use crate::error_code::{Coded, ErrorCode};
use crate::people::Acts;
use crate::release::{AccountId, BucketName, Region};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Which deployer to connect to. What is `None` comes from the usual AWS configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The deployer's name in AWS, such as `coinbase-odin`.
    pub name: String,
    /// The deployer account. Default: the account of the credentials.
    pub account: Option<AccountId>,
    /// The deployer's region. Default: the configured region.
    pub region: Option<Region>,
    /// Other buckets from which the deployer accepts releases.
    pub allowed_buckets: BTreeSet<BucketName>,
}

/// A command cannot use AWS with the credentials and region that it found.
#[derive(Debug)]
pub struct ConnectError {
    /// The kind of problem, which has the code.
    pub kind: ConnectErrorKind,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub next_step: String,
}

/// The kinds of [`ConnectError`].
#[derive(Debug)]
pub enum ConnectErrorKind {
    /// `aws/no-credentials`
    NoCredentials,
    /// `aws/wrong-account`
    WrongAccount,
    /// `aws/no-region`
    NoRegion,
    /// `aws/clock-skew`
    ClockSkew,
    /// `aws/invalid-deployer-name`
    DeployerName,
    /// STS did not return the account of the credentials. The code is the error's.
    Cloud(Box<CloudError>),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.problem, self.next_step)
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            ConnectErrorKind::Cloud(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl Coded for ConnectError {
    const CODES: &'static [ErrorCode] = &[
        ErrorCode {
            code: "aws/no-credentials",
            cause: "No AWS credentials were found, or they cannot be loaded.",
            remedy: "log in, for example with `aws sso login`, or choose a profile with AWS_PROFILE",
        },
        ErrorCode {
            code: "aws/wrong-account",
            cause: "The credentials belong to another account than the deployer.",
            remedy: "choose a profile of the deployer account with AWS_PROFILE, or correct `--deployer-account`",
        },
        ErrorCode {
            code: "aws/no-region",
            cause: "No region is configured, or its name is not valid.",
            remedy: "set AWS_REGION, or `region` of the profile in ~/.aws/config, or pass `--deployer-region`",
        },
        ErrorCode {
            code: "aws/clock-skew",
            cause: "The clock of this machine differs too much from the clock of AWS.",
            remedy: "set the clock, for example with `timedatectl set-ntp true`",
        },
        ErrorCode {
            code: "aws/invalid-deployer-name",
            cause: "The deployer's name does not make a valid bucket name.",
            remedy: "pass another name with `--deployer`",
        },
    ];

    fn code(&self) -> &'static str {
        match &self.kind {
            ConnectErrorKind::NoCredentials => "aws/no-credentials",
            ConnectErrorKind::WrongAccount => "aws/wrong-account",
            ConnectErrorKind::NoRegion => "aws/no-region",
            ConnectErrorKind::ClockSkew => "aws/clock-skew",
            ConnectErrorKind::DeployerName => "aws/invalid-deployer-name",
            ConnectErrorKind::Cloud(error) => error.code(),
        }
    }
}

/// The parts of AWS that commands use.
pub struct Connection<D: Deployer> {
    /// The deployer account.
    pub account: DeployerAccount,
    /// The executions of the deployer's state machine.
    pub executions: Arc<dyn Executions>,
    /// Assumes the deployer's role in target accounts.
    pub targets: Arc<dyn Targets<Ports<D>>>,
    /// Describes the deployer's resources, for `doctor`.
    pub inventory: Arc<dyn Inventory>,
    /// The function that performs and records acts of people.
    pub acts: Arc<dyn Acts>,
}

/// The parts of AWS that `bootstrap` uses: an account in which the deployer may not exist yet.
pub struct BootstrapTarget {
    /// The account of the credentials.
    pub account: AccountId,
    /// The region of the stacks.
    pub region: Region,
    /// CloudFormation.
    pub stacks: Arc<dyn Stacks>,
    /// Buckets of the account.
    pub objects: Arc<dyn Objects>,
    /// Describes the deployer's resources, if they exist.
    pub inventory: Arc<dyn Inventory>,
}

/// Connects commands to AWS.
#[async_trait(?Send)]
pub trait Connect<D: Deployer>: ConnectAudit {
    /// Finds credentials and region, and asks STS for the account of the credentials.
    ///
    /// # Errors
    /// [`ConnectError`], if there are no credentials, AWS refuses them, or they belong to another account than `options`
    /// names.
    async fn connect(&self, options: &ConnectOptions) -> Result<Connection<D>, ConnectError>;

    /// Connects `bootstrap` to the account of the credentials. `region` defaults to the configured region.
    ///
    /// # Errors
    /// [`ConnectError`], if there are no credentials, or AWS refuses them.
    async fn bootstrap_target(&self, region: Option<&Region>) -> Result<BootstrapTarget, ConnectError>;
}

/// Which audit log to read. What is `None` comes from the usual AWS configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditOptions {
    /// The prefix of the deployers that share the log, such as `coinbase-`.
    pub prefix: String,
    /// The deployer account, whose deploys the log has. Default: the account of the credentials.
    pub account: Option<AccountId>,
    /// The deployers' region. Default: the configured region.
    pub region: Option<Region>,
    /// The bucket of the log, if it has another name than the default, or is in another account.
    pub bucket: Option<BucketName>,
}

impl AuditOptions {
    /// The name that a log with these options has in an account and region.
    #[must_use]
    pub fn origin(&self, account: &AccountId, region: &Region) -> String {
        format!("{}/{account}/{region}", names::audit_log(&self.prefix))
    }
}

/// The parts of AWS that readers of an audit log use.
pub struct AuditConnection {
    /// The name of the log, as its checkpoints have it: `<prefix>audit/<account>/<region>`.
    pub origin: String,
    /// Its bucket. Readers need no table.
    pub store: Arc<dyn AuditStore>,
    /// The public key with which its checkpoints are signed, as KMS says. `None` if the user may not ask KMS.
    pub public_key: Option<[u8; 32]>,
    /// How messages name the log: its bucket.
    pub place: String,
}

/// Connects readers of an audit log to AWS.
#[async_trait(?Send)]
pub trait ConnectAudit {
    /// Finds credentials and region, and asks STS for the account of the credentials.
    ///
    /// # Errors
    /// [`ConnectError`], if there are no credentials, or AWS refuses them. That there is no log is an error of the store.
    async fn connect_audit(&self, options: &AuditOptions) -> Result<AuditConnection, ConnectError>;

    /// Connects to the function of a deployer that records acts of people. `deployer` is its name in AWS.
    ///
    /// # Errors
    /// As [`connect_audit`](Self::connect_audit). That there is no such function is an error of the calls.
    async fn connect_acts(&self, deployer: &str, options: &AuditOptions) -> Result<Arc<dyn Acts>, ConnectError>;
}
