//! `bifrost audit verify`: whether anybody altered the log, or whether a receipt proves a deploy.

use super::arguments::LogArgs;
use super::files::read_file;
use super::opened::OpenedLog;
use super::progress::ProgressLine;
use super::{AuditCliError, AuditProgram, verify_receipt};
use crate::commands::arguments::{Format, OutputArgs};
use crate::commands::error::CliError;
use crate::commands::output;
use crate::commands::report::Paint;
use bifrost_audit::key::verifier_key;
use bifrost_audit::policy::Policy;
use bifrost_audit::reader::{counted, paragraph};
use bifrost_audit::verify::{self, Finding, Report, Severity, Stage, VerifyError};
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::strip_control::one_line;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The exit code if something is wrong with the log or the receipt.
const WRONG: u8 = 1;

/// The code of a finding: the log has fewer entries than the last verification saw.
const ROLLED_BACK: &str = "audit/rolled-back";

/// How many findings are shown as text. JSON has all.
const MAX_SHOWN: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Policy file with the public key of the log [default: the key that the log itself says]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// File that keeps the last checkpoint seen [default: in your folder for the state of programs]
    #[arg(long, value_name = "FILE", conflicts_with = "receipt")]
    state: Option<PathBuf>,
    /// Verify this receipt of a deploy instead: needs no network
    #[arg(
        long,
        value_name = "FILE",
        requires_all = ["release", "policy"],
        conflicts_with_all = ["local", "cloud", "copy", "bucket", "deployer_account", "deployer_region"]
    )]
    receipt: Option<PathBuf>,
    /// The release of the receipt, as it was uploaded
    #[arg(long, value_name = "FILE", requires = "receipt")]
    release: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit verify --local
  bifrost audit verify --policy log.policy
  bifrost audit verify --copy log-2026 --policy log.policy
  bifrost audit verify --receipt web.receipt --policy log.policy \\
    --release web.receipt.release.json

It checks the records of each deploy against each other, the entries of the
log against the records, the Merkle tree against the entries, its signature,
and that the log extends the last checkpoint that this command has seen.
It names the first thing that is altered, missing, reordered, duplicated,
forged or created again, and what still holds.

Without --policy it trusts the key that the log itself says, which does not
catch a log that was replaced as a whole, key and all.

Exit codes: 0 all is well, 1 something is wrong, 2 it could not be verified.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    if let (Some(receipt), Some(release), Some(policy)) = (&args.receipt, &args.release, &policy) {
        return verify_receipt::run(receipt, release, policy, args.output.format());
    }
    let log = program.open(&args.log).await?;
    let is_given = policy.is_some();
    if !is_given && log.is_copy && log.first_key().await?.is_none() {
        return Err(log.missing().into());
    }
    let policy = policy.map_or_else(|| policy_of(&log), Ok)?;
    let report = check(&log, &policy, args.state).await?;
    match args.output.format() {
        Format::Json => output::print_json(&as_json(&report))?,
        Format::Text => output::print(&lines(&report, &log.place, Paint::for_stdout()).join("\n"))?,
    }
    if !is_given {
        output::note(&format!(
            "warning: the key comes from the log itself; to catch a log that was replaced with its key, keep the output of {} and \
             pass it with --policy",
            log.hint("policy")
        ));
    }
    Ok(if report.is_ok() { 0 } else { WRONG })
}

/// Verifies a log, and remembers its checkpoint if all is well.
pub(super) async fn check(log: &OpenedLog, policy: &Policy, state: Option<PathBuf>) -> Result<Report, CliError> {
    // It may be missing: then the rest says whether it should be there.
    let checkpoint = log.source.get(CHECKPOINT_KEY).await?;
    let seen = log.seen(state, policy);
    let last_seen = seen.as_ref().map(super::seen::SeenCheckpoint::read).transpose()?.flatten();
    let progress = ProgressLine::new("verifying");
    let show = |stage: Stage, done: u64| progress.set(stage_name(stage), done);
    let verified = verify::verify(&*log.source, policy, last_seen.as_deref(), &show).await;
    drop(progress);
    let mut report = verified.map_err(|error| match (error, &seen) {
        (source @ VerifyError::LastSeen(_), Some(seen)) => {
            CliError::from(AuditCliError::LastSeen { path: seen.path().into(), source: Box::new(source) })
        }
        (error, _) => error.into(),
    })?;
    if !log.is_copy {
        report.findings.iter_mut().for_each(|finding| finding.remedy = of_bucket(finding.remedy));
    }
    let Some(checkpoint) = checkpoint else {
        return if report.is_ok() { Err(log.missing().into()) } else { Ok(report) };
    };
    if let Some(seen) = seen {
        let is_older = log.is_copy && accept_older_copy(&mut report, seen.path());
        if report.is_ok() && !is_older {
            seen.write(&checkpoint)?;
        }
    }
    Ok(report)
}

/// A copy that has less than the last verification saw may be of an earlier day: that alone is no error. Returns whether it has.
fn accept_older_copy(report: &mut Report, state: &Path) -> bool {
    let size = report.size;
    let found = report.findings.iter_mut().find(|finding| finding.code == ROLLED_BACK && size > 0);
    let Some(finding) = found else { return false };
    finding.severity = Severity::Warning;
    let state = one_line(&state.to_string_lossy()).into_owned();
    finding.message =
        format!("{}; this may be an older copy: the checkpoint that was seen is in {state}", finding.message);
    finding.remedy =
        "if it should be the newest copy, find out who made it; to verify older copies, pass another file with --state";
    true
}

/// A remedy for who reads the log itself: another copy would have the same bytes.
fn of_bucket(remedy: &'static str) -> &'static str {
    let Some((_, rest)) = remedy.split_once("copy the log again") else { return remedy };
    match rest.strip_prefix("; ") {
        // "if the bucket has the same bytes, find out who wrote them": it has.
        Some(rest) if rest.starts_with("if the bucket ") => rest.split_once(", ").map_or(rest, |(_, then)| then),
        Some(rest) => rest,
        None => remedy.split_once("; ").map_or(remedy, |(first, _)| first),
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Entries => "verifying entries",
        Stage::Tiles => "verifying tiles",
        Stage::Bundles => "verifying bundles",
        Stage::Records => "verifying records",
    }
}

/// The policy that the log itself says.
pub(super) fn policy_of(log: &OpenedLog) -> Result<Policy, CliError> {
    let Some(key) = &log.public_key else {
        return Err(AuditCliError::PolicyRequired { place: log.place.clone() }.into());
    };
    Ok(Policy::of_key(&verifier_key(&log.origin, key))?)
}

pub(super) fn read_policy(path: &Path) -> Result<Policy, CliError> {
    let text = read_file(path)?;
    Ok(Policy::parse(&text)
        .map_err(|source| AuditCliError::PolicyFile { path: path.into(), source: Box::new(source) })?)
}

fn as_json(report: &Report) -> Value {
    let mut object = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(fields) = &mut object {
        fields.insert("ok".to_owned(), report.is_ok().into());
    }
    object
}

/// The result for people: whether all is well, what was checked, what is wrong, and what still holds.
fn lines(report: &Report, place: &str, paint: Paint) -> Vec<String> {
    let mut lines = vec![headline(report, place, paint)];
    let Report { entries, records, executions, open, acts, uncommitted, .. } = report;
    lines.push(format!("  log         {}", one_line(&report.origin)));
    lines.push(format!(
        "  checked     {}, {} of {}, {}",
        counted(*entries, "entry", "entries"),
        counted(*records, "record", "records"),
        counted(*executions, "deploy", "deploys"),
        counted(*acts, "act or review", "acts and reviews")
    ));
    if *open > 0 || *uncommitted > 0 {
        let (open, records) = (counted(*open, "deploy", "deploys"), counted(*uncommitted, "record", "records"));
        lines.push(format!("  not ended   {open}; {records} without an entry in the log yet"));
    }
    if let Some(root) = &report.root {
        let entries = counted(report.size, "entry", "entries");
        lines.push(format!("  checkpoint  {entries}, root {}", one_line(root)));
    }
    lines.extend(report.signers.iter().map(|signer| format!("  signed by   {}", one_line(signer))));
    for finding in report.findings.iter().take(MAX_SHOWN) {
        lines.push(String::new());
        lines.extend(finding_lines(finding, paint));
    }
    let more = report.findings.len().saturating_sub(MAX_SHOWN) as u64 + report.more_errors + report.more_warnings;
    if more > 0 {
        lines.push(format!("\n{more} more findings; --output json lists up to 1,000"));
    }
    for (title, sentences) in [("What holds:", &report.holds), ("What was not checked:", &report.limits)] {
        if !sentences.is_empty() {
            lines.push(format!("\n{title}"));
            lines.extend(sentences.iter().flat_map(|sentence| wrapped("  - ", sentence)));
        }
    }
    lines
}

fn headline(report: &Report, place: &str, paint: Paint) -> String {
    let errors =
        report.findings.iter().filter(|one| one.severity == Severity::Error).count() as u64 + report.more_errors;
    let warnings =
        report.findings.iter().filter(|one| one.severity == Severity::Warning).count() as u64 + report.more_warnings;
    let some = counted(warnings, "warning", "warnings");
    match errors {
        0 if warnings > 0 => paint.busy(&format!("Verified: no error, {some}: the audit log in {place}")),
        0 => paint.good(&format!("Verified: the audit log in {place} is intact")),
        1 => paint.bad(&format!("NOT INTACT: something is wrong with the audit log in {place}")),
        more => {
            paint.bad(&format!("NOT INTACT: {more} things are wrong with the audit log in {place}; the first first"))
        }
    }
}

/// Text in lines of 80 columns.
fn wrapped(head: &str, text: &str) -> Vec<String> {
    let mut out = String::new();
    paragraph(&mut out, head, text);
    out.lines().map(ToOwned::to_owned).collect()
}

fn finding_lines(finding: &Finding, paint: Paint) -> Vec<String> {
    let text = format!("[{}] {}", finding.code, finding.message);
    let headline: Vec<String> = match finding.severity {
        Severity::Error => wrapped("", &format!("error{text}")).iter().map(|line| paint.bad(line)).collect(),
        Severity::Warning => wrapped("", &format!("warning{text}")).iter().map(|line| paint.busy(line)).collect(),
    };
    let line = finding.line.map_or_else(String::new, |line| format!(", line {line}"));
    let places = [
        finding.key.as_ref().map(|key| format!("in        {key}{line}")),
        finding.entry.map(|entry| format!("entry     {entry}")),
        finding.execution.as_ref().map(|execution| format!("deploy    {execution}")),
        finding.release_id.as_ref().map(|release| format!("release   {release}")),
    ];
    let places = places.into_iter().flatten().map(|place| format!("  {}", one_line(&place)));
    let remedy = wrapped("  what now  ", finding.remedy);
    headline.into_iter().chain(places).chain(remedy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headline_counts_warnings() {
        let finding = |severity| Finding {
            code: "audit/x",
            severity,
            message: String::new(),
            remedy: "",
            key: None,
            line: None,
            entry: None,
            execution: None,
            release_id: None,
        };
        let headline = |severities: &[Severity]| {
            let findings = severities.iter().map(|severity| finding(*severity)).collect();
            headline(&Report { findings, ..Report::default() }, "here", Paint::none())
        };
        assert_eq!(headline(&[]), "Verified: the audit log in here is intact");
        assert_eq!(headline(&[Severity::Warning]), "Verified: no error, 1 warning: the audit log in here");
        assert!(headline(&[Severity::Warning, Severity::Error]).starts_with("NOT INTACT: "));
    }

    #[test]
    fn remedy_for_the_bucket_itself_asks_for_no_copy() {
        let codes = bifrost_audit::ERROR_CODES.iter().copied().flatten();
        let of_findings = codes.filter(|code| code.remedy.contains("copy the log again"));
        let read = ["audit/copy-unreadable", "audit/entries-damaged", "audit/entries-missing"];
        for code in of_findings.filter(|code| !read.contains(&code.code)) {
            let remedy = of_bucket(code.remedy);
            assert!(!remedy.contains("copy") && !remedy.contains("if the bucket"), "{}: {remedy}", code.code);
            assert!(remedy.len() > 5 && code.remedy.contains(remedy), "{}: {remedy}", code.code);
        }
        let altered = "copy the log again; if the bucket has the same bytes, find out who wrote them";
        assert_eq!(of_bucket(altered), "find out who wrote them");
        assert_eq!(of_bucket("compare with another copy of the log"), "compare with another copy of the log");
    }
}
