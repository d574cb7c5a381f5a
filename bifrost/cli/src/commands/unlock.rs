//! `unlock`: lifts a freeze, and clears what a dead deploy left locked.

use super::arguments::{CloudArgs, Subject};
use super::error::CliError;
use super::{Session, output};
use crate::client::ClientDeployer;
use crate::client::{Address, Unlocked};
use bifrost_core::lock;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    subject: Subject,
    /// Clear the root lock even if its deploy runs: two deploys may get in each other's way then
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Example:
  {name} unlock coinbase/deploy-test development --local

The lock of a deploy that runs stays, unless --force is given. After a
FailureDirty look first at what it left."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &Session<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let address = args.subject.address::<D>(&client.account.defaults)?;
    let unlocked = client.unlock(&address, args.force).await?;
    for line in lines(&address, &unlocked) {
        output::print_legible(&line)?;
    }
    // Nothing was changed, though there was something to clear.
    let refused = !unlocked.kept.is_empty() && unlocked.user_lock.is_none() && unlocked.root_locks.is_empty();
    Ok(if refused { 2 } else { 0 })
}

fn lines(address: &Address, unlocked: &Unlocked) -> Vec<String> {
    let Unlocked { user_lock, root_locks, kept } = unlocked;
    let mut lines = Vec::new();
    lines.extend(user_lock.iter().map(|freeze| format!("{address}: lifted the freeze by {freeze}")));
    lines.extend(
        root_locks.iter().map(|cleared| format!("{address}: cleared the lock of {}", lock::describe(&cleared.holder))),
    );
    lines.extend(kept.iter().map(|kept| {
        format!("{address}: kept the lock of {}, which runs; --force clears it", lock::describe(&kept.holder))
    }));
    if lines.is_empty() {
        lines.push(format!("{address} is not locked"));
    }
    lines
}
