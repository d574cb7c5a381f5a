//! Records in the audit log how an attempt ended: what it changed, whether it refused its release, and whether it ended the deploy
//! (contract §11).

use super::Context;
use super::attempt::Role;
use super::recording::{AuditUnavailable, RecordedEnd, TimedEvent};
use crate::audit::{AttemptOutcome, AuditMode, Chain, Draft, Event, LookBack, safe_text};
use crate::error_code::split_code;
use crate::release::Sha256;
use crate::task::FunctionError;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The code of a refusal because the log cannot be written.
const UNAVAILABLE: &str = "audit/unavailable";

/// The result of an attempt that could not be recorded, for the reason that the error of [`record`] has.
///
/// # Errors
/// The attempt's own, and `BadReleaseError` or `LockError` if nothing new may begin because the log cannot be written.
pub(crate) fn unrecorded<P>(
    context: &Context<P>,
    result: Result<Value, FunctionError>,
    reason: FunctionError,
) -> Result<Value, FunctionError> {
    tracing::error!(%reason, "the audit log does not have how this attempt ended");
    let name = match context.guard.role() {
        Some(Role::Validates) => "BadReleaseError",
        Some(Role::Locks) => "LockError",
        _ => return result,
    };
    if context.account.audit.mode != AuditMode::Required {
        return result;
    }
    result.and_then(|_| Err(FunctionError { error: name.to_owned(), ..reason }))
}

/// Records how an attempt ended: adds its records to the chain of its execution, and commits the log to them. `since` is when it began.
/// If that fails, it may be called again with the result that the failure leads to: the attempt is still recorded once, with how its own
/// work ended, and what is added is that the release was refused.
///
/// # Errors
/// `AuditError`, which no task raises under this name, if the log cannot be written.
pub(crate) async fn record<P>(
    context: &Context<P>,
    since: DateTime<Utc>,
    result: &Result<Value, FunctionError>,
) -> Result<(), FunctionError> {
    let written = context.with_chain(async |chain| {
        let end = context.recording.notes().end.filter(|_| result.is_ok());
        let mut events = happened(context);
        // What could not be written the first time is still in the chain's memory, or was stored after all.
        if context.recording.conclude() {
            events.push(attempt_ended(context, since, result));
            if context.guard.role() == Some(Role::Validates) {
                events.insert(0, (since, context.start()));
            }
        }
        events.extend(refused(context, result));
        if let Some(RecordedEnd { outcome, .. }) = end {
            let release_sha256 = started_with(chain, context.now()).await;
            events.push((context.now(), Event::End { outcome, release_sha256 }));
        }
        // Earlier attempts, whose answers were lost, and attempts that were given up and go on, record the same.
        let is_first_end = end.is_some_and(|end| context.attempt.retry_count == 0 && !end.is_earlier);
        let look_back = if is_first_end { LookBack::Since(since) } else { LookBack::All };
        let drafts = context.drafts(events);
        chain.add(drafts.clone(), look_back).await.inspect_err(|_| keep_in_own_log(&drafts))?;
        chain.commit().await
    });
    written.await.map_err(|error| FunctionError::coded("AuditError", &AuditUnavailable(error)))
}

/// What the attempt did, and is not recorded yet, in order of time.
fn happened<P>(context: &Context<P>) -> Vec<TimedEvent> {
    let mut events = context.changes().take();
    events.append(&mut context.recording.notes().events);
    events.sort_by_key(|(time, _)| *time);
    events
}

/// How the attempt ended.
fn attempt_ended<P>(context: &Context<P>, since: DateTime<Utc>, result: &Result<Value, FunctionError>) -> TimedEvent {
    let now = context.now();
    let error = result.as_ref().err();
    let last_failure = || context.changes().last_failure().map(|call| call.to_string());
    let cause = context.recording.notes().cause.clone().or_else(last_failure).filter(|_| error.is_some());
    let ended = Event::Attempt {
        state: safe_text(&context.attempt.state),
        attempt: context.attempt.retry_count,
        duration_ms: u64::try_from((now - since).num_milliseconds()).unwrap_or_default(),
        outcome: AttemptOutcome::of(result),
        error: error.map(|error| safe_text(&error.error)),
        code: error.and_then(code),
        cause,
        cause_sha256: error.map(|error| Sha256::of(error.message.as_bytes())),
    };
    (now, ended)
}

/// Whether the attempt refused the release.
fn refused<P>(context: &Context<P>, result: &Result<Value, FunctionError>) -> Option<TimedEvent> {
    let error = result.as_ref().err().filter(|error| is_refusal(context.guard.role(), error))?;
    let state = safe_text(&context.attempt.state);
    Some((context.now(), Event::Refusal { state, error: safe_text(&error.error), code: code(error) }))
}

/// The stable code of an error.
fn code(error: &FunctionError) -> Option<String> {
    split_code(&error.message).0.map(safe_text)
}

/// The SHA-256 of the release, as the start of the chain has it.
async fn started_with(chain: &mut Chain, now: DateTime<Utc>) -> Option<Sha256> {
    match chain.first(now).await.ok()??.draft.event {
        Event::Start { release_sha256, .. } => release_sha256,
        _ => None,
    }
}

/// The function's own log keeps what the audit log could not take.
fn keep_in_own_log(drafts: &[Draft]) {
    for draft in drafts {
        let record = serde_json::to_string(draft).unwrap_or_default();
        tracing::error!(record, "record that the audit log does not have");
    }
}

/// Whether an error refuses the release.
fn is_refusal(role: Option<Role>, error: &FunctionError) -> bool {
    match role {
        Some(Role::Validates) => true,
        // Not if the lock table did not answer: another attempt follows, or nothing is known.
        Some(Role::Locks) => error.error == "LockExistsError" || code(error).is_some_and(|code| code == UNAVAILABLE),
        // A rule of the deployer that only AWS could answer.
        Some(Role::Fenced { .. }) => error.error == "BadReleaseError",
        _ => false,
    }
}
