//! Records to which no entry commits: those that a writer may not have committed yet, and those that nobody can vouch for.

use super::entries::Entries;
use super::line::Line;
use super::problem::Problem;
use bifrost_core::audit::{LATE_ATTEMPT, PEOPLE, execution_key};
use chrono::{DateTime, TimeDelta, Utc};

/// How much older than the last entry an act may be without an entry: it was just written, and clocks differ.
const ACT_WAITS: TimeDelta = TimeDelta::seconds(60);

/// How long the entry of a start may be late. The audit function reconciles every day.
const START_WAITS: TimeDelta = TimeDelta::days(1);

/// Writers cut longer names of executions, so that their directories do not follow from them.
const LONGEST_NAME: usize = 200;

/// What it means that no entry commits to a chain.
pub(super) fn chain(dir: &str, lines: &[Line<'_>], entries: &Entries) -> Problem {
    if let Some(problem) = forged(dir, lines, entries) {
        return Problem::ChainForged(problem);
    }
    let waits = entries.last_time().zip(lines.first()).map(|(last, first)| last.signed_duration_since(first.time));
    match waits {
        Some(waits) if dir.starts_with(PEOPLE) && waits > ACT_WAITS => Problem::UncommittedAct,
        Some(waits) if waits > START_WAITS => Problem::UncommittedLate { hours: waits.num_hours() },
        _ => Problem::UncommittedChain,
    }
}

/// Why no deployer wrote the chain.
fn forged(dir: &str, lines: &[Line<'_>], entries: &Entries) -> Option<String> {
    let committed = |line: &Line<'_>| entries.of_record(&line.sha256).map(|entry| (line.number, entry));
    if let Some((number, entry)) = lines.iter().find_map(committed) {
        return Some(format!("entry {entry} commits to its record {number} in another chain"));
    }
    if dir.starts_with(PEOPLE) {
        return None;
    }
    let other = lines.iter().find(|line| !is_of(dir, line.subject().0.as_deref()))?;
    let execution = other.subject().0.unwrap_or_else(|| "no execution".into());
    Some(format!("its record {} is of {execution}", other.number))
}

/// Whether the records of an execution are in this directory. Those of an execution that the function did not know are in that of the
/// release, whose name begins with `_`.
fn is_of(dir: &str, execution: Option<&str>) -> bool {
    let mut parts = dir.split('/').skip(1);
    let (Some(deployer), Some(name)) = (parts.next(), parts.next()) else { return false };
    let Some(execution) = execution else { return name.starts_with('_') };
    let (arns, own) = execution.rfind(':').map_or(("", execution), |colon| execution.split_at(colon + 1));
    let is_of_deployer = arns.ends_with(&format!(":execution:{deployer}:"));
    if execution.chars().count() >= LONGEST_NAME {
        return name.starts_with('_') || (is_of_deployer && !own.is_empty() && name.starts_with(own));
    }
    // Executions of other state machines have a hash as name.
    let arns = if is_of_deployer { arns } else { "" };
    execution_key(deployer, arns, execution) == dir
}

/// What the records after the last one to which an entry commits are.
pub(super) fn tail<'l, 'b>(
    lines: &'l [Line<'b>],
    covered: u64,
    committed_end: Option<DateTime<Utc>>,
) -> Option<(&'l Line<'b>, Problem)> {
    let uncommitted = || lines.iter().filter(|line| line.number > covered);
    let (from, last) = (covered.saturating_add(1), uncommitted().next_back()?);
    let Some(end) = committed_end else {
        let end = uncommitted().rfind(|line| line.kind.is_end())?;
        return Some((end, Problem::UncommittedEnd { number: end.number }));
    };
    let is_late = |line: &Line<'_>| line.is_of_attempt && line.time.signed_duration_since(end) <= LATE_ATTEMPT;
    let to = last.number;
    let problem =
        if uncommitted().all(is_late) { Problem::LateAttempt { from, to } } else { Problem::AfterEnd { from, to } };
    Some((last, problem))
}
