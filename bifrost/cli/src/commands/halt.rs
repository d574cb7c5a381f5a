//! `halt`: stops the deploy that runs.

use super::arguments::{CloudArgs, ProjectArgs, whoami};
use super::error::CliError;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::Halted;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Why; the deploy's error will say it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} halt {file} --local
  {name} halt coinbase/deploy-test development --reason \"wrong build\" --local

The deploy stops at its next look, cleans up, and fails. What ran before it goes on.
If it has come too far to be halted, the answer says so."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    // Nothing runs in a world that is not kept yet, and so nothing is written there.
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client();
    let address = args.project.address::<D>(&client.account.defaults)?;
    let who = whoami();
    let reason = args.reason.map_or_else(|| who.clone(), |reason| format!("{reason} ({who})"));
    let Halted { execution, too_late } = client.halt(&address, &reason).await?;
    match too_late {
        None => output::print_escaped(&format!(
            "{} is asked to halt: it stops at its next look, cleans up, and fails.",
            execution.name
        ))?,
        Some(why) => output::print_escaped(&format!("The halt flag of {} is written; but {why}.", execution.name))?,
    }
    // Nobody else can tell: the execution is there, and nothing moves it.
    if !backend.is_run()? {
        output::note("note: no process runs this world now; the next `deploy` in it goes on with the execution");
    }
    Ok(0)
}
