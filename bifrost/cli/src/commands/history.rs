//! `history`: lists executions, or shows the events of one.

use super::arguments::{CloudArgs, Format, OutputArgs, limit};
use super::error::CliError;
use super::time::{duration, moment};
use super::{ProgramRun, output};
use crate::client::Client;
use crate::client::ClientDeployer;
use bifrost_core::cloud::HistoryEvent;
use bifrost_core::cloud::{ExecutionFilter, ExecutionSummary};
use bifrost_core::release::started_by;
use bifrost_core::strip_control::one_line;
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name or ARN of an execution, to show its events [default: list executions]
    #[arg(value_name = "EXECUTION")]
    execution: Option<String>,
    /// Maximum number of executions to list, newest first
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = limit)]
    limit: usize,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} history --local
  {name} history deploy-web-development-2026-11-21T10-00-00Z-abcdefgh --local
  {name} history --local --output json | jq -r .name

The events are those of GetExecutionHistory in AWS Step Functions."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let format = args.output.format();
    match &args.execution {
        None => list(&client, args.limit, format).await?,
        Some(execution) => {
            let list = session.hint(&args.cloud).line("history");
            events(&client, execution, format, list).await?;
        }
    }
    Ok(0)
}

async fn list<D: ClientDeployer>(client: &Client<D>, limit: usize, format: Format) -> Result<(), CliError> {
    let executions = client.executions.list(&ExecutionFilter::default(), limit.saturating_add(1)).await?;
    for execution in executions.iter().take(limit) {
        match format {
            Format::Json => output::print_json(&summary(execution))?,
            Format::Text => output::print_escaped(&line(execution))?,
        }
    }
    if executions.len() > limit {
        output::note("note: older executions are not shown; use --limit to show more");
    }
    Ok(())
}

/// `list` is the command that lists the executions.
async fn events<D: ClientDeployer>(
    client: &Client<D>,
    execution: &str,
    format: Format,
    list: String,
) -> Result<(), CliError> {
    let name = execution.rsplit(':').next().unwrap_or(execution);
    if client.executions.describe(name).await?.is_none() {
        return Err(CliError::UnknownExecution { name: name.to_owned(), list });
    }
    for event in client.executions.history(name, 0).await? {
        match format {
            Format::Json => output::print_json(&event)?,
            Format::Text => output::print_escaped(&event_line(&event))?,
        }
    }
    Ok(())
}

/// An execution without its input: the release may be long, and is in the first event.
fn summary(execution: &ExecutionSummary) -> Value {
    json!({
        "name": execution.name,
        "arn": execution.arn,
        "status": execution.status,
        "start_date": execution.start_date,
        "stop_date": execution.stop_date,
        "error": execution.error,
        "project_name": execution.input_str("project_name"),
        "config_name": execution.input_str("config_name"),
        "release_id": execution.input_str("release_id"),
        "started_by": started_by(&execution.input),
    })
}

fn line(execution: &ExecutionSummary) -> String {
    let status = json!(execution.status);
    let end = execution.error.as_deref().or(status.as_str()).unwrap_or_default();
    let took = execution.stop_date.map_or_else(|| "running".to_owned(), |stop| duration(stop - execution.start_date));
    let by = started_by(&execution.input).map_or_else(String::new, |who| format!("  by {}", one_line(who)));
    format!("{}  {end:<12}  {took:>7}  {}{by}", moment(execution.start_date), execution.name)
}

fn event_line(event: &HistoryEvent) -> String {
    let details = &event.details;
    let name = details.name.as_deref().unwrap_or_default();
    let error = details.error.as_deref().unwrap_or_default();
    let cause = details.cause.as_deref().map(|cause| format!(": {cause}")).unwrap_or_default();
    let line = format!("{:>5}  {}  {:<24}  {name}{error}{cause}", event.id, moment(event.timestamp), event.event_type);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::ExecutionStatus;
    use chrono::{DateTime, TimeDelta};

    fn execution() -> ExecutionSummary {
        ExecutionSummary {
            name: "deploy-web-dev-1".into(),
            arn: "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:deploy-web-dev-1".into(),
            status: ExecutionStatus::Running,
            start_date: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            stop_date: None,
            input: json!({"metadata": {"started_by": "ada@laptop"}}).into(),
            output: None,
            error: None,
            cause: None,
        }
    }

    #[test]
    fn execution_as_text() {
        let running = execution();
        assert_eq!(line(&running), "2027-01-15T08:00:00Z  RUNNING       running  deploy-web-dev-1  by ada@laptop");
        let failed = ExecutionSummary {
            status: ExecutionStatus::Failed,
            stop_date: Some(running.start_date + TimeDelta::seconds(125)),
            error: Some("FailureClean".into()),
            input: Value::Null.into(),
            ..running
        };
        assert_eq!(line(&failed), "2027-01-15T08:00:00Z  FailureClean     2:05  deploy-web-dev-1");
    }
}
