//! The errors of the commands for auditors.

use crate::commands::error::CliError;
use bifrost_audit::find::FindError;
use bifrost_audit::key::KeyError;
use bifrost_audit::policy::PolicyError;
use bifrost_audit::reader::{IndexError, ShowError};
use bifrost_audit::receipt::{ReceiptError, ReceiptInvalid};
use bifrost_audit::source::SourceError;
use bifrost_audit::verify::VerifyError;
#[cfg(feature = "local")]
use bifrost_core::deployer::Prefix;
use bifrost_core::error_code::Coded;
use std::io;
use std::path::PathBuf;

/// A command for auditors failed. Users see the message and the code.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(in crate::commands) enum AuditCliError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}; check the path and its permissions")]
    #[code("audit/file-unreadable", "check the path and its permissions")]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}; check the folder, its permissions and its free space")]
    #[code("audit/file-unwritable", "check the folder, its permissions and its free space")]
    Unwritable { path: PathBuf, source: io::Error },
    /// The file exists, and the command does not replace it.
    #[error("{path} exists, and a key is never overwritten: choose another file with --out FILE, or move it away")]
    #[code("audit/key-exists", "choose another file with `--out FILE`, or move the existing one away")]
    KeyExists { path: PathBuf },
    /// There is no audit log at the place that was named.
    #[error("no audit log found in {place}: {how_to_get_one}")]
    #[code(
        "audit/no-log",
        "check which log the options name; deploy something with `--local`, or set up the audit log with `bootstrap`"
    )]
    NoLog { place: String, how_to_get_one: String },
    /// The log has objects, but no checkpoint, from which everything else is found.
    #[error("the audit log in {place} has objects, such as {key}, but no checkpoint: {next_step}")]
    #[code(
        "audit/no-checkpoint",
        "`bifrost audit verify` says what is there; the next write of a deployer publishes a checkpoint, and `bifrost audit copy` \
         downloads it last"
    )]
    NoCheckpoint { place: String, key: String, next_step: String },
    /// The log has no deploy of this release.
    #[error("the audit log has no release or execution {name}{similar}; to list the deploys: {list}")]
    #[code("audit/unknown-release", "list the deploys with `bifrost audit list`")]
    UnknownRelease { name: String, similar: String, list: String },
    /// Nothing but the log itself says who must have signed it, and it does not say it.
    #[error(
        "it is not known which key must have signed the log in {place}: pass --policy FILE with its public key, from somebody you \
         trust; `bifrost audit policy` prints it where the log is"
    )]
    #[code("audit/policy-required", "pass `--policy FILE` with the public key of the log")]
    PolicyRequired { place: String },
    /// The policy file is not valid.
    #[error("{path}: {source}")]
    #[code(source)]
    PolicyFile { path: PathBuf, source: Box<PolicyError> },
    #[error(transparent)]
    #[code(source)]
    Policy(#[from] Box<PolicyError>),
    /// The receipt does not prove that the release was deployed.
    #[error("{path} is not a valid receipt of this release: {source}")]
    #[code(source)]
    Receipt { path: PathBuf, source: Box<ReceiptInvalid> },
    #[error(transparent)]
    #[code(source)]
    NoReceipt(#[from] Box<ReceiptError>),
    #[error(transparent)]
    #[code(source)]
    Source(#[from] Box<SourceError>),
    #[error(transparent)]
    #[code(source)]
    Find(#[from] Box<FindError>),
    #[error(transparent)]
    #[code(source)]
    Index(#[from] Box<IndexError>),
    #[error(transparent)]
    #[code(source)]
    Show(#[from] Box<ShowError>),
    #[error(transparent)]
    #[code(source)]
    Verify(#[from] Box<VerifyError>),
    /// The file with the checkpoint that `verify` has seen is not one of this log.
    #[error("{path}: {source}; if that file is of another log with the same name, pass another one with --state")]
    #[code(source)]
    LastSeen { path: PathBuf, source: Box<VerifyError> },
    /// The log does not say with which key it is signed: the user may not ask KMS, or it is a copy.
    #[error(
        "the public key of the log in {place} is not known: ask KMS with kms:GetPublicKey, which the policy for auditors allows, or \
         get the key from the team that set up the log"
    )]
    #[code(
        "audit/no-public-key",
        "allow kms:GetPublicKey on the log's key, or get the key from the team that set up the log"
    )]
    NoPublicKey { place: String },
    /// The period that the options name has no moment.
    #[error("the period is empty: --since (--from) must be before --until (--to)")]
    #[code("audit/empty-period", "let `--since` be before `--until`")]
    EmptyPeriod,
    /// Nothing can be recorded in a copy.
    #[error("a copy cannot be written to: leave out --copy")]
    #[code("audit/copy-is-read-only", "leave out `--copy`")]
    CopyIsReadOnly,
    /// `bifrost` knows no deployer, and in a local cloud no function of a deployer runs.
    #[error("in a local cloud each deployer completes the log itself: for example `odin reconcile{arguments}`")]
    #[code("audit/reconcile-local", "run `reconcile` of the deployer, for example `odin reconcile --local`")]
    ReconcileLocal { arguments: String },
    #[cfg(feature = "local")]
    /// The file of the local cloud has the logs of several teams.
    #[error("{place} has several audit logs: {logs}; choose one with --prefix")]
    #[code("audit/several-logs", "choose one with `--prefix`")]
    SeveralLogs { place: String, logs: String },
    #[cfg(feature = "local")]
    /// The file of the local cloud has no log of deployers with the prefix that was given.
    #[error("{place} has no audit log of deployers with the prefix {prefix}, only {logs}; choose one with --prefix")]
    #[code("audit/other-prefix", "choose a log that the message names with `--prefix` or BIFROST_PREFIX")]
    OtherPrefix { place: String, prefix: Prefix, logs: String },
    /// A receipt is for a deploy that has ended.
    #[error(
        "the log has no end of {release}, so there is no receipt: wait until it ends; if it was stopped, run {reconcile}"
    )]
    #[code("audit/not-ended", "wait until the deploy ends; if it was stopped, run the deployer's `reconcile`")]
    NotEnded { release: String, reconcile: String },
    /// The log has not published the end of a deploy yet.
    #[error("the audit log has not published the end of the deploy within {seconds} seconds")]
    #[code("audit/not-published", "get the receipt later with `bifrost audit receipt`")]
    NotPublished { seconds: u64 },
    /// Only the end of a deploy that was begun names its release.
    #[error(
        "the log entry {entry} says `{outcome}` and does not name the release's bytes, so there is nothing to prove"
    )]
    #[code("audit/receipt-of-nothing", "deploy the release; refused and stopped deploys have no receipt")]
    NothingToProve { entry: u64, outcome: &'static str },
    /// `deploy --receipt` needs an audit log.
    #[error(
        "--receipt needs an audit log, and this deployer was set up without one: set it up with `{deployer} bootstrap --apply`"
    )]
    #[code("audit/no-log-for-receipt", "set up the audit log with `bootstrap --apply`, or leave out `--receipt`")]
    NoLogForReceipt { deployer: &'static str },
    /// These options of `export` do not go together.
    #[error("--key is for --format in-toto, and --acts for csv and jsonl")]
    #[code("audit/export-options", "leave out `--key` or `--acts`, or choose another format")]
    ExportOptions,
    /// The file with the private key is not valid.
    #[error("{path}: {source}")]
    #[code(source)]
    KeyFile { path: PathBuf, source: KeyError },
}

impl AuditCliError {
    /// 1 if something is wrong with what was verified; 2 if it could not be verified.
    pub(in crate::commands) fn exit_code(&self) -> u8 {
        match self {
            Self::Receipt { .. } => 1,
            _ => 2,
        }
    }
}

impl From<AuditCliError> for CliError {
    fn from(error: AuditCliError) -> Self {
        Self::Audit(Box::new(error))
    }
}

/// Boxed because they are large, and every `Result` of a command would be.
macro_rules! through_audit {
    ($($error:ty),*) => { $(
        impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                AuditCliError::from(Box::new(error)).into()
            }
        }
    )* };
}

through_audit!(FindError, IndexError, PolicyError, ReceiptError, ShowError, SourceError, VerifyError);
