//! One sentence for each kind of record.

use super::CauseOf;
use crate::reader::plain_text::duration;
use bifrost_core::audit::{AttemptOutcome, CallOutcome, Event, Outcome};
use chrono::TimeDelta;

/// What the record says, in a sentence without a full stop. It may have control characters of the record.
pub(super) fn of(event: &Event, cause_of: CauseOf<'_>) -> String {
    match event {
        Event::Start { release_sha256: Some(_), .. } => "Execution started; the stored release was read".to_owned(),
        Event::Start { release_sha256: None, .. } => {
            "Execution started; the stored release could not be read".to_owned()
        }
        Event::MayChange { state, attempt, account, region, operations } => format!(
            "{}may change account {account}, region {region}, with {} operations",
            who(state, *attempt),
            operations.len()
        ),
        Event::Change { operation, resource, account, region, outcome, code, request_id, untagged, .. } => {
            let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
            let answer = answer(*outcome, code.as_deref());
            let request = request_id.as_ref().map_or_else(String::new, |id| format!(", request {id}"));
            let untagged = if *untagged { ", session without tags" } else { "" };
            format!("{operation}{on}: {answer} (account {account}, {region}{request}{untagged})")
        }
        Event::Attempt { .. } => attempt(event, cause_of),
        Event::Refusal { state, error, code } => {
            format!("{state} refused the release: {}", reason(error, code.as_deref(), cause_of))
        }
        Event::LockTaken { lock } => format!("Root lock taken: {lock}"),
        Event::LockFreed { lock, deployed: true } => {
            format!("Root lock released, release recorded as deployed: {lock}")
        }
        Event::LockFreed { lock, deployed: false } => format!("Root lock released: {lock}"),
        Event::Plan { sha256 } => format!("Plan of what follows has SHA-256 {sha256}"),
        Event::End { outcome, .. } => format!("Execution ended: {}", meaning(*outcome)),
        Event::Closure { outcome, status, error, .. } => {
            let error = error.as_ref().map_or_else(String::new, |error| format!(" with {error}"));
            format!("Closed later, because its last record was no end: status {status}{error}; {}", meaning(*outcome))
        }
        Event::Act { action, identity, .. } => format!("{identity}: {action}"),
        Event::ActResult { act, done: true, .. } => format!("Act {act} was done"),
        Event::ActResult { act, done: false, code } => {
            format!("Act {act} failed: {}", code.as_deref().unwrap_or("no code"))
        }
        Event::Review { act, identity, note, .. } => format!("{identity} reviewed act {act}: {note}"),
        Event::Unknown => "Record of a kind that this program does not know: use a later version to see it".to_owned(),
    }
}

/// What an outcome means.
pub(super) fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "Success: the release is deployed",
        Outcome::FailureClean => "FailureClean: it failed, and everything that it created is deleted",
        Outcome::FailureDirty => "FailureDirty: it failed, and needs manual intervention",
        Outcome::Refused => "Refused: nothing was changed",
        Outcome::Stopped => "Stopped: somebody stopped it, or it ran out of time",
    }
}

fn who(state: &str, attempt: u32) -> String {
    if attempt == 0 { format!("{state} ") } else { format!("{state} (retry {attempt}) ") }
}

fn answer(outcome: CallOutcome, code: Option<&str>) -> String {
    match (outcome, code) {
        (CallOutcome::Done, _) => "done".to_owned(),
        (CallOutcome::Refused, code) => format!("refused by AWS with {}", code.unwrap_or("no code")),
        (CallOutcome::Unknown, Some(code)) => format!("no certain answer ({code}): it may have had an effect"),
        (CallOutcome::Unknown, None) => "no answer: it may have had an effect".to_owned(),
    }
}

fn attempt(event: &Event, cause_of: CauseOf<'_>) -> String {
    let Event::Attempt { state, attempt, duration_ms, outcome, error, code, cause, .. } = event else {
        return String::new();
    };
    let took = duration(TimeDelta::milliseconds(i64::try_from(*duration_ms).unwrap_or_default()));
    let who = who(state, *attempt);
    match outcome {
        AttemptOutcome::Succeeded => format!("{who}succeeded in {took}"),
        AttemptOutcome::Failed => {
            let reason = reason(error.as_deref().unwrap_or("error"), code.as_deref(), cause_of);
            let call = cause.as_ref().map_or_else(String::new, |call| format!("; last failed call: {call}"));
            format!("{who}failed in {took}: {reason}{call}")
        }
    }
}

fn reason(error: &str, code: Option<&str>, cause_of: CauseOf<'_>) -> String {
    let Some(code) = code else { return error.to_owned() };
    let cause = cause_of(code).map_or_else(String::new, |cause| format!(": {}", cause.trim_end_matches('.')));
    format!("{error}, {code}{cause}")
}
