//! The changes of one attempt, as the call middleware sees them.

use super::record::{CallOutcome, Event, safe_text};
use crate::cloud::{Attempt, CloudError, ErrorKind};
use crate::release::{AccountId, Region};
use std::sync::{Mutex, PoisonError};

/// The changes of one attempt in target accounts, in order. The call middleware adds each, and the framework records them when the
/// attempt ends.
#[derive(Debug, Default)]
pub struct ChangeLog(Mutex<Changes>);

#[derive(Debug, Default)]
struct Changes {
    events: Vec<Event>,
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
    /// Adds a change: the answer to a call that may have changed something.
    pub fn add(
        &self,
        attempt: &Attempt,
        (operation, resource): (&'static str, &str),
        (account, region): (&AccountId, &Region),
        answer: Result<Option<&str>, &CloudError>,
    ) {
        let mut changes = self.changes();
        let (outcome, code, request_id) = match answer {
            Ok(request_id) => (CallOutcome::Done, None, request_id.map(safe_text)),
            Err(error) => (outcome(error), Some(safe_text(&error.code)), error.request_id.as_deref().map(safe_text)),
        };
        let untagged = changes.untagged;
        changes.events.push(Event::Change {
            state: safe_text(&attempt.state),
            attempt: attempt.retry_count,
            operation: operation.to_owned(),
            resource: safe_text(resource),
            account: account.to_string(),
            region: region.to_string(),
            outcome,
            code,
            request_id,
            untagged,
        });
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

    /// Takes the changes, and the call that failed last.
    pub(crate) fn take(&self) -> (Vec<Event>, Option<FailedCall>) {
        let mut changes = self.changes();
        (std::mem::take(&mut changes.events), changes.last_failure.clone())
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Changes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn outcome(error: &CloudError) -> CallOutcome {
    // An error of the service itself, or none at all.
    if error.kind == ErrorKind::Unavailable { CallOutcome::Unknown } else { CallOutcome::Refused }
}

impl std::fmt::Display for FailedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { operation, resource, code, request_id } = self;
        let on = if resource.is_empty() { String::new() } else { format!(" on {resource}") };
        let request = request_id.as_ref().map_or_else(String::new, |id| format!(" (request {id})"));
        write!(f, "{operation}{on} failed: {code}{request}")
    }
}
