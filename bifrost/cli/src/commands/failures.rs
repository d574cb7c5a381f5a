//! `failures`: lists the latest failed deploys with causes and remedies.

use super::arguments::{CloudArgs, CommandHint, Format, OutputArgs, ProjectArgs, limit};
use super::error::CliError;
use super::report::{LockAfter, Paint, failure_text, indented, next_step};
use super::time::{duration, moment};
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Address, FailedDeploy};
use bifrost_core::strip_control::one_line;
use chrono::TimeDelta;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: Option<ProjectArgs>,
    /// Maximum number of failures to list, newest first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = limit)]
    limit: usize,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} failures --local
  {name} failures {file} --local
  {name} failures coinbase/deploy-test development --limit 1 --local

Without a project it lists the failures of all projects. The root cause is
the first error that ended a state; later errors may result from it. Step
Functions keeps executions for 90 days.

With --output json each line is the object of the event `end` of
`{name} deploy`, with project and config, started_by and next."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let address = args.project.map(|project| project.address::<D>(&client.account.defaults)).transpose()?;
    let failures = client.failures(address.as_ref(), args.limit).await?;
    let (format, hint) = (args.output.format(), session.hint(&args.cloud).with_defaults(&client.account.defaults));
    if failures.is_empty() && format == Format::Text {
        let of = address.map_or_else(String::new, |address| format!(" of {address}"));
        output::print(&format!("no failed deploys{of}"))?;
    }
    for failure in &failures {
        match format {
            Format::Json => output::print_json(&FailureJson { failure, next: next(failure, &hint) })?,
            Format::Text => output::print(&lines(failure, &hint, Paint::for_stdout()).join("\n"))?,
        }
    }
    Ok(0)
}

/// A failed deploy with its remedy.
#[derive(Serialize)]
struct FailureJson<'f> {
    #[serde(flatten)]
    failure: &'f FailedDeploy,
    next: String,
}

fn next(failure: &FailedDeploy, hint: &CommandHint) -> String {
    let Some(later) = &failure.superseded_by else {
        let lock = if failure.lock_is_free { LockAfter::Free } else { LockAfter::MayBeHeld };
        return next_step(&failure.outcome, failure.address.as_ref(), lock, hint);
    };
    // What the failure left over may be in service by now.
    let history = hint.line(&format!("history {}", failure.outcome.execution));
    format!("nothing for this failure: {later} deployed a release after it; {history} shows all events")
}

fn lines(failure: &FailedDeploy, hint: &CommandHint, paint: Paint) -> Vec<String> {
    let FailedDeploy { address, started_by, outcome, .. } = failure;
    let what = address.as_ref().map_or_else(|| "unknown project".to_owned(), Address::to_string);
    let by = started_by.as_ref().map_or_else(String::new, |who| format!(", by {}", one_line(who)));
    let took = duration(TimeDelta::seconds(outcome.seconds));
    let mut lines = vec![
        format!(
            "{}  {}  {}{by}",
            moment(outcome.time),
            paint.bad(&format!("{:?}", outcome.status)),
            paint.strong(&one_line(&what))
        ),
        format!("  release  {}, after {took}", one_line(&outcome.release_id)),
    ];
    if let Some(cause) = outcome.failures.first() {
        lines.push(paint.bad(&format!("  failed   in {}: {}", cause.state, failure_text(cause))));
    }
    lines.extend(outcome.changes.notes.iter().map(|note| format!("  note     {}", indented(note))));
    lines.extend(outcome.left_over.iter().map(|name| format!("  left     {}", one_line(name))));
    lines.push(format!("  next     {}", indented(&next(failure, hint))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Changes;
    use crate::client::{AuditTrail, DeployOutcome, Serving, Status, StepFailure};
    use chrono::DateTime;

    fn failure() -> FailedDeploy {
        let time = DateTime::from_timestamp(1_800_000_125, 0).unwrap();
        let failure = |state: &str, cause: &str| StepFailure {
            time,
            state: state.into(),
            error: "DeployError".into(),
            code: Some("aws/throttled".into()),
            cause: cause.into(),
            attempt: 1,
            is_waiting: false,
        };
        FailedDeploy {
            address: Some(Address {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
                bucket: "coinbase-odin-000000000000".parse().unwrap(),
                project: "coinbase/deploy-test".parse().unwrap(),
                config: "development".parse().unwrap(),
            }),
            started_by: Some("ada@laptop".into()),
            superseded_by: None,
            lock_is_free: false,
            outcome: DeployOutcome {
                status: Status::FailureClean,
                exit_code: 1,
                is_ours: true,
                changed: true,
                serving: Serving::Previous,
                time,
                seconds: 125,
                execution: "deploy-1".into(),
                release_id: "release-1".into(),
                failures: vec![failure("Deploy", "no capacity\nin us-east-1a"), failure("CleanUp", "denied")],
                states_after_failure: Vec::new(),
                left_over: Vec::new(),
                audit: AuditTrail::Unknown,
                audit_entry: None,
                changes: Changes { notes: vec!["the group was deleted".into()], ..Changes::default() },
            },
        }
    }

    #[test]
    fn failure_as_text() {
        insta::assert_snapshot!(lines(&failure(), &CommandHint::local("odin"), Paint::none()).join("\n"));
    }

    #[test]
    fn superseded_failure_has_no_remedy() {
        let failure = FailedDeploy { superseded_by: Some("deploy-2".into()), ..failure() };
        let next = next(&failure, &CommandHint::local("odin"));
        assert!(next.contains("deploy-2") && !next.contains("deploy again"), "{next}");
    }

    #[test]
    fn failure_as_json() {
        let failure = failure();
        insta::assert_json_snapshot!(FailureJson {
            failure: &failure,
            next: next(&failure, &CommandHint::local("odin"))
        });
    }
}
