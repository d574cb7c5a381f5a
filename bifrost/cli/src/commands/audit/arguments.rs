//! Arguments of the commands for auditors: which log, and which deploys.

use crate::commands::arguments::{CloudArgs, Format, prefix_argument, shell_quoted};
use crate::commands::error::CliError;
use bifrost_audit::reader::{Filter, Index, OutcomeFilter};
use bifrost_core::deployer::{AuditOptions, InvalidPrefix, Prefix};
use bifrost_core::release::{AccountId, BucketName, Region};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

use super::opened::OpenedLog;
use super::when::When;
use super::{AuditCliError, AuditProgram};

/// Selects the audit log.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Which log")]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) cloud: CloudArgs,
    /// Folder with a copy of the log's bucket: needs no network
    #[arg(
        long,
        value_name = "FOLDER",
        conflicts_with_all = ["local", "cloud", "bucket", "deployer_account", "deployer_region"]
    )]
    pub(super) copy: Option<PathBuf>,
    #[arg(
        long,
        value_name = "TEXT",
        env = "BIFROST_PREFIX",
        hide_env = true,
        help = format!("Prefix of the names of your deployers; as in `BIFROST_PREFIX` [default: {}]", Prefix::DEFAULT)
    )]
    prefix: Option<String>,
    /// Bucket of the log [default: PREFIXaudit-ACCOUNT-REGION]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["local", "cloud"])]
    bucket: Option<BucketName>,
    /// Account of the deployers [default: account of the credentials]
    #[arg(long, value_name = "ID", conflicts_with_all = ["local", "cloud"])]
    deployer_account: Option<AccountId>,
    /// Region of the deployers [default: region of the AWS configuration]
    #[arg(long, value_name = "REGION", conflicts_with_all = ["local", "cloud"])]
    deployer_region: Option<Region>,
}

impl LogArgs {
    /// The prefix that was given.
    pub(super) fn prefix(&self) -> Result<Option<Prefix>, InvalidPrefix> {
        self.prefix.as_deref().map(str::parse).transpose()
    }

    /// For a log in AWS.
    pub(super) fn options(&self) -> Result<AuditOptions, InvalidPrefix> {
        Ok(AuditOptions {
            prefix: self.prefix()?.unwrap_or_default().to_string(),
            account: self.deployer_account.clone(),
            region: self.deployer_region.clone(),
            bucket: self.bucket.clone(),
        })
    }

    /// The arguments of another command for the same log, with a space before each.
    pub(super) fn arguments(&self) -> String {
        let mut arguments = self.cloud.cloud_arguments();
        if let Some(prefix) = &self.prefix {
            arguments.push_str(&prefix_argument(prefix, Prefix::DEFAULT));
        }
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                arguments = format!("{arguments} {name} {}", shell_quoted(value));
            }
        };
        let copy = self.copy.as_ref().map(|folder| folder.to_string_lossy());
        add("--copy", copy.as_deref());
        add("--bucket", self.bucket.as_ref().map(BucketName::as_str));
        add("--deployer-account", self.deployer_account.as_ref().map(AccountId::as_str));
        add("--deployer-region", self.deployer_region.as_ref().map(Region::as_str));
        arguments
    }
}

/// Selects deploys of a log.
#[derive(Debug, clap::Args)]
pub(super) struct DeploysArgs {
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    log: LogArgs,
}

impl DeploysArgs {
    pub(super) async fn open_log(&self, program: &AuditProgram) -> Result<OpenedLog, CliError> {
        program.open(&self.log).await
    }

    /// The index of the log, and the filter, which selects at most `limit` deploys.
    pub(super) async fn select(&self, log: &OpenedLog, limit: Option<usize>) -> Result<(Index, Filter), CliError> {
        let filter = self.filter.filter(log.now, limit)?;
        Ok((log.index().await?, filter))
    }
}

/// How a command prints a file: as it is, also where standard output is no terminal, so that it can be redirected.
#[derive(Debug, clap::Args)]
pub(super) struct FileOutputArgs {
    /// Output format: text for the file itself, json for an object with it
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, default_value = "text")]
    output: Format,
}

impl FileOutputArgs {
    pub(super) fn format(&self) -> Format {
        self.output
    }
}

/// Selects deploys.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Which deploys")]
pub(super) struct FilterArgs {
    /// Only deploys into this AWS account
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<AccountId>,
    /// Only deploys of this project, such as acme/shop
    #[arg(long, value_name = "NAME")]
    pub(super) project: Option<String>,
    /// Only deploys of this config, such as production
    #[arg(long, value_name = "NAME")]
    pub(super) config: Option<String>,
    /// Only deploys by this deployer, such as coinbase-odin
    #[arg(long, value_name = "NAME")]
    pub(super) deployer: Option<String>,
    /// Only deploys that this person started, as their client claims
    #[arg(long, value_name = "NAME")]
    pub(super) person: Option<String>,
    /// Only deploys that ended so: success, failure-clean, failure-dirty, refused, stopped, not-ended
    #[arg(long, value_name = "OUTCOME")]
    pub(super) outcome: Option<OutcomeFilter>,
    /// Only deploys from this time on: a date, a time, or an age such as 30d
    #[arg(long, value_name = "TIME", visible_alias = "from")]
    pub(super) since: Option<When>,
    /// Only deploys until then; a date includes its whole day (UTC)
    #[arg(long, value_name = "TIME", visible_alias = "to")]
    pub(super) until: Option<When>,
}

impl FilterArgs {
    /// `now` is the time from which ages count.
    ///
    /// # Errors
    /// [`AuditCliError::EmptyPeriod`].
    fn filter(&self, now: DateTime<Utc>, limit: Option<usize>) -> Result<Filter, AuditCliError> {
        let (since, until) = (self.since.map(|since| since.start(now)), self.until.map(|until| until.end(now)));
        if since.zip(until).is_some_and(|(since, until)| since >= until) {
            return Err(AuditCliError::EmptyPeriod);
        }
        Ok(Filter {
            account: self.account.as_ref().map(AccountId::to_string),
            project: self.project.clone(),
            config: self.config.clone(),
            deployer: self.deployer.clone(),
            person: self.person.clone(),
            outcome: self.outcome,
            since,
            until,
            limit,
        })
    }

    /// What it selects besides the period, for people.
    pub(super) fn described(&self) -> Vec<String> {
        let account = self.account.as_ref().map(AccountId::to_string);
        let outcome = self.outcome.map(|outcome| outcome.name().to_owned());
        let parts = [
            ("account", &account),
            ("project", &self.project),
            ("config", &self.config),
            ("deployer", &self.deployer),
            ("person", &self.person),
            ("outcome", &outcome),
        ];
        parts.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect()
    }

    /// Whether it selects all deploys.
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.described().is_empty()
    }
}
