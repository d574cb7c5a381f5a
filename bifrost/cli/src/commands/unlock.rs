//! `unlock`: clears the root lock that a failed deploy left.

use super::arguments::{CloudArgs, CommandHint, ProjectArgs};
use super::error::CliError;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Address, Unlocked};
use bifrost_core::lock;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Clear the lock even if its deploy is running: two deploys can then interfere with each other
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Example:
  {name} unlock coinbase/deploy-test development --local

The lock of a running deploy is kept unless --force is given. After
FailureDirty, first do what `{name} failures` shows for the deploy.
`{name} unfreeze` lifts a freeze."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let address = args.project.address::<D>(&client.account.defaults)?;
    let unlocked = client.unlock(&address, args.force).await?;
    for line in lines(&address, &unlocked, &session.hint(&args.cloud).with_defaults(&client.account.defaults)) {
        output::print_escaped(&line)?;
    }
    let is_blocked = !unlocked.kept.is_empty() || unlocked.freeze.is_some();
    Ok(if is_blocked { 2 } else { 0 })
}

fn lines(address: &Address, unlocked: &Unlocked, hint: &CommandHint) -> Vec<String> {
    let Unlocked { freeze, cleared, kept } = unlocked;
    let mut lines = Vec::new();
    lines.extend(
        cleared.iter().map(|cleared| format!("{address}: cleared the lock of {}", lock::describe(&cleared.holder))),
    );
    lines.extend(kept.iter().map(|kept| {
        format!("{address}: kept the lock of {}, which is running; wait until it ends", lock::describe(&kept.holder))
    }));
    lines.extend(freeze.iter().map(|freeze| {
        let unfreeze = hint.project("unfreeze", address);
        format!("{address}: still frozen by {freeze}; to lift the freeze: {unfreeze}")
    }));
    if lines.is_empty() {
        lines.push(format!("{address}: not locked"));
    }
    lines
}
