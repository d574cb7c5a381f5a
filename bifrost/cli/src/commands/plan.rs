//! `plan`: shows what a deploy would change, without changing anything.

use super::arguments::{CloudArgs, Format, OutputArgs, whoami};
use super::error::CliError;
use super::report::Paint;
use super::{ProgramRun, output};
use crate::client::Address;
use crate::client::{Action, ClientDeployer, DeployPlan, PlanFinding, PlannedChange};
use bifrost_core::strip_control::{escape_control, one_line};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Release file, with the files that belong to it in the same folder
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

It changes and uploads nothing. It checks the release as `{name} deploy`
does, then reads the target account, for which your credentials need
permission to assume the deployer's role there.

Exit codes of this command:
  0  a deploy would change nothing
  2  a deploy would make the listed changes
  1  a deploy would be refused, or an error occurred

With --output json the output is one object: project and config, changes
(action, resource, kind, details, is_stateful), findings (code, path,
message), notes, exit_code."
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
    let line = |word: &str, text: &str| format!("  {word:8} {}", escape_control(text).replace('\n', "\n           "));
    lines.extend(findings.iter().map(|finding| paint.bad(&line("error", &finding_text(finding)))));
    lines.extend(notes.iter().map(|note| line("note", note)));
    lines.push(total(plan, paint));
    lines
}

fn finding_text(finding: &PlanFinding) -> String {
    format!("[{}] {finding}", finding.code)
}

fn change_line(change: &PlannedChange, width: usize, paint: Paint) -> String {
    let PlannedChange { action, resource, kind, .. } = change;
    let (sign, word) = words(*action);
    let lost = if change.loses_data() { "  its data will be lost" } else { "" };
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

fn total(plan: &DeployPlan, paint: Paint) -> String {
    let count = |action: Action| plan.changes.iter().filter(|change| change.action == action).count();
    let counts = [Action::Add, Action::Modify, Action::Replace, Action::Remove].map(|action| (count(action), action));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, action)| format!("{count} to {}", words(action).1)).collect();
    match exit_code(plan) {
        0 => paint.good("A deploy would change nothing."),
        1 => paint.bad("A deploy would be refused."),
        _ => paint.strong(&format!("A deploy would make these changes: {}.", counts.join(", "))),
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
    fn plan_as_text() {
        insta::assert_snapshot!(shown(&plan()));
    }

    #[test]
    fn exit_codes_of_a_plan() {
        let findings = vec![PlanFinding::new("odin/no-ami", "ami", "not found")];
        let refused = DeployPlan { findings, ..plan() };
        assert_eq!([&DeployPlan::default(), &plan(), &refused].map(exit_code), [0, 2, 1]);
        assert!(shown(&refused).contains("\n  error    [odin/no-ami] ami: not found\n"));
    }
}
