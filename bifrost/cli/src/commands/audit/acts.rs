//! `bifrost audit open`, `review` and `reconcile`: what people did, who reviewed it, and what the log lacks.

use super::arguments::LogArgs;
use super::opened::OpenedLog;
use super::when::When;
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::{Format, OutputArgs, whoami};
use crate::commands::error::CliError;
use crate::commands::report::Paint;
use crate::commands::time::moment;
use crate::commands::{output, reconcile as reconciled};
use bifrost_audit::reader::{Act, Filter};
use bifrost_core::audit::{Audit, AuditMode, DeployerVersion};
use bifrost_core::people::{self, ActError, ActRequest, Caller};
use bifrost_core::strip_control::one_line;
use chrono::Utc;
use std::collections::BTreeSet;
use uuid::Uuid;

/// The exit code while an act waits for a review.
const WAITING: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct OpenArgs {
    /// List all acts, also those that need no review
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const OPEN_EXAMPLES: &str = "Examples:
  bifrost audit open
  bifrost audit open --all --output json | jq -r .identity
  bifrost audit review 20260301T120000Z-0123456789abcdef --note \"incident 42\"

An act goes around a protection if, for example, somebody clears the lock of a
deploy that still runs. Another person must review it.

Exit codes: 0 none waits for a review, 1 at least one does, 2 an error.";

pub(super) async fn open(program: &AuditProgram, args: OpenArgs) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    let index = log.index().await?;
    let acts = if args.all { index.acts(&Filter::default()) } else { index.open_acts() };
    let acts = acts?;
    match args.output.format() {
        Format::Json => acts.iter().try_for_each(output::print_json)?,
        Format::Text => output::print(&lines(&log, &acts, args.all, Paint::for_stdout()).join("\n"))?,
    }
    Ok(if acts.iter().any(Act::is_open) { WAITING } else { 0 })
}

fn lines(log: &OpenedLog, acts: &[Act], all: bool, paint: Paint) -> Vec<String> {
    if acts.is_empty() {
        return vec![if all { "the log has no acts of people" } else { "no act waits for a review" }.to_owned()];
    }
    let mut lines = Vec::new();
    for act in acts {
        lines.extend(act_lines(act, paint));
    }
    if acts.iter().any(Act::is_open) {
        // Nothing can be recorded in a copy.
        let review = if log.is_copy {
            "`bifrost audit review ID --note TEXT`, where the log is".to_owned()
        } else {
            log.hint("review ID --note TEXT")
        };
        lines.push(format!("to review one, as another person: {review}"));
    }
    lines
}

fn act_lines(act: &Act, paint: Paint) -> Vec<String> {
    let optional = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
    let confirmed = match act.confirmed {
        Some(true) => "confirmed by STS",
        Some(false) => "not confirmed",
        None => "the record cannot be read",
    };
    let headline = format!("{}  {}  {} by {} ({confirmed})", act.id, moment(act.time), act.action, act.identity);
    let mut lines =
        vec![if act.is_open() { paint.bad(&one_line(&headline)) } else { paint.strong(&one_line(&headline)) }];
    let what = format!(
        "{} {} in account {}",
        optional(&act.project_name),
        optional(&act.config_name),
        optional(&act.aws_account_id)
    );
    let mut add = |label: &str, text: &str| lines.push(format!("  {label:<9} {}", one_line(text)));
    add("of", &format!("{what}, deployer {}", act.deployer));
    if let Some(reason) = &act.reason {
        add("reason", reason);
    }
    if let Some(ticket) = &act.ticket {
        add("ticket", ticket);
    }
    match (act.done, &act.code) {
        (Some(true), _) => add("result", "done"),
        (Some(false), code) => add("result", &format!("failed: {}", code.as_deref().unwrap_or("without a code"))),
        (None, _) => add("result", "not recorded"),
    }
    for review in &act.reviews {
        let counts = if review.counts { "" } else { " (does not count: it must be another person, after the act)" };
        add("review", &format!("{} by {}: {}{counts}", moment(review.time), review.identity, review.note));
    }
    if let Some(problem) = &act.problem {
        add("problem", problem);
    }
    if act.is_open() {
        add("open", "waits for a review by another person");
    }
    lines
}

#[derive(Debug, clap::Args)]
pub(super) struct ReviewArgs {
    /// Id of the act, as `bifrost audit open` shows it
    #[arg(value_name = "ID")]
    act: String,
    /// What you found
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Ticket of the review
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const REVIEW_EXAMPLES: &str = "Examples:
  bifrost audit review 20260301T120000Z-0123456789abcdef --note \"incident 42,
    the deploy hung; the clean-up was done by hand\"

The review is recorded in the log with your name, which AWS confirms. You
cannot review your own acts.";

pub(super) async fn review(program: &AuditProgram, args: ReviewArgs) -> Result<u8, CliError> {
    let ReviewArgs { act, note, ticket, log: place, output } = args;
    if place.copy.is_some() {
        return Err(AuditCliError::CopyIsReadOnly.into());
    }
    let log = program.open(&place).await?;
    let Some(found) = log.index().await?.act(&act)? else { return Err(ActError::Unknown(act).into()) };
    let outcome = if let Some(writer) = &log.writer {
        let deployer = DeployerVersion { name: found.deployer, ..DeployerVersion::default() };
        let audit = Audit { mode: AuditMode::Required, ports: Some(writer.ports.clone()), ..Audit::off(deployer) };
        let caller = Caller::local(&whoami());
        people::review(&audit, writer.env.as_ref(), &caller, (&act, &note), ticket.as_deref()).await?
    } else {
        let review = people::Act::Review { act: act.clone(), note };
        let request = ActRequest { act: review, reason: None, ticket, nonce: Uuid::new_v4() };
        program.acts(&found.deployer, &place).await?.perform(&request).await?
    };
    match output.format() {
        Format::Json => output::print_json(&outcome)?,
        Format::Text => output::print_escaped(&format!(
            "reviewed {act}; the review is {} in the audit log",
            outcome.id.as_deref().unwrap_or("not")
        ))?,
    }
    Ok(0)
}

#[derive(Debug, clap::Args)]
pub(super) struct ReconcileArgs {
    /// Name of a deployer in AWS, such as coinbase-odin [default: all deployers in the log]
    #[arg(long, value_name = "NAME")]
    deployer: Vec<String>,
    /// Compare executions that started since then
    #[arg(long, value_name = "TIME", default_value = "3d")]
    since: When,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const RECONCILE_EXAMPLES: &str = "Examples:
  bifrost audit reconcile
  bifrost audit reconcile --deployer coinbase-odin --since 7d

The function of each deployer compares the log with the executions of its
state machine, appends entries that could not be written, and closes the
chains of executions that were stopped. It can be run at any time.

In a local cloud, use the deployer: `odin reconcile --local`.
Exit codes: 0 complete, 1 something could not be completed, 2 an error.";

pub(super) async fn reconcile(program: &AuditProgram, args: ReconcileArgs) -> Result<u8, CliError> {
    if args.log.copy.is_some() {
        return Err(AuditCliError::CopyIsReadOnly.into());
    }
    if args.log.cloud.is_local() {
        return Err(AuditCliError::ReconcileLocal { arguments: args.log.arguments() }.into());
    }
    let since = args.since.start(Utc::now());
    let mut deployers: BTreeSet<String> = args.deployer.iter().cloned().collect();
    if deployers.is_empty() {
        let index = program.open(&args.log).await?.index().await?;
        let filter = Filter { since: Some(since), ..Filter::default() };
        deployers.extend(index.deploys(&filter)?.into_iter().map(|deploy| deploy.deployer));
    }
    let mut is_complete = true;
    for deployer in deployers {
        let done = program.acts(&deployer, &args.log).await?.reconcile(since).await?;
        is_complete &= done.is_complete && done.failed.is_empty();
        reconciled::print(&deployer, &done, args.output.format())?;
    }
    Ok(if is_complete { 0 } else { reconciled::INCOMPLETE })
}
