//! `reconcile`: completes the audit log with what deploys and acts of people could not record.

use super::arguments::{CloudArgs, Format, OutputArgs};
use super::error::CliError;
use super::time::TypedAge;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use bifrost_audit::reader::counted;
use bifrost_core::people::Reconciled;
use bifrost_core::strip_control::one_line;
use serde_json::{Value, json};

/// The exit code if something could not be completed.
pub(super) const INCOMPLETE: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Compare executions that started at most so long ago, such as 30d, 12h or 90m
    #[arg(long, value_name = "AGE", default_value = "3d")]
    since: TypedAge,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} reconcile --local
  {name} reconcile --since 7d

It compares the audit log with the executions of the state machine, appends
entries that could not be written, and closes the chains of executions that
were stopped. It can be run at any time.

Exit codes: 0 complete, 1 something could not be completed, 2 an error."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let since = client.account.now() - args.since.age().0;
    let done = client.reconcile(since).await?;
    print(&client.account.identity.name, &done, args.output.format())?;
    Ok(if done.is_complete && done.failed.is_empty() { 0 } else { INCOMPLETE })
}

/// Prints what was completed in the log for a deployer.
pub(super) fn print(deployer: &str, done: &Reconciled, format: Format) -> Result<(), CliError> {
    match format {
        Format::Json => output::print_json(&as_json(deployer, done))?,
        Format::Text => output::print(&lines(deployer, done).join("\n"))?,
    }
    Ok(())
}

fn as_json(deployer: &str, done: &Reconciled) -> Value {
    let mut object = json!({"deployer": deployer});
    if let (Value::Object(fields), Ok(Value::Object(counts))) = (&mut object, serde_json::to_value(done)) {
        fields.extend(counts);
    }
    object
}

fn lines(deployer: &str, done: &Reconciled) -> Vec<String> {
    let Reconciled { executions, running, acts, appended, closed, failed, is_complete } = done;
    let mut lines = vec![format!(
        "{}: compared {} ({running} running) and {} with the log; appended {}",
        one_line(deployer),
        counted(*executions, "execution", "executions"),
        counted(*acts, "act", "acts"),
        counted(*appended, "entry", "entries")
    )];
    lines.extend(closed.iter().map(|one| format!("  closed  {} as {}", one_line(&one.execution), one.outcome.name())));
    lines.extend(failed.iter().map(|one| format!("  failed  {}: {}", one_line(&one.item), one_line(&one.error))));
    if !is_complete || !failed.is_empty() {
        lines.push("  not complete: run it again".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::audit::Outcome;
    use bifrost_core::people::{ClosedExecution, FailedItem};

    #[test]
    fn result_as_text() {
        let closed = vec![ClosedExecution { execution: "deploy-1".into(), outcome: Outcome::Stopped }];
        let failed = vec![FailedItem { item: "deploy-2".into(), error: "throttled\n".into() }];
        let done = Reconciled { executions: 3, running: 1, acts: 2, appended: 1, closed, failed, is_complete: true };
        insta::assert_snapshot!(lines("coinbase-odin", &done).join("\n"), @r"
        coinbase-odin: compared 3 executions (1 running) and 2 acts with the log; appended 1 entry
          closed  deploy-1 as Stopped
          failed  deploy-2: throttled\n
          not complete: run it again
        ");
        assert_eq!(as_json("coinbase-odin", &done)["closed"][0]["outcome"], "Stopped");
    }
}
