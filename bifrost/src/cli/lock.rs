//! `lock`: freezes a project's config.

use super::arguments::{CloudArgs, Setting, Subject, whoami};
use super::error::CliError;
use super::{output, world};
use crate::client::Client;
use crate::deployer::Deployer;
use crate::lock::UserLock;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Why nothing shall be deployed; whoever tries is told
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who asks for it [default: the user and host of this machine]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Example:
  {name} lock coinbase/deploy-test development --reason \"incident 42\" --local

A deploy that runs is not stopped: `{name} halt` does that."
    )
}

pub(super) async fn run<D: Deployer>(setting: &Setting, args: Args) -> Result<u8, CliError> {
    let local = world::open::<D>(setting, &args.cloud, false)?;
    let address = args.subject.address(local.cloud.defaults())?;
    let client = Client::local(&local.keep()?.cloud);
    let lock = UserLock { user: args.user.unwrap_or_else(whoami), lock_reason: args.reason };
    client.freeze(&address, &lock).await?;
    output::print_legible(&format!("{address} is frozen by {lock}"))?;
    Ok(0)
}
