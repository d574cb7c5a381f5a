//! The changes of one attempt, as the call middleware sees them.

use super::record::{CallOutcome, Event, safe_text};
use crate::cloud::{Attempt, CloudError, ErrorKind};
use crate::release::{AccountId, Region};
use chrono::{DateTime, Utc};
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The changes of one attempt in target accounts, in order. The call middleware adds each, and the framework records them when the
/// attempt ends.
#[derive(Default)]
pub struct ChangeLog {
    changes: Mutex<Changes>,
    clock: OnceLock<Clock>,
}

type Clock = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;

#[derive(Debug, Default)]
struct Changes {
    events: Vec<(DateTime<Utc>, Event)>,
    untagged: bool,
    last_failure: Option<FailedCall>,
}

/// A call that AWS refused, without AWS's text, which may contain a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCall {
    operation: &'static str,
    resource: String,
    code: String,
    request_id: Option<String>,
}

impl ChangeLog {
    /// Begins a change. Unless it is [answered](PendingChange::answered), its outcome is unknown: the handler panicked, or gave it up.
    #[must_use]
    pub fn begin(
        &self,
        attempt: &Attempt,
        (operation, resource): (&'static str, &str),
        (account, region): (&AccountId, &Region),
    ) -> PendingChange<'_> {
        let change = Change {
            attempt: attempt.clone(),
            operation,
            resource: resource.to_owned(),
            account: account.clone(),
            region: region.clone(),
        };
        PendingChange { log: self, change: Some(change) }
    }

    fn push(&self, change: &Change, outcome: CallOutcome, code: Option<String>, request_id: Option<String>) {
        let time = self.clock.get().map_or(DateTime::UNIX_EPOCH, |now| now());
        let mut changes = self.changes();
        let event = Event::Change {
            state: safe_text(&change.attempt.state),
            attempt: change.attempt.retry_count,
            operation: change.operation.to_owned(),
            resource: safe_text(&change.resource),
            account: change.account.to_string(),
            region: change.region.to_string(),
            outcome,
            code,
            request_id,
            untagged: changes.untagged,
        };
        changes.events.push((time, event));
    }

    /// Remembers a call that failed, whatever it was: the last one is often the cause of the attempt's failure.
    pub fn failed(&self, error: &CloudError) {
        self.changes().last_failure = Some(FailedCall {
            operation: error.operation,
            resource: safe_text(&error.resource),
            code: safe_text(&error.code),
            request_id: error.request_id.as_deref().map(safe_text),
        });
    }

    /// The role of the target account refused session tags.
    pub fn set_untagged(&self) {
        self.changes().untagged = true;
    }

    /// Sets the clock for the times of the changes.
    pub(crate) fn set_clock(&self, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) {
        // An attempt has one clock.
        let _ = self.clock.set(Box::new(now));
    }

    /// Takes the changes, with their times.
    pub(crate) fn take(&self) -> Vec<(DateTime<Utc>, Event)> {
        std::mem::take(&mut self.changes().events)
    }

    /// The call that failed last.
    pub(crate) fn last_failure(&self) -> Option<FailedCall> {
        self.changes().last_failure.clone()
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change that is made.
struct Change {
    attempt: Attempt,
    operation: &'static str,
    resource: String,
    account: AccountId,
    region: Region,
}

/// A change whose answer is awaited. Dropped without an answer, it is recorded with an unknown outcome.
pub struct PendingChange<'l> {
    log: &'l ChangeLog,
    change: Option<Change>,
}

impl PendingChange<'_> {
    /// AWS answered: with the id of the request, or with an error.
    pub fn answered(mut self, answer: Result<Option<&str>, &CloudError>) {
        let Some(change) = self.change.take() else { return };
        let (outcome, code, request_id) = match answer {
            Ok(request_id) => (CallOutcome::Done, None, request_id),
            Err(error) => (outcome(error), Some(safe_text(&error.code)), error.request_id.as_deref()),
        };
        self.log.push(&change, outcome, code, request_id.map(safe_text));
    }
}

impl Drop for PendingChange<'_> {
    fn drop(&mut self) {
        if let Some(change) = self.change.take() {
            self.log.push(&change, CallOutcome::Unknown, None, None);
        }
    }
}

impl fmt::Debug for ChangeLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeLog").field("changes", &self.changes).finish_non_exhaustive()
    }
}

fn outcome(error: &CloudError) -> CallOutcome {
    // An error of the service itself, or none at all.
    if error.kind == ErrorKind::Unavailable { CallOutcome::Unknown } else { CallOutcome::Refused }
}

impl fmt::Display for FailedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, resource, code, request_id } = self;
        let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
        let request = request_id.as_ref().map_or_else(String::new, |id| format!(" (request {id})"));
        write!(f, "{operation}{on} failed: {code}{request}")
    }
}
