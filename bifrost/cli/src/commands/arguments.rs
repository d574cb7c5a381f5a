//! Arguments that several commands share.

use crate::client::Address;
use crate::client::ClientDeployer;
use bifrost_core::account::Identity;
use bifrost_core::deployer::ConnectOptions;
use bifrost_core::release::{AccountId, BucketName, ConfigName, Defaults, ProjectName, Region};
use clap::ValueEnum;
use std::borrow::Cow;
use std::env;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};

use super::error::CliError;

/// Which deployer it is. Every name that it has in AWS is made of its own.
#[derive(Debug, Default, clap::Args)]
pub(super) struct DeployerArgs {
    /// The deployer's name in AWS, which is its state machine's [default: the prefix and the name of this command]
    #[arg(long, global = true, value_name = "NAME", visible_alias = "step-function", display_order = 900)]
    deployer: Option<String>,
    /// The account that the deployer is in [default: that of the credentials]
    #[arg(long, global = true, value_name = "ID", env = "AWS_ACCOUNT_ID", hide_env = true, display_order = 901)]
    deployer_account: Option<AccountId>,
    /// The region that the deployer is in [default: that of the AWS configuration]
    #[arg(long, global = true, value_name = "REGION", display_order = 902)]
    deployer_region: Option<Region>,
    /// What the names of your deployers begin with
    #[arg(long, global = true, value_name = "TEXT", env = "BIFROST_PREFIX", default_value = "coinbase-", hide = true)]
    prefix: String,
}

impl DeployerArgs {
    /// The deployer's name: as asked for, else by the variable that the originals have for it, else by the prefix.
    pub(super) fn name<D: ClientDeployer>(&self) -> String {
        let variable = format!("{}_STEP", D::NAME.to_uppercase().replace('-', "_"));
        self.name_or::<D>(env::var(variable).ok())
    }

    fn name_or<D: ClientDeployer>(&self, variable: Option<String>) -> String {
        let asked = self.deployer.clone().or(variable).filter(|name| !name.is_empty());
        asked.unwrap_or_else(|| format!("{}{}", self.prefix, D::NAME))
    }

    /// Where the deployer is in AWS.
    pub(super) fn options<D: ClientDeployer>(&self) -> ConnectOptions {
        let (account, region) = (self.deployer_account.clone(), self.deployer_region.clone());
        ConnectOptions { name: self.name::<D>(), account, region }
    }

    /// How to write another command of deployer `D` for the same deployer: the command, with the arguments that name it.
    /// Its account is that of the credentials, or there is no connection.
    pub(super) fn program<D: ClientDeployer>(&self) -> String {
        let deployer = self.deployer.as_ref().map(|name| format!(" --deployer {name}"));
        let region = self.deployer_region.as_ref().map(|region| format!(" --deployer-region {region}"));
        [D::NAME.to_owned()].into_iter().chain(deployer).chain(region).collect()
    }

    pub(super) fn identity<D: ClientDeployer>(&self, account: AccountId, region: Region) -> Identity {
        Identity { name: self.name::<D>(), account, region }
    }
}

/// Where the deployer runs.
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

    /// How to write another command of deployer `D` for the same cloud.
    pub(super) fn hint<D: ClientDeployer>(&self) -> CommandHint {
        CommandHint { command: D::NAME, cloud: self.arguments() }
    }

    /// The arguments that make another command use the same cloud, with a blank before each.
    pub(super) fn arguments(&self) -> String {
        match &self.cloud {
            Some(file) => format!(" --cloud {}", shell_quoted(&file.to_string_lossy())),
            None if self.local => " --local".to_owned(),
            None => String::new(),
        }
    }
}

/// A word of a command line as a POSIX shell reads it: quoted if it has to be.
fn shell_quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@,+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''")).into()
}

/// A command to run next, as it is shown to users.
#[derive(Debug, Clone)]
pub(super) struct CommandHint {
    command: &'static str,
    cloud: String,
}

impl CommandHint {
    /// A command line with these words.
    pub(super) fn line(&self, words: &str) -> String {
        format!("`{} {words}{}`", self.command, self.cloud)
    }

    #[cfg(test)]
    pub(super) fn local(command: &'static str) -> Self {
        Self { command, cloud: " --local".to_owned() }
    }
}

/// What a command is about: the project and config of a release file, or those named.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ProjectArgs {
    /// A release file, or a project followed by its config
    #[arg(value_name = "RELEASE FILE | PROJECT", index = 1, required = false)]
    first: String,
    /// The config, if a project is named
    #[arg(value_name = "CONFIG", index = 2)]
    config: Option<ConfigName>,
    /// The target account, if a project is named [default: the deployer's]
    #[arg(long, value_name = "ID", requires = "config")]
    account: Option<AccountId>,
    /// The target region, if a project is named [default: the deployer's]
    #[arg(long, requires = "config")]
    region: Option<Region>,
    /// The bucket of its releases, if a project is named [default: the deployer's]
    #[arg(long, requires = "config")]
    bucket: Option<BucketName>,
}

impl ProjectArgs {
    /// What is meant.
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

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person
    Text,
    /// For a program: one object a line
    Json,
}

/// How a command shall answer.
#[derive(Debug, Default, clap::Args)]
pub(super) struct OutputArgs {
    /// How to answer: text or json [default: text on a terminal, else json]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    output: Option<Format>,
}

impl OutputArgs {
    pub(super) fn format(&self) -> Format {
        let default = if stdout().is_terminal() { Format::Text } else { Format::Json };
        self.output.unwrap_or(default)
    }
}

/// Who gives the command, as far as this machine knows: a claim, to be shown and never to be trusted.
pub(super) fn whoami() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env::var(name).ok());
    let host = gethostname::gethostname();
    format!("{}@{}", user.as_deref().unwrap_or("somebody"), host.to_string_lossy())
}
