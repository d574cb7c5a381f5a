//! What a chain says about its execution: one start, one end, and a clock that does not go back. An execution whose name was used again
//! has its own.

use super::line::{Kind, Line};
use super::problem::Problem;
use super::report::Finding;
use bifrost_core::audit::{Event, Outcome, Record, is_name_used_again};
use chrono::Datelike as _;

/// How much older than the record before it a record may be: attempts of one execution run in several functions, whose clocks differ.
const TOLERANCE_SECONDS: i64 = 60;

/// Years in which no deployer has run or will run.
const YEARS: std::ops::Range<i32> = 2020..2200;

/// Checks start, ends and times. `records` are those with entries.
pub(super) fn check(lines: &[Line<'_>], records: &[(Record, bool)], key: impl Fn(&Line<'_>) -> String) -> Vec<Finding> {
    let at = |problem: Problem, number: u64| {
        let line = lines.iter().find(|line| line.number == number);
        line.map_or_else(|| Finding::new(&problem), |line| Finding::at(&problem, &key(line)).line(line.at))
    };
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(first) = lines.first().filter(|line| line.number == 1 && line.kind == Kind::Other) {
        findings.push(at(Problem::WithoutStart, first.number));
    }
    for records in executions(records) {
        let second = second_start(records);
        findings.extend(second.map(|(number, differs)| at(Problem::StartedTwice { number, differs }, number)));
        findings.extend(other_end(records).map(|(number, problem)| at(problem, number)));
    }
    findings.extend(clock(lines).map(|(number, problem)| at(problem, number)));
    findings
}

/// The records of each execution that had the name of the chain.
fn executions(records: &[(Record, bool)]) -> impl Iterator<Item = &[(Record, bool)]> {
    records.chunk_by(|(before, _), (next, _)| {
        let is_start = matches!(next.draft.event, Event::Start { .. });
        !(is_start && is_name_used_again(before.draft.time, next.draft.time))
    })
}

/// The second start, and whether it differs from the first.
fn second_start(records: &[(Record, bool)]) -> Option<(u64, bool)> {
    let mut starts =
        records.iter().map(|(record, _)| record).filter(|record| matches!(record.draft.event, Event::Start { .. }));
    let (first, second) = (starts.next()?, starts.next()?);
    Some((second.number, first.draft.event != second.draft.event || first.draft.subject != second.draft.subject))
}

/// Who says how an execution ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// The deploy, with its last record.
    Deploy,
    /// Step Functions, to the program that closed the execution.
    StepFunctions,
    /// An attempt that refused the release.
    Attempt,
}

fn end(record: &Record) -> Option<(Outcome, Says)> {
    match &record.draft.event {
        Event::End { outcome, .. } => Some((*outcome, Says::Deploy)),
        Event::Closure { outcome, .. } => Some((*outcome, Says::StepFunctions)),
        Event::Refusal { .. } => Some((Outcome::Refused, Says::Attempt)),
        _ => None,
    }
}

/// The first end that differs from the one before it.
fn other_end(records: &[(Record, bool)]) -> Option<(u64, Problem)> {
    let ends: Vec<_> = records.iter().filter_map(|(record, _)| Some((record.number, end(record)?))).collect();
    ends.iter().zip(ends.iter().skip(1)).find_map(|((_, (before, said_before)), (number, (after, says)))| {
        let (first, second, number) = (before.name().to_owned(), after.name().to_owned(), *number);
        // A deploy ends once. But a refused attempt may be repeated, and an execution may be stopped after its last record.
        let problem = if said_before == says {
            Problem::EndedTwice { first, second, number }
        } else {
            Problem::OutcomeChanged { first, second, number }
        };
        (before != after).then_some((number, problem))
    })
}

/// The first record whose time cannot be right.
fn clock(lines: &[Line<'_>]) -> Option<(u64, Problem)> {
    let wrong = lines.iter().find(|line| !YEARS.contains(&line.time.year()));
    if let Some(line) = wrong {
        return Some((line.number, Problem::ClockWrong { number: line.number, year: line.time.year() }));
    }
    lines.iter().zip(lines.iter().skip(1)).find_map(|(line, next)| {
        let seconds = (line.time - next.time).num_seconds();
        (seconds > TOLERANCE_SECONDS).then_some((next.number, Problem::ClockBack { number: next.number, seconds }))
    })
}
