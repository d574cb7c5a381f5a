//! `rollback`: deploys an earlier release anew, and follows it to its end as `deploy` does.

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
    /// The release to deploy again [default: the last that succeeded before the one that is deployed now]
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
  {name} rollback coinbase/deploy-test development --to release-2026-11-21T10-00-00Z-abcdefgh --local

The earlier release is deployed as a new one: with an id and a time of its own, the
checks that every release passes, and metadata that say which one it is again. Its
input is taken from Step Functions, which keeps it for 90 days, and its files from
the bucket. To roll back twice goes back twice. What is told, and the exit codes,
are those of `{name} deploy`; refused with 2 while a deploy runs, or if there is no
earlier release."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client();
    let address = args.project.address::<D>(&client.account.defaults)?;
    let Rollback { from, to, prepared } = client.roll_back(&address, args.to.as_ref(), &whoami()).await?;
    output::note(&format!(
        "rolling back {address}\n  from {}\n  to   {}\n  as   {}",
        described(&from),
        described(&to),
        prepared.release.envelope.release_id
    ));
    deploy(backend.as_ref(), &client, &prepared, &args.cloud, &args.follow).await
}

fn described(version: &Version) -> String {
    let Version { release_id, deployed, started_by } = version;
    let by = started_by.as_ref().map_or_else(String::new, |who| format!(" by {who}"));
    format!("{release_id}, deployed at {}{by}", moment(*deployed))
}
