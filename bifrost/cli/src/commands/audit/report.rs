//! `bifrost audit report`: one HTML file with all deploys and the result of verification.

use super::arguments::DeploysArgs;
use super::opened::OpenedLog;
use super::progress::ProgressLine;
use super::verify::{check, policy_of, read_policy};
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::{Format, OutputArgs};
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::reader::{Deploy, Index, Report, Story, VerificationResult, counted};
use bifrost_audit::verify::{self, Severity};
use chrono::Utc;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The exit code if the log is not intact.
const WRONG: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// File to write, which is replaced
    #[arg(long, value_name = "FILE")]
    html: PathBuf,
    /// Policy file with the public key of the log [default: the key that the log itself says]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// File that keeps the last checkpoint seen [default: in your folder for the state of programs]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Leave out the time line of each deploy, for a small file
    #[arg(long)]
    no_timelines: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    deploys: DeploysArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit report --html report.html --local
  bifrost audit report --html 2026.html --from 2026-01-01 --to 2026-12-31
  bifrost audit report --html shop.html --project acme/shop --copy log-2026 \\
    --policy log.policy

The file needs no network: send it, archive it, or print it from a browser. It
has the result of `bifrost audit verify`, a table with filters, the time line
of each deploy, and acts of people.

Exit codes: 0 all is well, 1 the log is not intact, 2 no report was written.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    let log = args.deploys.open_log(program).await?;
    let verification = match policy.map_or_else(|| policy_of(&log), Ok) {
        Ok(policy) => Some(check(&log, &policy, args.state).await?),
        Err(error) => {
            output::note(&format!("warning: the report has no result of verification: {error}"));
            None
        }
    };
    let result = verification.as_ref().map(result_of);
    let (mut index, filter) = args.deploys.select(&log, None).await?;
    let (deploys, acts, open_acts) = (index.deploys(&filter)?, index.acts(&filter)?, index.open_acts()?);
    let (root, notices, origin) = (index.root(), index.notices()?, index.origin().to_owned());
    let report = Report {
        origin: &origin,
        size: index.size(),
        root: &root,
        since: filter.since,
        until: filter.until,
        filters: &args.deploys.filter.described(),
        made: Utc::now(),
        verification: result.as_ref(),
        deploys: &deploys,
        has_timelines: !args.no_timelines,
        acts: &acts,
        open_acts: &open_acts,
        notices: &notices,
    };
    let with_timelines = if args.no_timelines { &[][..] } else { &deploys };
    write(program, &log, &mut index, &report, with_timelines, &args.html).await?;
    let is_intact = result.as_ref().map(|result| result.is_intact);
    let warnings = result.as_ref().map_or(0, |result| result.warnings.len());
    match args.output.format() {
        Format::Json => {
            output::print_json(
                &json!({"file": args.html, "deploys": deploys.len(), "is_intact": is_intact, "warnings": warnings}),
            )?;
        }
        Format::Text => output::print_escaped(&written(&args.html, deploys.len(), is_intact, warnings))?,
    }
    Ok(if is_intact == Some(false) { WRONG } else { 0 })
}

fn written(file: &Path, deploys: usize, is_intact: Option<bool>, warnings: usize) -> String {
    let verified = match is_intact {
        Some(true) if warnings > 0 => "verification found no error, but warnings: the report has them",
        Some(true) => "the log is intact",
        Some(false) => "the log is NOT INTACT: the report says why",
        None => "the log was not verified",
    };
    format!("wrote {} with {}; {verified}", file.display(), counted(deploys, "deploy", "deploys"))
}

fn result_of(report: &verify::Report) -> VerificationResult {
    let finding = |finding: &verify::Finding| {
        let place = finding.key.as_ref().map_or_else(String::new, |key| format!(" (in {key})"));
        format!("{}{place}", finding.message)
    };
    let of = |severity: Severity, more: u64| {
        let found = report.findings.iter().filter(|one| one.severity == severity).map(finding);
        let more = (more > 0).then(|| format!("{more} more, which `bifrost audit verify` counts"));
        found.chain(more).collect()
    };
    VerificationResult {
        is_intact: report.is_ok(),
        findings: of(Severity::Error, report.more_errors),
        warnings: of(Severity::Warning, report.more_warnings),
        holds: report.holds.clone(),
        limits: report.limits.clone(),
    }
}

/// Writes the report time line by time line: together they may not fit into memory. The file is replaced when all is written.
async fn write(
    program: &AuditProgram,
    log: &OpenedLog,
    index: &mut Index,
    report: &Report<'_>,
    deploys: &[Deploy],
    path: &Path,
) -> Result<(), CliError> {
    let failed = |source: io::Error| AuditCliError::Unwritable { path: path.into(), source };
    let temporary = super::files::beside(path, &format!(".{}.tmp", std::process::id()));
    let mut file = BufWriter::new(File::create(&temporary).map_err(failed)?);
    let progress = ProgressLine::new("writing");
    let written = async {
        file.write_all(report.begin().as_bytes()).map_err(failed)?;
        for (done, deploy) in (1..).zip(deploys) {
            let story = Story::read(&*log.source, index, deploy.clone(), &program.causes()).await?;
            file.write_all(Report::timeline(&story).as_bytes()).map_err(failed)?;
            progress.set("writing time line", done);
        }
        file.write_all(Report::end().as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
        std::fs::rename(&temporary, path).map_err(failed)?;
        Ok::<_, CliError>(())
    };
    written.await.inspect_err(|_| drop(std::fs::remove_file(&temporary)))
}
