//! `parity`: what differs between the deployed releases of two configs.

use super::FOUND;
use crate::machine::Odin;
use crate::parity::{ConfigAddress, DeployedConfig, Difference, ParityError, deployed, differences};
use bifrost::cli::{CommandContext, CommandError, CustomCommand};
use bifrost::client::{Client, LogSeverity};
use bifrost::release::{AccountId, ConfigName, ProjectName};
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{ArgMatches, Args as _, Command};
use serde_json::{Value, json};

/// The command `parity`.
pub struct ParityCommand;

const HELP: &str = "\
Examples:
  odin parity coinbase/deploy-test development production
  odin parity acme/shop staging production --other-account 222222222222
  odin parity acme/shop staging production --local --output json

Compares the releases that are deployed: images, sizes, groups, user data by its
hash, and everything else that an author sets, with the defaults of what is left
out. Not compared are account, region, bucket, metadata, ids and times. Names
are alike if they differ only in the name of their config, such as
`web-staging` and `web-production`; the order of lists does not matter.

It reads the lock table and the releases, and nothing in target accounts. Add
the bucket of a release with --allowed-buckets if it is not the deployer's.

Exit codes:
  0  the configs are alike
  1  they differ
  2  they cannot be compared

With --output json the result is one object: project_name, first, second,
differences, exit_code. A difference has path, first and second; the value of a
field that is absent is left out.";

// It has no doc comment, which would replace the description of the command.
#[derive(clap::Args)]
struct Configs {
    /// The project
    #[arg(value_name = "PROJECT")]
    project: ProjectName,
    /// A config of the project
    #[arg(value_name = "CONFIG")]
    first: ConfigName,
    /// The config to compare it with
    #[arg(value_name = "OTHER CONFIG")]
    second: ConfigName,
    /// Target account of the configs [default: account of the deployer]
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Target account of the other config, if it is in another one
    #[arg(long, value_name = "ID")]
    other_account: Option<AccountId>,
}

impl Configs {
    /// The addresses of both configs.
    fn addresses(self, client: &Client<Odin>) -> Result<[ConfigAddress; 2], ParityError> {
        let account = self.account.unwrap_or_else(|| client.account.defaults.account.clone());
        let other_account = self.other_account.unwrap_or_else(|| account.clone());
        let first = ConfigAddress { account, project: self.project.clone(), config: self.first };
        let second = ConfigAddress { account: other_account, project: self.project, config: self.second };
        if first == second { Err(ParityError::Same(Box::new(first))) } else { Ok([first, second]) }
    }
}

impl CustomCommand<Odin> for ParityCommand {
    fn command(&self) -> Command {
        let command =
            Command::new("parity").about("Show what differs between the deployed releases of two configs of a project");
        Configs::augment_args(command).after_help(HELP)
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Odin>) -> Result<u8, CommandError> {
        let client = context.client().await?;
        let configs: Configs = context.arguments(matches)?;
        let [first, second] = configs.addresses(&client)?;
        let (one, other) = tokio::try_join!(read(context, &client, &first), read(context, &client, &second))?;
        let found = differences(&one.release, &other.release);
        let exit_code = if found.is_empty() { 0 } else { FOUND };
        if context.is_json() {
            let [one, other] = [config_object(&one), config_object(&other)];
            context.print_json(&json!({
                "project_name": first.project,
                "first": one,
                "second": other,
                "differences": found,
                "exit_code": exit_code,
            }))?;
        } else {
            print(context, &one, &other, &found)?;
        }
        Ok(exit_code)
    }
}

async fn read(
    context: &CommandContext<'_, Odin>,
    client: &Client<Odin>,
    address: &ConfigAddress,
) -> Result<DeployedConfig, ParityError> {
    let ConfigAddress { account, project, config } = address;
    deployed(client, address, || context.hint(&format!("status {project} {config} --account {account}"))).await
}

fn print(
    context: &CommandContext<'_, Odin>,
    first: &DeployedConfig,
    second: &DeployedConfig,
    found: &[Difference],
) -> Result<(), CommandError> {
    let headings = headings(first, second);
    for (heading, config) in headings.iter().zip([first, second]) {
        context.print(&described(heading, config), LogSeverity::Plain)?;
    }
    if !found.is_empty() {
        let [first, second] = headings.each_ref().map(String::as_str);
        let rows = found.iter().map(|difference| (LogSeverity::Plain, row(difference)));
        context.print_table(["FIELD", first, second], rows)?;
    }
    let severity = if found.is_empty() { LogSeverity::Good } else { LogSeverity::Bad };
    context.print(&summary(first, &headings, found), severity)
}

/// The names of the configs, with their accounts if these differ.
fn headings(first: &DeployedConfig, second: &DeployedConfig) -> [String; 2] {
    let is_one_account = first.release.envelope.aws_account_id == second.release.envelope.aws_account_id;
    [first, second].map(|config| {
        let envelope = &config.release.envelope;
        if is_one_account {
            envelope.config_name.to_string()
        } else {
            format!("{} in {}", envelope.config_name, envelope.aws_account_id)
        }
    })
}

fn described(heading: &str, config: &DeployedConfig) -> String {
    let envelope = &config.release.envelope;
    format!("{heading}: {} in region {}, deployed {}", envelope.release_id, envelope.aws_region, moment(config.since))
}

fn summary(first: &DeployedConfig, [one, other]: &[String; 2], found: &[Difference]) -> String {
    let project = &first.release.envelope.project_name;
    match found.len() {
        0 => format!("{project}: {one} and {other} are alike"),
        1 => format!("{project}: 1 field differs between {one} and {other}"),
        count => format!("{project}: {count} fields differ between {one} and {other}"),
    }
}

fn row(difference: &Difference) -> [String; 3] {
    [difference.path.clone(), shown(difference.first.as_ref()), shown(difference.second.as_ref())]
}

/// A value for people. An object that only one release has is not shown with all of its fields.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "absent".to_owned(),
        Some(Value::Object(_)) => "present".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(elements)) => elements.iter().map(|it| shown(Some(it))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

fn config_object(config: &DeployedConfig) -> Value {
    let envelope = &config.release.envelope;
    json!({
        "aws_account_id": envelope.aws_account_id,
        "aws_region": envelope.aws_region,
        "config_name": envelope.config_name,
        "release_id": envelope.release_id,
        "created_at": moment(envelope.created_at),
        "since": moment(config.since),
    })
}

fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
