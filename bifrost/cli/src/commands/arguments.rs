//! Arguments of several commands, and their parsers.

use crate::bootstrap::DeployerName;
use crate::client::Address;
use crate::client::ClientDeployer;
use bifrost_core::account::{Identity, names};
use bifrost_core::deployer::{ConnectOptions, Prefix};
use bifrost_core::release::{AccountId, BucketName, ConfigName, Defaults, ProjectName, Region, read_buckets};
use clap::ValueEnum;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::env;
use std::io::{IsTerminal, stdout};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::error::CliError;

/// Names the deployer. The names of its resources in AWS derive from its name.
#[derive(Debug, Default, clap::Args)]
pub(super) struct DeployerArgs {
    /// Name of the deployer's state machine and function [default: prefix and name of this command]
    #[arg(long, global = true, value_name = "NAME", visible_alias = "step-function", display_order = 900)]
    deployer: Option<String>,
    /// Account of the deployer [default: account of the credentials]
    #[arg(long, global = true, value_name = "ID", env = "AWS_ACCOUNT_ID", hide_env = true, display_order = 901)]
    deployer_account: Option<AccountId>,
    /// Region of the deployer [default: region of the AWS configuration]
    #[arg(long, global = true, value_name = "REGION", display_order = 902)]
    deployer_region: Option<Region>,
    /// Prefix of the names of the deployer and its resources; as in `BIFROST_PREFIX`
    #[arg(long, global = true, value_name = "TEXT", env = "BIFROST_PREFIX", hide_env = true, display_order = 903)]
    prefix: Option<String>,
    /// Other buckets from which the deployer accepts releases, separated by commas; as in the function's `BIFROST_BUCKETS`
    #[arg(long, global = true, value_name = "NAMES", env = "BIFROST_BUCKETS", value_parser = read_buckets, hide = true)]
    allowed_buckets: Option<BTreeSet<BucketName>>,
    /// The deployer's name in AWS. See [`resolve`](Self::resolve).
    #[arg(skip)]
    name: String,
    /// Selects the prefix in another command, with a space before it.
    #[arg(skip)]
    prefix_argument: String,
}

impl DeployerArgs {
    /// Finds the deployer's name in AWS: as given, else from the environment variable of the Go clients, else from the prefix.
    pub(super) fn resolve<D: ClientDeployer>(mut self) -> Result<Self, CliError> {
        let prefix = Prefix::of::<D>(self.prefix.as_deref())?;
        let variable = env::var(format!("{}_STEP", D::NAME.to_uppercase().replace('-', "_"))).ok();
        let given = self.deployer.clone().or(variable).filter(|name| !name.is_empty());
        if given.is_none() {
            self.prefix_argument = prefix_argument(prefix.as_str(), D::PREFIX);
        }
        self.name = match given {
            Some(name) => name.parse::<DeployerName>()?.to_string(),
            None => prefix.deployer::<D>(),
        };
        Ok(self)
    }

    /// The deployer's name in AWS.
    #[cfg(feature = "local")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn options(&self) -> ConnectOptions {
        let (account, region) = (self.deployer_account.clone(), self.deployer_region.clone());
        ConnectOptions { name: self.name.clone(), account, region, allowed_buckets: self.allowed_buckets() }
    }

    /// The deployer in a local cloud that has these. It has one account and region, so others may not be given: AWS refuses them, too.
    #[cfg(feature = "local")]
    pub(super) fn local_identity(&self, account: AccountId, region: Region) -> Result<Identity, CliError> {
        // A variable of the shell is for commands on AWS.
        let is_option = |account: &AccountId| env::var("AWS_ACCOUNT_ID").as_deref() != Ok(account.as_str());
        if let Some(asked) = self.deployer_account.as_ref().filter(|asked| **asked != account && is_option(asked)) {
            return Err(CliError::OtherLocalAccount { asked: asked.clone(), found: account });
        }
        if let Some(asked) = self.deployer_region.as_ref().filter(|asked| **asked != region) {
            return Err(CliError::OtherLocalRegion { asked: asked.clone(), found: region });
        }
        Ok(self.identity(account, region))
    }

    pub(super) fn allowed_buckets(&self) -> BTreeSet<BucketName> {
        self.allowed_buckets.clone().unwrap_or_default()
    }

    /// The program with the arguments of another command for the same deployer. The account is left out: it is that of the
    /// credentials, or the command fails.
    pub(super) fn program<D: ClientDeployer>(&self) -> String {
        format!("{}{}", D::NAME, self.arguments())
    }

    /// The arguments of another command for the same deployer, with a space before each.
    fn arguments(&self) -> String {
        let mut arguments = String::new();
        if let Some(name) = &self.deployer {
            arguments = format!(" --deployer {}", shell_quoted(name));
        } else {
            arguments.push_str(&self.prefix_argument);
        }
        if let Some(region) = &self.deployer_region {
            arguments = format!("{arguments} --deployer-region {region}");
        }
        if let Some(buckets) = &self.allowed_buckets
            && env::var("BIFROST_BUCKETS").is_err()
        {
            let names: Vec<&str> = buckets.iter().map(BucketName::as_str).collect();
            arguments = format!("{arguments} --allowed-buckets {}", shell_quoted(&names.join(",")));
        }
        arguments
    }

    /// The arguments of a command for the audit log of this deployer, with a space before each.
    fn audit_arguments(&self) -> String {
        let arguments = prefix_argument(names::prefix(&self.name), Prefix::DEFAULT);
        match &self.deployer_region {
            Some(region) => format!("{arguments} --deployer-region {region}"),
            None => arguments,
        }
    }

    pub(super) fn identity(&self, account: AccountId, region: Region) -> Identity {
        Identity { name: self.name.clone(), account, region }
    }
}

/// The argument that selects this prefix in another command, with a space before it: none if the environment or the default selects it.
pub(super) fn prefix_argument(prefix: &str, default: &str) -> String {
    if env::var("BIFROST_PREFIX").as_deref().unwrap_or(default) == prefix {
        return String::new();
    }
    format!(" --prefix {}", shell_quoted(prefix))
}

/// Selects the cloud.
#[derive(Debug, Default, clap::Args)]
pub(super) struct CloudArgs {
    /// Use the local cloud instead of AWS: an emulation on this machine, kept in one file
    #[arg(long)]
    local: bool,
    /// File of the local cloud: SQLite, or a JSON seed to create one from [default: .bifrost/cloud.sqlite]
    #[arg(long, value_name = "FILE", alias = "world")]
    pub(super) cloud: Option<PathBuf>,
}

impl CloudArgs {
    /// `--cloud` implies `--local`.
    pub(super) fn is_local(&self) -> bool {
        self.local || self.cloud.is_some()
    }

    /// The arguments of another command for the same cloud and deployer, with a space before each.
    pub(super) fn arguments(&self, deployer: &DeployerArgs) -> String {
        format!("{}{}", deployer.arguments(), self.cloud_arguments())
    }

    /// The arguments of another command for the same cloud, with a space before each.
    pub(super) fn cloud_arguments(&self) -> String {
        match &self.cloud {
            Some(file) => format!(" --cloud {}", shell_quoted(&file.to_string_lossy())),
            None if self.local => " --local".to_owned(),
            None => String::new(),
        }
    }
}

/// A word of a command line for a POSIX shell, quoted if necessary.
pub(super) fn shell_quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

/// Writes commands to run next, for the same deployer and cloud.
#[derive(Debug, Clone)]
pub(super) struct CommandHint {
    command: &'static str,
    /// The arguments that name deployer and cloud, with a space before each.
    arguments: String,
    /// The arguments that name the audit log of this deployer, with a space before each.
    audit_arguments: String,
    is_local: bool,
    /// What a command uses without the option. `None` before the cloud is open.
    defaults: Option<Defaults>,
}

impl CommandHint {
    pub(super) fn new<D: ClientDeployer>(deployer: &DeployerArgs, cloud: &CloudArgs) -> Self {
        Self {
            command: D::NAME,
            arguments: cloud.arguments(deployer),
            audit_arguments: format!("{}{}", deployer.audit_arguments(), cloud.cloud_arguments()),
            is_local: cloud.is_local(),
            defaults: None,
        }
    }

    /// The same, for commands about projects.
    pub(super) fn with_defaults(self, defaults: &Defaults) -> Self {
        Self { defaults: Some(defaults.clone()), ..self }
    }

    /// A complete command for a project and config, in backticks.
    pub(super) fn project(&self, command: &str, address: &Address) -> String {
        let project = match &self.defaults {
            Some(defaults) => address.arguments(defaults),
            None => format!("{} {} --account {}", address.project, address.config, address.account),
        };
        self.line(&format!("{command} {project}"))
    }

    /// A complete command with these words, in backticks.
    pub(super) fn line(&self, words: &str) -> String {
        format!("`{} {words}{}`", self.command, self.arguments)
    }

    /// A complete command for the audit log with these words, in backticks.
    pub(super) fn audit(&self, words: &str) -> String {
        format!("`bifrost audit {words}{}`", self.audit_arguments)
    }

    /// Whether the commands are for a local cloud.
    pub(super) fn is_local(&self) -> bool {
        self.is_local
    }

    #[cfg(test)]
    pub(super) fn local(command: &'static str) -> Self {
        let arguments = " --local".to_owned();
        Self { command, audit_arguments: arguments.clone(), arguments, is_local: true, defaults: None }
    }
}

/// Selects a project and config: those of a release file, or those given.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ProjectArgs {
    /// A release file, or the project
    #[arg(value_name = "RELEASE FILE | PROJECT", index = 1, required = false)]
    first: String,
    /// The config of the project; not with a release file
    #[arg(value_name = "CONFIG", index = 2)]
    config: Option<ConfigName>,
    /// Target account of the project [default: account of the deployer]
    #[arg(long, value_name = "ID", requires = "config")]
    account: Option<AccountId>,
    /// Target region of the project [default: region of the deployer]
    #[arg(long, requires = "config")]
    region: Option<Region>,
    /// Bucket of the project's releases [default: bucket of the deployer]
    #[arg(long, requires = "config")]
    bucket: Option<BucketName>,
}

impl ProjectArgs {
    pub(super) fn address<D: ClientDeployer>(&self, defaults: &Defaults) -> Result<Address, CliError> {
        let Some(config) = self.config.clone() else {
            return Ok(Address::read_file::<D>(Path::new(&self.first), defaults)?);
        };
        Ok(Address {
            account: self.account.clone().unwrap_or_else(|| defaults.account.clone()),
            region: self.region.clone().unwrap_or_else(|| defaults.region.clone()),
            bucket: self.bucket.clone().unwrap_or_else(|| defaults.bucket.clone()),
            project: self.first.parse::<ProjectName>()?,
            config,
        })
    }
}

/// The format of a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people
    Text,
    /// JSON for programs, one object per line
    Json,
}

/// Selects the format of the output.
#[derive(Debug, Default, clap::Args)]
pub(super) struct OutputArgs {
    /// Output format: text or json [default: text on a terminal, json otherwise]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    output: Option<Format>,
}

impl OutputArgs {
    pub(super) fn format(&self) -> Format {
        let default = if stdout().is_terminal() { Format::Text } else { Format::Json };
        self.output.unwrap_or(default)
    }
}

/// The user and host of this machine. It is a claim: it is shown, and never trusted.
pub(super) fn whoami() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env::var(name).ok());
    let host = gethostname::gethostname();
    format!("{}@{}", user.as_deref().unwrap_or("somebody"), host.to_string_lossy())
}

/// Parses a number of seconds.
pub(super) fn seconds(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| format!("expected a whole number of seconds from 1 to {}", u32::MAX))
}

/// Parses how many items to list.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let limit = text.parse().ok().filter(|limit| *limit > 0);
    limit.ok_or_else(|| "expected a whole number of at least 1".to_owned())
}

/// Parses the speed of a local cloud.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0);
    speed.ok_or_else(|| "expected a number greater than 0, such as 1 or 0.5".to_owned())
}
