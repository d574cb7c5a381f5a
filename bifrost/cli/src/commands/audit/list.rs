//! `bifrost audit list`: a line for each deploy.

use super::AuditProgram;
use super::arguments::{DeploysArgs, FilterArgs};
use crate::client::LogSeverity;
use crate::commands::arguments::{Format, OutputArgs, limit};
use crate::commands::error::CliError;
use crate::commands::output;
use crate::commands::report::Paint;
use crate::commands::table::{Cell, Table, columns};
use crate::commands::time::{duration, moment};
use bifrost_audit::reader::Deploy;
use bifrost_core::audit::Outcome;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Maximum number of deploys to list, newest first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit)]
    limit: usize,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    deploys: DeploysArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit list --local
  bifrost audit list --project acme/shop --since 30d
  bifrost audit list --outcome failure-dirty --from 2026-01-01 --to 2026-03-31
  bifrost audit list --person ada@laptop --output json | jq -r .release_id

BY is what the client of the deploy claimed. A deploy without an end still
runs, or could not record its end: `bifrost audit reconcile` appends it.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let log = args.deploys.open_log(program).await?;
    let (index, filter) = args.deploys.select(&log, Some(args.limit.saturating_add(1))).await?;
    let deploys = index.deploys(&filter)?;
    let shown = deploys.get(..args.limit).unwrap_or(&deploys);
    match args.output.format() {
        Format::Json => shown.iter().try_for_each(output::print_json)?,
        Format::Text if shown.is_empty() => output::print(nothing(&args.deploys.filter))?,
        Format::Text => output::print(&table(shown).lines(Paint::for_stdout(), columns()).join("\n"))?,
    }
    if deploys.len() > args.limit {
        output::note("note: older deploys are not shown; use --limit to show more");
    }
    Ok(0)
}

/// What a list without a deploy says.
pub(super) fn nothing(filter: &FilterArgs) -> &'static str {
    if filter.is_empty() { "the log has no deploys yet" } else { "no deploy matches" }
}

pub(super) fn table(deploys: &[Deploy]) -> Table<8> {
    let mut table = Table::new(["STARTED", "ACCOUNT", "PROJECT", "CONFIG", "RELEASE", "OUTCOME", "TOOK", "BY"]);
    for deploy in deploys {
        let text = |field: &Option<String>| Cell::from(field.as_deref().unwrap_or_default());
        let took = deploy.started.zip(deploy.ended).map(|(start, end)| duration(end - start));
        table.add([
            moment(deploy.time).into(),
            text(&deploy.aws_account_id),
            text(&deploy.project_name),
            text(&deploy.config_name),
            deploy.release_id.as_deref().unwrap_or_else(|| deploy.execution_name()).into(),
            Cell::new(deploy.outcome_name(), severity(deploy.outcome)),
            took.unwrap_or_default().into(),
            text(&deploy.started_by),
        ]);
    }
    table
}

fn severity(outcome: Option<Outcome>) -> LogSeverity {
    match outcome {
        Some(Outcome::Success) => LogSeverity::Good,
        Some(Outcome::FailureDirty | Outcome::Stopped) => LogSeverity::Bad,
        Some(Outcome::FailureClean | Outcome::Refused) | None => LogSeverity::Warn,
    }
}
