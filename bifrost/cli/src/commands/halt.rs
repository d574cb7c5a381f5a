//! `halt`: stops the running deploy.

use super::arguments::{CloudArgs, ProjectArgs, whoami};
use super::error::CliError;
use super::motive::TicketArgs;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::Halted;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Reason for the halt, shown in the error of the deploy
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    ticket: TicketArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} halt {file} --local
  {name} halt coinbase/deploy-test development --reason \"wrong build\" --local

The deploy stops when it next reads the halt flag, cleans up, and fails.
What was deployed before continues to run. If it is too late to halt, the
command says so."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    // A new local cloud is not kept: no deploy is running in it.
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client().acting(args.ticket.motive(args.reason.clone()));
    let address = args.project.address::<D>(&client.account.defaults)?;
    let who = whoami();
    let reason = args.reason.map_or_else(|| who.clone(), |reason| format!("{reason} ({who})"));
    let Halted { execution, too_late } = client.halt(&address, &reason).await?;
    match too_late {
        None => output::print_escaped(&format!(
            "Asked {} to halt: it stops when it next reads the halt flag, cleans up, and fails.",
            execution.name
        ))?,
        Some(why) => output::print_escaped(&format!("Wrote the halt flag of {}, but {why}.", execution.name))?,
    }
    // Otherwise the user would wait: the execution exists, but no process runs it.
    if !backend.is_run()? {
        let deploy = session.hint(&args.cloud).line("deploy FILE");
        output::note(&format!("note: no process runs this local cloud; {deploy} continues the execution"));
    }
    Ok(0)
}
