//! `failures`: the latest deploys that failed, why, and what to do.

use super::arguments::{CloudArgs, CommandHint, Format, OutputArgs, ProjectArgs};
use super::error::CliError;
use super::escape_control::{escape_control, one_line};
use super::report::{Paint, next_step};
use super::time::{duration, moment};
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Address, FailedDeploy};
use chrono::TimeDelta;
use serde::Serialize;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: Option<ProjectArgs>,
    /// List at most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 10)]
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
  {name} failures coinbase/deploy-test development --limit 1 --local --output json

Without a name it shows those of all projects. The root cause is the first error
that ended a state: later ones may come of it. Step Functions keeps 90 days."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let address = args.project.map(|project| project.address::<D>(&client.account.defaults)).transpose()?;
    let failures = client.failures(address.as_ref(), args.limit).await?;
    let (format, hint) = (args.output.format(), args.cloud.hint::<D>());
    if failures.is_empty() && format == Format::Text {
        let whose = address.map_or_else(String::new, |address| format!(" of {address}"));
        output::print(&format!("no deploy{whose} has failed"))?;
    }
    for failure in &failures {
        match format {
            Format::Json => output::print_json(&FailureJson { failure, next: next(failure, &hint) })?,
            Format::Text => output::print(&lines(failure, &hint, Paint::for_stdout()).join("\n"))?,
        }
    }
    Ok(0)
}

/// A deploy that failed, and what to do.
#[derive(Serialize)]
struct FailureJson<'f> {
    #[serde(flatten)]
    failure: &'f FailedDeploy,
    next: String,
}

fn next(failure: &FailedDeploy, hint: &CommandHint) -> String {
    next_step(&failure.outcome, failure.address.as_ref(), hint)
}

fn lines(failure: &FailedDeploy, hint: &CommandHint, paint: Paint) -> Vec<String> {
    let FailedDeploy { address, started_by, outcome } = failure;
    let what = address.as_ref().map_or_else(|| "something".to_owned(), Address::to_string);
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
        let said = escape_control(&cause.cause).replace('\n', "\n           ");
        lines.push(paint.bad(&format!("  failed   in {}: {}: {said}", cause.state, cause.error)));
    }
    lines.extend(outcome.changes.notes.iter().map(|note| format!("  note     {}", one_line(note))));
    lines.push(format!("  next     {}", next(failure, hint)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Changes;
    use crate::client::{DeployOutcome, Status, StepFailure};
    use chrono::DateTime;

    fn failure() -> FailedDeploy {
        let time = DateTime::from_timestamp(1_800_000_125, 0).unwrap();
        let failure = |state: &str, cause: &str| StepFailure {
            time,
            state: state.into(),
            error: "DeployError".into(),
            cause: cause.into(),
            attempt: 1,
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
            outcome: DeployOutcome {
                status: Status::FailureClean,
                exit_code: 1,
                is_ours: true,
                changed: true,
                time,
                seconds: 125,
                execution: "deploy-1".into(),
                release_id: "release-1".into(),
                failures: vec![failure("Deploy", "no capacity\nin us-east-1a"), failure("CleanUp", "denied")],
                states_after_failure: Vec::new(),
                changes: Changes { notes: vec!["the group was removed".into()], ..Changes::default() },
            },
        }
    }

    #[test]
    fn a_failure_is_told_by_its_root_cause_and_what_to_do() {
        insta::assert_snapshot!(lines(&failure(), &CommandHint::local("odin"), Paint::none()).join("\n"));
    }

    #[test]
    fn a_failure_is_one_object_for_a_program() {
        let failure = failure();
        insta::assert_json_snapshot!(FailureJson {
            failure: &failure,
            next: next(&failure, &CommandHint::local("odin"))
        });
    }
}
