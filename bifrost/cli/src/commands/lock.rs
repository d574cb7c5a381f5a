//! `lock`: freezes a project's config.

use super::arguments::{CloudArgs, Subject, whoami};
use super::error::CliError;
use super::{Session, output};
use crate::client::ClientDeployer;
use bifrost_core::lock::UserLock;

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

pub(super) async fn run<D: ClientDeployer>(session: &Session<'_, D>, args: Args) -> Result<u8, CliError> {
    let site = session.open(&args.cloud, false).await?;
    let client = site.client();
    let address = args.subject.address::<D>(&client.account.defaults)?;
    site.keep()?;
    let lock = UserLock { user: args.user.unwrap_or_else(whoami), lock_reason: args.reason };
    client.freeze(&address, &lock).await?;
    output::print_legible(&format!("{address} is frozen by {lock}"))?;
    Ok(0)
}
