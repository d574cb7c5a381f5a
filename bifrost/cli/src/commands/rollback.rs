//! `rollback`: deploys an earlier release again, and follows it as `deploy` does.

use super::arguments::{CloudArgs, ProjectArgs, whoami};
use super::deploy::{FollowArgs, deploy};
use super::error::CliError;
use super::time::moment;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Rollback, Version};
use bifrost_core::release::ReleaseId;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Release to deploy again [default: last successful release before the deployed one]
    #[arg(long, value_name = "RELEASE ID")]
    to: Option<ReleaseId>,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    follow: FollowArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} rollback {file} --local
  {name} rollback coinbase/deploy-test development --local
  {name} rollback {file} --to release-2026-11-21T10-00-00Z-abcdefgh

The earlier release is deployed as a new release, with its own id and time
and all checks, and its metadata name the earlier release. Its fields come
from Step Functions, which keeps them for 90 days, and its files from the
bucket. A second rollback goes back to the release before. Output and exit
codes are those of `{name} deploy`; the exit code is 2 while a deploy is
running, or if there is no earlier release."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client();
    let address = args.project.address::<D>(&client.account.defaults)?;
    let Rollback { from, to, prepared } = client.roll_back(&address, args.to.as_ref(), &whoami()).await?;
    output::note(&format!(
        "Rolling back {address}\n  from {}\n  to   {}\n  as   {}",
        described(&from),
        described(&to),
        prepared.release.envelope.release_id
    ));
    let hint = session.hint(&args.cloud).with_defaults(&client.account.defaults);
    Ok(deploy(backend.as_ref(), &client, &prepared, hint, &args.follow).await?.exit_code)
}

fn described(version: &Version) -> String {
    let Version { release_id, deployed, started_by } = version;
    let by = started_by.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
    format!("{release_id}, deployed {}{by}", moment(*deployed))
}
