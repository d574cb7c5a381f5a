//! `bifrost audit schema`: the JSON schema of the records.

use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::reader::SCHEMA_V1;

#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit schema > record-v1.json

Records are JSON objects, one per line, in the objects below `records/`. Each
has the version of its schema. Older versions stay readable.";

pub(super) fn run(_: &Args) -> Result<u8, CliError> {
    Ok(output::print(SCHEMA_V1).map(|()| 0)?)
}
