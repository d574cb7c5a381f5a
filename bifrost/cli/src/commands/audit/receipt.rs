//! `bifrost audit receipt`, and `--receipt` of `deploy`: a proof that a deploy is in the log.

use super::arguments::{FileOutputArgs, LogArgs};
use super::files::{beside, write_file};
use super::show::suggest;
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::Format;
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::find::find_end;
use bifrost_audit::reader::ShowError;
use bifrost_audit::receipt::{entry_in, receipt};
use bifrost_audit::source::LogSource;
use bifrost_core::audit::{LogEntry, Outcome};
use bifrost_core::release::BucketName;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long `deploy` waits until the log has published the end of the deploy. It usually has before the deploy ends.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// How often it looks.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What the name of the release's file ends with, beside the receipt.
const RELEASE: &str = ".release.json";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Release id, or the name or ARN of an execution
    #[arg(value_name = "RELEASE")]
    release: String,
    /// File to write, which is replaced [default: print it]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: FileOutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit receipt release-2026-11-21T12-00-00Z-abcdefgh > web.receipt
  bifrost audit verify --receipt web.receipt --release web.json \\
    --policy log.policy

A receipt has the log entry of the deploy's end, the path from the entry to
the root of the Merkle tree, and the signed checkpoint (C2SP tlog-proof). It
stays valid while the log grows, and when the log is gone.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    let index = log.index().await?;
    let deploys = index.find(&args.release)?;
    let deploy = match deploys.as_slice() {
        [deploy] => deploy,
        [] => return Err(suggest(ShowError::NotFound(args.release), &index, &log)),
        _ => {
            let found = deploys.into_iter().map(|deploy| deploy.records).collect();
            return Err(ShowError::Ambiguous { name: args.release, found }.into());
        }
    };
    let Some(entry) = deploy.end_entry else {
        return Err(AuditCliError::NotEnded { release: args.release, reconcile: log.reconcile() }.into());
    };
    let text = receipt(&*log.source, entry).await?;
    if let Some(found) = entry_in(&text)
        && found.release_sha256.is_none()
    {
        return Err(nothing_to_prove(entry, &found).into());
    }
    if let Some(path) = &args.out {
        write_file(path, text.as_bytes())?;
    }
    match args.output.format() {
        Format::Json => {
            let release = &deploy.release_id;
            output::print_json(&json!({"release_id": release, "entry": entry, "file": args.out, "receipt": text}))?;
        }
        Format::Text if args.out.is_none() => output::print(&text)?,
        Format::Text => {}
    }
    Ok(0)
}

fn nothing_to_prove(index: u64, entry: &LogEntry) -> AuditCliError {
    AuditCliError::NothingToProve { entry: index, outcome: entry.outcome.map_or("Started", Outcome::name) }
}

/// Arguments of `deploy` for a receipt.
#[derive(Debug, Default, clap::Args)]
pub(in crate::commands) struct ReceiptArgs {
    /// Save a proof that the audit log has the deploy, and the release beside it as FILE.release.json
    #[arg(long, value_name = "FILE")]
    pub(in crate::commands) receipt: Option<PathBuf>,
    /// Bucket of the audit log, if it is in an account of its own
    #[arg(long, value_name = "NAME", env = "BIFROST_AUDIT_BUCKET", hide = true)]
    pub(in crate::commands) audit_bucket: Option<BucketName>,
}

/// Checks, before a deploy, that its receipt can be written.
pub(in crate::commands) fn check(file: &Path) -> Result<(), CliError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let found = std::fs::metadata(folder).map_err(|source| AuditCliError::Unwritable { path: file.into(), source })?;
    if !found.is_dir() || file.is_dir() {
        let source = std::io::Error::from(std::io::ErrorKind::NotADirectory);
        return Err(AuditCliError::Unwritable { path: file.into(), source }.into());
    }
    Ok(())
}

/// A deploy whose receipt is wanted.
pub(in crate::commands) struct Deployed<'d> {
    /// ARN of the execution.
    pub(in crate::commands) execution: &'d str,
    /// When it started.
    pub(in crate::commands) since: DateTime<Utc>,
    /// The bytes of its release, as they were uploaded.
    pub(in crate::commands) release: &'d [u8],
}

/// Saves the receipt of a deploy that has ended, as soon as the log has published its end, and its release. Returns the file of the
/// release.
pub(in crate::commands) async fn save(
    source: &dyn LogSource,
    deployed: Deployed<'_>,
    file: &Path,
) -> Result<PathBuf, CliError> {
    let mut waited = Duration::ZERO;
    let (index, entry) = loop {
        if let Some(found) = find_end(source, deployed.execution, deployed.since).await? {
            break found;
        }
        if waited >= MAX_WAIT {
            return Err(AuditCliError::NotPublished { seconds: waited.as_secs() }.into());
        }
        tokio::time::sleep(POLL_INTERVAL).await;
        waited += POLL_INTERVAL;
    };
    if entry.release_sha256.is_none() {
        return Err(nothing_to_prove(index, &entry).into());
    }
    let text = receipt(source, index).await?;
    let release = beside(file, RELEASE);
    write_file(&release, deployed.release)?;
    write_file(file, text.as_bytes())?;
    Ok(release)
}
