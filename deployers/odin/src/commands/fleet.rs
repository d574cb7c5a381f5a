//! `fleet`: the instances of all projects by the age of their release.

use super::{FOUND, INCOMPLETE};
use crate::fleet::{AgeSource, Fleet, FleetRelease, Percent, Share, survey};
use crate::machine::Odin;
use bifrost::cli::{Age, CommandContext, CommandError, CustomCommand, TypedAge, one_line};
use bifrost::client::LogSeverity;
use bifrost::error_code::{Coded as _, full_message};
use bifrost::release::{AccountId, Region};
use chrono::SecondsFormat;
use clap::{ArgMatches, Args as _, Command};
use serde::Serialize;
use serde_json::Number;

/// The command `fleet`.
pub struct FleetCommand;

const HEADINGS: [&str; 7] = ["ACCOUNT", "REGION", "PROJECT", "CONFIG", "RELEASE", "AGE", "INSTANCES"];

const HELP: &str = "\
Examples:
  odin fleet
  odin fleet --max-age 2w --goal 99.5
  odin fleet --local --output json

Lists the instances in every account and region that this deployer deployed to,
by release, oldest first. The age of an instance is the age of its release: the
time since the client created it. Where a release cannot be read, the age is
that of its group, marked `(group)`. Terminating instances are not counted.

It reads the lock table, which needs dynamodb:Scan, as the policy for operators
allows; the releases; and the groups of each target account, where your own
credentials must be allowed to assume the deployer's role, as for `odin plan`.

Exit codes:
  0  the goal is met
  1  too few of the instances that were found run young releases
  2  the goal is met as far as the fleet could be read, but some of it could
     not; or an error

With --output json the result is one object: instances, younger_instances,
share_percent, max_age_seconds, goal_percent, releases, unread, exit_code.";

// It has no doc comment, which would replace the description of the command.
#[derive(clap::Args)]
struct Goal {
    /// Age that releases should not reach, such as 30d, 2w or 12h
    #[arg(long, value_name = "AGE", default_value = "30d")]
    max_age: TypedAge,
    /// Share of instances, in percent, that should run younger releases
    #[arg(long, value_name = "PERCENT", default_value = "98")]
    goal: Percent,
}

impl CustomCommand<Odin> for FleetCommand {
    fn command(&self) -> Command {
        let command = Command::new("fleet").about("Show the instances of all projects by the age of their release");
        Goal::augment_args(command).after_help(HELP)
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Odin>) -> Result<u8, CommandError> {
        let goal: Goal = context.arguments(matches)?;
        let fleet = survey(&context.client().await?).await?;
        let share = Share::of(&fleet, goal.max_age.age().0);
        let exit_code = exit_code(&fleet, share, &goal);
        if context.is_json() {
            context.print_json(&report(&fleet, share, &goal, exit_code))?;
        } else {
            print(context, &fleet, share, &goal)?;
        }
        Ok(exit_code)
    }
}

fn exit_code(fleet: &Fleet, share: Share, goal: &Goal) -> u8 {
    if !share.meets(goal.goal) {
        FOUND
    } else if !fleet.gaps.is_empty() {
        INCOMPLETE
    } else {
        0
    }
}

fn print(context: &CommandContext<'_, Odin>, fleet: &Fleet, share: Share, goal: &Goal) -> Result<(), CommandError> {
    for release in &fleet.releases {
        if let AgeSource::Group(reason) = &release.age_source {
            let FleetRelease { project, config, release_id, .. } = release;
            context.note(&one_line(&format!(
                "note: the age of {release_id} of {project} {config} is that of its group: {reason}"
            )));
        }
    }
    if !fleet.releases.is_empty() {
        context.print_table(
            HEADINGS,
            fleet.releases.iter().map(|release| (severity(release, fleet, goal), row(release, fleet))),
        )?;
    }
    for gap in &fleet.gaps {
        let text = format!("not counted: [{}] {}", gap.code(), full_message(gap));
        context.print(&one_line(&text), LogSeverity::Bad)?;
    }
    let severity = if exit_code(fleet, share, goal) == 0 { LogSeverity::Good } else { LogSeverity::Bad };
    context.print(&summary(fleet, share, goal), severity)
}

/// A release that has reached the age is marked if instances run it.
fn severity(release: &FleetRelease, fleet: &Fleet, goal: &Goal) -> LogSeverity {
    if release.instances == 0 || release.is_younger(goal.max_age.age().0, fleet.now) {
        LogSeverity::Plain
    } else {
        LogSeverity::Bad
    }
}

fn row(release: &FleetRelease, fleet: &Fleet) -> [String; HEADINGS.len()] {
    let age = Age(release.age(fleet.now));
    let age = match release.age_source {
        AgeSource::Release => age.to_string(),
        AgeSource::Group(_) => format!("{age} (group)"),
    };
    let FleetRelease { account, region, project, config, release_id, instances, .. } = release;
    [
        account.to_string(),
        region.to_string(),
        project.clone(),
        config.clone(),
        release_id.clone(),
        age,
        instances.to_string(),
    ]
}

/// `97 of 100 instances (97.0 %) run releases younger than 30 days; the goal is 98 %`
fn summary(fleet: &Fleet, share: Share, goal: &Goal) -> String {
    let Share { younger, all } = share;
    let (age, goal) = (goal.max_age.in_words(), goal.goal);
    let counted = match share.percent() {
        Some(percent) => format!("{younger} of {all} instances ({percent} %) run releases younger than {age}"),
        None => "no instances run".to_owned(),
    };
    let incomplete =
        if fleet.gaps.is_empty() { "" } else { "; this is not the whole fleet: see above what was not counted" };
    format!("{counted}; the goal is {goal} %{incomplete}")
}

/// The answer as JSON.
#[derive(Serialize)]
struct Report<'a> {
    instances: usize,
    younger_instances: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    share_percent: Option<Number>,
    max_age_seconds: i64,
    goal_percent: Option<Number>,
    releases: Vec<ReportedRelease<'a>>,
    unread: Vec<ReportedGap>,
    exit_code: u8,
}

#[derive(Serialize)]
struct ReportedRelease<'a> {
    #[serde(rename = "aws_account_id")]
    account: &'a AccountId,
    #[serde(rename = "aws_region")]
    region: &'a Region,
    project_name: &'a str,
    config_name: &'a str,
    release_id: &'a str,
    created_at: String,
    age_seconds: i64,
    age_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_source_reason: Option<&'a str>,
    instances: usize,
}

#[derive(Serialize)]
struct ReportedGap {
    code: &'static str,
    message: String,
}

fn report<'a>(fleet: &'a Fleet, share: Share, goal: &Goal, exit_code: u8) -> Report<'a> {
    Report {
        instances: share.all,
        younger_instances: share.younger,
        share_percent: share.percent().and_then(|percent| number(&percent)),
        max_age_seconds: goal.max_age.age().0.num_seconds(),
        goal_percent: number(&goal.goal),
        releases: fleet.releases.iter().map(|release| reported(release, fleet)).collect(),
        unread: fleet.gaps.iter().map(|gap| ReportedGap { code: gap.code(), message: full_message(gap) }).collect(),
        exit_code,
    }
}

fn reported<'a>(release: &'a FleetRelease, fleet: &Fleet) -> ReportedRelease<'a> {
    let (age_source, age_source_reason) = match &release.age_source {
        AgeSource::Release => ("release", None),
        AgeSource::Group(reason) => ("group", Some(reason.as_str())),
    };
    ReportedRelease {
        account: &release.account,
        region: &release.region,
        project_name: &release.project,
        config_name: &release.config,
        release_id: &release.release_id,
        created_at: release.created_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        age_seconds: release.age(fleet.now).num_seconds(),
        age_source,
        age_source_reason,
        instances: release.instances,
    }
}

/// A decimal number with all of its digits.
fn number(decimal: &impl ToString) -> Option<Number> {
    decimal.to_string().parse().ok()
}
