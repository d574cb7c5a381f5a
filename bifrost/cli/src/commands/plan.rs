//! `plan`: what a deploy would change, found out without changing anything.

use super::arguments::{CloudArgs, Format, OutputArgs, whoami};
use super::error::CliError;
use super::escape_control::{escape_control, one_line};
use super::report::Paint;
use super::{ProgramRun, output};
use crate::client::Address;
use crate::client::{Action, ClientDeployer, DeployPlan, PlannedChange};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The release file. Files that belong to it stand beside it
    #[arg(value_name = "RELEASE FILE")]
    file: PathBuf,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} plan {file}
  {name} plan {file} --local
  {name} plan {file} --local --output json

Nothing is changed or uploaded. The release is checked as `{name} deploy` checks it,
then the target account is looked into, for which your credentials must be allowed
to assume the deployer's role there.

Exit codes of this command:
  0  a deploy would change nothing
  2  it would change what is listed
  1  it would be refused, or that is not known: an error says why

With --output json the answer is one object: the names, changes (action, resource,
kind, details, is_stateful), findings, notes, exit_code."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    show(session, args).await.map_err(|source| CliError::NoPlan(Box::new(source)))
}

async fn show<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let client = session.client(&args.cloud).await?;
    let prepared = client.prepare(&args.file, &whoami()).await?;
    let (address, plan) = (Address::from(&prepared.release.envelope), client.plan(&prepared).await?);
    let exit_code = exit_code(&plan);
    match args.output.format() {
        Format::Json => output::print_json(&PlanJson { address: &address, plan: &plan, exit_code })?,
        Format::Text => output::print(&lines(&address, &plan, Paint::for_stdout()).join("\n"))?,
    }
    Ok(exit_code)
}

/// A plan, and of what.
#[derive(Serialize)]
struct PlanJson<'p> {
    #[serde(flatten)]
    address: &'p Address,
    #[serde(flatten)]
    plan: &'p DeployPlan,
    exit_code: u8,
}

fn exit_code(plan: &DeployPlan) -> u8 {
    match plan {
        DeployPlan { findings, .. } if !findings.is_empty() => 1,
        DeployPlan { changes, .. } if !changes.is_empty() => 2,
        DeployPlan { .. } => 0,
    }
}

fn lines(address: &Address, plan: &DeployPlan, paint: Paint) -> Vec<String> {
    let DeployPlan { changes, findings, notes } = plan;
    let mut lines = vec![paint.strong(&address.to_string())];
    let width = changes.iter().map(|change| one_line(&change.resource).chars().count()).max().unwrap_or_default();
    for change in changes {
        lines.push(change_line(change, width, paint));
        lines.extend(change.details.iter().map(|detail| paint.dim(&format!("               {}", one_line(detail)))));
    }
    let told = |word: &str, text: &str| format!("  {word:8} {}", escape_control(text).replace('\n', "\n           "));
    lines.extend(findings.iter().map(|finding| paint.bad(&told("error", finding))));
    lines.extend(notes.iter().map(|note| told("note", note)));
    lines.push(sum(plan, paint));
    lines
}

fn change_line(change: &PlannedChange, width: usize, paint: Paint) -> String {
    let PlannedChange { action, resource, kind, .. } = change;
    let (sign, word) = words(*action);
    let lost = if change.loses_data() { "  its data are lost" } else { "" };
    let line = format!("  {sign} {word:<10} {:width$}  {}{lost}", one_line(resource), one_line(kind));
    match action {
        _ if change.loses_data() => paint.bad(&line),
        Action::Add => paint.good(&line),
        Action::Modify | Action::Replace => paint.busy(&line),
        Action::Remove => line,
    }
}

fn words(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Add => ("+", "add"),
        Action::Modify => ("~", "modify"),
        Action::Replace => ("±", "replace"),
        Action::Remove => ("-", "remove"),
    }
}

fn sum(plan: &DeployPlan, paint: Paint) -> String {
    let count = |action: Action| plan.changes.iter().filter(|change| change.action == action).count();
    let counts = [Action::Add, Action::Modify, Action::Replace, Action::Remove].map(|action| (count(action), action));
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<_> = told.map(|(count, action)| format!("{count} to {}", words(action).1)).collect();
    match exit_code(plan) {
        0 => paint.good("A deploy would change nothing."),
        1 => paint.bad("A deploy would be refused."),
        _ => paint.strong(&format!("A deploy would change this: {}.", told.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: Action, resource: &str, kind: &str, is_stateful: bool) -> PlannedChange {
        PlannedChange { action, resource: resource.into(), kind: kind.into(), details: Vec::new(), is_stateful }
    }

    fn plan() -> DeployPlan {
        let function = change(Action::Modify, "api", "AWS::Lambda::Function", false);
        DeployPlan {
            changes: vec![
                change(Action::Add, "queue", "AWS::SQS::Queue", true),
                PlannedChange { details: vec!["memory 128 → 256".into()], ..function },
                change(Action::Replace, "users", "AWS::DynamoDB::Table", true),
                change(Action::Remove, "old", "AWS::SNS::Topic", false),
            ],
            findings: Vec::new(),
            notes: vec!["the stack drifted\nin two places".into()],
        }
    }

    fn shown(plan: &DeployPlan) -> String {
        let address = Address {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            project: "coinbase/deploy-test".parse().unwrap(),
            config: "development".parse().unwrap(),
        };
        lines(&address, plan, Paint::none()).join("\n")
    }

    #[test]
    fn a_plan_tells_each_change_and_whose_data_are_lost() {
        insta::assert_snapshot!(shown(&plan()));
    }

    #[test]
    fn a_plan_exits_0_without_changes_2_with_some_and_1_if_it_would_be_refused() {
        let findings = vec!["ami: there is none".to_owned()];
        let refused = DeployPlan { findings, ..plan() };
        assert_eq!([&DeployPlan::default(), &plan(), &refused].map(exit_code), [0, 2, 1]);
        assert!(shown(&refused).ends_with("A deploy would be refused."));
        assert!(shown(&refused).contains("\n  error    ami: there is none\n"));
        assert!(shown(&DeployPlan::default()).ends_with("A deploy would change nothing."));
    }
}
