//! `bifrost audit export` and `bifrost audit schema`: deploys for spreadsheets, other programs, and tools for software supply chains, and
//! what programs need to read the records themselves.

use super::arguments::{DeploysArgs, FileOutputArgs};
use super::files::read_file;
use super::opened::OpenedLog;
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::Format;
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::key::LocalKey;
use bifrost_audit::reader::export::{StatementSigner, acts_csv, deploys_csv, envelope};
use bifrost_audit::reader::{Deploy, Filter, Index, SCHEMA_V1, Story, counted};
use bifrost_core::json;
use clap::ValueEnum;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The exit code if deploys are left out.
const INCOMPLETE: u8 = 1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Format of the export
    #[arg(long, value_name = "FORMAT")]
    format: ExportFormat,
    /// Export acts of people instead of deploys
    #[arg(long)]
    acts: bool,
    /// Sign in-toto statements with this private key, which `bifrost audit keygen` wrote
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    deploys: DeploysArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// Comma-separated values with a header, for spreadsheets
    Csv,
    /// One JSON object per line
    Jsonl,
    /// One in-toto statement per line, in a DSSE envelope
    InToto,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit export --format csv --from 2026-01-01 --to 2026-12-31 > 2026.csv
  bifrost audit export --format csv --acts > acts.csv
  bifrost audit export --format jsonl --project acme/shop
  bifrost audit export --format in-toto --key statements.key > deploys.jsonl

docs/deployment-predicate.md describes the statements. A deploy whose records
cannot be relied on has no statement: then the exit code is 1.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let is_statement = args.format == ExportFormat::InToto;
    if (args.acts && is_statement) || (args.key.is_some() && !is_statement) {
        return Err(AuditCliError::ExportOptions.into());
    }
    let key = args.key.as_deref().map(read_key).transpose()?;
    let log = args.deploys.open_log(program).await?;
    let (mut index, filter) = args.deploys.select(&log, None).await?;
    if args.acts {
        return export_acts(&index, &filter, args.format);
    }
    let deploys = index.deploys(&filter)?;
    match args.format {
        ExportFormat::Csv => output::print(&deploys_csv(&deploys))?,
        ExportFormat::Jsonl => deploys.iter().try_for_each(output::print_json)?,
        ExportFormat::InToto => return statements(program, &log, &mut index, deploys, key.as_ref()).await,
    }
    Ok(0)
}

fn export_acts(index: &Index, filter: &Filter, format: ExportFormat) -> Result<u8, CliError> {
    let acts = index.acts(filter)?;
    if format == ExportFormat::Csv {
        output::print(&acts_csv(&acts))?;
    } else {
        acts.iter().try_for_each(output::print_json)?;
    }
    Ok(0)
}

/// Prints each statement as soon as it is made: together they may not fit into memory.
async fn statements(
    program: &AuditProgram,
    log: &OpenedLog,
    index: &mut Index,
    deploys: Vec<Deploy>,
    key: Option<&LocalKey>,
) -> Result<u8, CliError> {
    let id = key.map(LocalKey::public);
    let signer = key.zip(id.as_deref()).map(|(key, id)| StatementSigner { key, id });
    let mut left_out = 0_usize;
    for deploy in deploys {
        let story = Story::read(&*log.source, index, deploy, &program.causes()).await?;
        match envelope(&story, &log.origin, signer).await {
            Ok(envelope) => output::print_json(&envelope)?,
            Err(error) => {
                left_out += 1;
                output::note(&format!("warning: no statement: {error}"));
            }
        }
    }
    if left_out == 0 {
        return Ok(0);
    }
    let have = if left_out == 1 { "has" } else { "have" };
    output::note(&format!("{} {have} no statement", counted(left_out, "deploy", "deploys")));
    Ok(INCOMPLETE)
}

fn read_key(path: &Path) -> Result<LocalKey, AuditCliError> {
    let text = read_file(path)?;
    let failed = |source| AuditCliError::KeyFile { path: path.into(), source };
    LocalKey::parse(&String::from_utf8_lossy(&text)).map_err(failed)
}

#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    #[command(flatten)]
    output: FileOutputArgs,
}

pub(super) const SCHEMA_EXAMPLES: &str = "Examples:
  bifrost audit schema > record-v1.json

Records are JSON objects, one per line, in the objects below `records/`. Each
has the version of its schema. Older versions stay readable.

With --output json the schema is on one line.";

pub(super) fn schema(args: &SchemaArgs) -> Result<u8, CliError> {
    match args.output.format() {
        Format::Text => output::print(SCHEMA_V1)?,
        Format::Json => {
            output::print_json(&json::from_slice::<Value>(SCHEMA_V1.as_bytes()).map_err(std::io::Error::from)?)?;
        }
    }
    Ok(0)
}
