//! `bifrost audit show` and `bifrost audit diff`: one deploy as a story, or two compared.

use super::arguments::LogArgs;
use super::opened::OpenedLog;
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::{Format, OutputArgs};
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::reader::{self, Comparison, Filter, Index, ShowError, Story};
use std::collections::BTreeSet;

/// How alike a name must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.75;

/// How many names are suggested at most.
const MAX_SUGGESTIONS: usize = 3;

/// How many of the newest deploys are compared with a name that is not found.
const MAX_COMPARED: usize = 20_000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Release id, or the name or ARN of an execution
    #[arg(value_name = "RELEASE")]
    release: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit show release-2026-11-21T12-00-00Z-abcdefgh --local
  bifrost audit show deploy-web-production-2026-11-21T12-00-00Z-abcdefgh

It shows what the client claimed, what the deploy might change, what it did
change with AWS's request ids, how it ended, and the records and log entries
that are the evidence. `bifrost audit verify` checks the evidence.";

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    let mut index = log.index().await?;
    let found = reader::show(&*log.source, &mut index, &args.release, &program.causes()).await;
    let stories = found.map_err(|error| suggest(error, &index, &log))?;
    match args.output.format() {
        Format::Json => stories.iter().try_for_each(output::print_json)?,
        Format::Text => {
            let texts: Vec<String> = stories.iter().map(Story::text).collect();
            output::print_escaped(&texts.join("\n\n"))?;
        }
    }
    Ok(0)
}

#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// Release id of the first deploy, or the name or ARN of its execution
    #[arg(value_name = "A")]
    first: String,
    /// Release id of the second deploy, or the name or ARN of its execution
    #[arg(value_name = "B")]
    second: String,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const DIFF_EXAMPLES: &str = "Examples:
  bifrost audit diff release-2026-11-21T12-00-00Z-abcdefgh \\
    release-2026-11-22T12-00-00Z-abcdefgh --local

The log has hashes of releases, not their content: it shows whether two
releases, plans or deployers were the same, and what each deploy changed.";

pub(super) async fn diff(program: &AuditProgram, args: DiffArgs) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    let mut index = log.index().await?;
    let mut stories = Vec::new();
    for name in [&args.first, &args.second] {
        let found = reader::show_one(&*log.source, &mut index, name, &program.causes()).await;
        stories.push(found.map_err(|error| suggest(error, &index, &log))?);
    }
    if let [first, second] = stories.as_slice() {
        let comparison = Comparison::new(first, second);
        match args.output.format() {
            Format::Json => output::print_json(&comparison)?,
            Format::Text => output::print_escaped(&comparison.text())?,
        }
    }
    Ok(0)
}

/// Adds names that are like one that is not found.
pub(super) fn suggest(error: ShowError, index: &Index, log: &OpenedLog) -> CliError {
    let ShowError::NotFound(name) = error else { return error.into() };
    let newest = index.deploys(&Filter { limit: Some(MAX_COMPARED), ..Filter::default() }).unwrap_or_default();
    let names = newest.iter().flat_map(|deploy| [deploy.release_id.as_deref(), Some(deploy.execution_name())]);
    let similar = similar(&name, names.flatten());
    let similar = match index.act(&name) {
        Ok(Some(_)) => format!("; it is an act of a person, which {} shows", log.hint("open --all")),
        _ => similar,
    };
    AuditCliError::UnknownRelease { name, similar, list: log.hint("list") }.into()
}

/// The names that are most like this one, as a part of a sentence.
fn similar<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    let distinct: BTreeSet<&str> = names.collect();
    let alike = distinct.into_iter().map(|other| (strsim::normalized_levenshtein(name, other), other));
    let mut alike: Vec<(f64, &str)> = alike.filter(|(likeness, _)| *likeness >= ALIKE).collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.truncate(MAX_SUGGESTIONS);
    let names: Vec<&str> = alike.into_iter().map(|(_, name)| name).collect();
    if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_alike_are_suggested() {
        let names =
            ["release-2026-11-21T12-00-00Z-abcdefgh", "release-2026-11-22T12-00-00Z-abcdefgh", "deploy-web-dev"];
        let found = |name: &str| similar(name, names.into_iter());
        assert_eq!(
            found("release-2026-11-21T12-00-00Z-abcdefg"),
            format!("; did you mean {} or {}?", names[0], names[1])
        );
        assert_eq!(found("deploy-web-de"), "; did you mean deploy-web-dev?");
        assert_eq!(found("x"), "");
    }
}
