//! `freeze` and `unfreeze`: block deploys of a project's config, and allow them again.

use super::arguments::{CloudArgs, ProjectArgs, whoami};
use super::error::CliError;
use super::motive::{MotiveArgs, TicketArgs};
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use bifrost_core::lifecycle::Freeze;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Reason for the freeze, shown to anyone who tries to deploy
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who requests the freeze [default: the user and host of this machine]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    ticket: TicketArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct UnfreezeArgs {
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    motive: MotiveArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Example:
  {name} freeze coinbase/deploy-test development --reason \"incident 42\" --local

A running deploy is not stopped: `{name} halt` stops it.
`{name} unfreeze` lifts the freeze."
    )
}

pub(super) fn unfreeze_examples(name: &str) -> String {
    format!(
        "Example:
  {name} unfreeze coinbase/deploy-test development --local

The lock of a deploy is kept: `{name} unlock` clears a lock that a failed
deploy left."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client().acting(args.ticket.motive(Some(args.reason.clone())));
    let address = args.project.address::<D>(&client.account.defaults)?;
    backend.keep()?;
    let freeze = Freeze { user: args.user.unwrap_or_else(whoami), lock_reason: args.reason };
    client.freeze(&address, &freeze).await?;
    output::print_escaped(&format!("{address}: frozen by {freeze}"))?;
    Ok(0)
}

pub(super) async fn lift<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: UnfreezeArgs) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client().acting(args.motive.motive());
    let address = args.project.address::<D>(&client.account.defaults)?;
    backend.keep()?;
    let line = match client.unfreeze(&address).await? {
        Some(freeze) => format!("{address}: no longer frozen; the lifted freeze was by {freeze}"),
        None => format!("{address}: not frozen"),
    };
    output::print_escaped(&line)?;
    Ok(0)
}
