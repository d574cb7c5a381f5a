//! `bifrost audit sample`: a random sample of deploys, which anybody with the log can draw again.

use super::AuditProgram;
use super::arguments::DeploysArgs;
use crate::commands::arguments::{Format, OutputArgs, limit};
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::reader::Sample;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How many deploys to draw
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = limit)]
    count: usize,
    /// Any text: the same seed draws the same sample
    #[arg(long, value_name = "TEXT")]
    seed: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    deploys: DeploysArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit sample --count 25 --from 2026-01-01 --to 2026-12-31 --seed 7
  bifrost audit sample --config production --since 90d --seed 7 --local

It prints how many deploys it drew from, and the size and root of the log, so
that somebody else can draw the same sample. Choose the seed yourself, after
the period has ended.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let log = args.deploys.open_log(program).await?;
    let (index, filter) = args.deploys.select(&log, None).await?;
    let sample = Sample::draw(&index, &filter, args.count, &args.seed)?;
    match args.output.format() {
        Format::Json => output::print_json(&sample)?,
        Format::Text => output::print_escaped(&sample.text())?,
    }
    Ok(0)
}
