//! Closes the chain of an execution that has ended, if it could not record its end itself.

use super::chain::since_last_start;
use super::record::{AttemptOutcome, CallOutcome, Draft, Event, Outcome, Record, Subject, TouchedResource};
use super::{Audit, AuditPorts, Chain, LookBack, SCHEMA, execution_key, release_key, safe_text};
use crate::cloud::{CloudError, ExecutionStatus, ExecutionSummary};
use crate::identity::Identity;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// How long after the end of its execution an attempt may run: a function runs for 15 minutes at most, and clocks differ.
pub const LATE_ATTEMPT: TimeDelta = TimeDelta::minutes(20);

/// The errors of the `Fail` states of a state machine, by which the end of an execution is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailStates {
    /// The `Error` of `FailureClean`.
    pub clean: String,
    /// The `Error` of `FailureDirty`.
    pub dirty: String,
}

/// Makes sure that the log has the end of an execution that has ended: appends entries that are missing, and a closure, if the
/// execution recorded no end, or if an attempt that was still running recorded something after it, to which no entry commits. It changes
/// nothing if it runs again. Returns how the execution ended; `None` if it still runs, or there is no audit log.
///
/// # Errors
/// [`CloudError`] if it is not known whether the log has the end.
pub async fn close_execution(
    audit: &Audit,
    deployer: &Identity,
    states: &FailStates,
    execution: &ExecutionSummary,
    now: DateTime<Utc>,
) -> Result<Option<Outcome>, CloudError> {
    let Some(ports) = &audit.ports else { return Ok(None) };
    let Some(ended) = ended_status(execution.status) else { return Ok(None) };
    let mut chain = chain_of(ports, deployer, execution).await?;
    let records = chain.commit_all().await?;
    let records = since_last_start(&records, |record| &record.draft.event);
    let outcome = outcome(states, execution, records);
    if !needs_closure(records, outcome, execution) {
        return Ok(Some(outcome));
    }
    let is_clean = matches!(outcome, Outcome::Success | Outcome::FailureClean | Outcome::Refused);
    let left_over = if is_clean { Vec::new() } else { left_over(records) };
    let error = execution.error.as_deref().map(safe_text);
    let event = Event::Closure { outcome, status: ended.into(), error, left_over };
    // The records of the execution also say what its release left out.
    let known = records.iter().find(|record| record.schema <= SCHEMA);
    let subject = known.map(|record| record.draft.subject.clone());
    let subject = subject.unwrap_or_else(|| Subject::of_input(&execution.arn, &execution.input));
    let closure = Draft { time: now, deployer: audit.deployer.clone(), subject, event };
    chain.add(vec![closure], LookBack::All).await?;
    chain.commit().await?;
    Ok(Some(outcome))
}

/// The chain of the execution, or that of its release, which has the records if the function did not know the execution.
async fn chain_of(ports: &AuditPorts, deployer: &Identity, execution: &ExecutionSummary) -> Result<Chain, CloudError> {
    let mut own = Chain::new(ports.clone(), execution_key(&deployer.name, &deployer.execution_arn(""), &execution.arn));
    if !own.is_empty().await? {
        return Ok(own);
    }
    let mut of_release = Chain::new(ports.clone(), release_key(deployer, &execution.input));
    Ok(if of_release.is_empty().await? { own } else { of_release })
}

fn ended_status(status: ExecutionStatus) -> Option<&'static str> {
    match status {
        ExecutionStatus::Running => None,
        ExecutionStatus::Succeeded => Some("SUCCEEDED"),
        ExecutionStatus::Failed => Some("FAILED"),
        ExecutionStatus::TimedOut => Some("TIMED_OUT"),
        ExecutionStatus::Aborted => Some("ABORTED"),
    }
}

fn outcome(states: &FailStates, execution: &ExecutionSummary, records: &[Record]) -> Outcome {
    // An attempt whose answer was lost may have refused a release that a later attempt accepted.
    let last = records.iter().rev().find(|record| {
        matches!(record.draft.event, Event::Refusal { .. } | Event::MayChange { .. } | Event::End { .. })
    });
    let is_refused = last.is_some_and(|record| matches!(record.draft.event, Event::Refusal { .. }));
    match (execution.status, execution.error.as_deref()) {
        (ExecutionStatus::Succeeded, _) => Outcome::Success,
        (ExecutionStatus::Failed, Some(error)) if error == states.clean && is_refused => Outcome::Refused,
        (ExecutionStatus::Failed, Some(error)) if error == states.clean => Outcome::FailureClean,
        (ExecutionStatus::Failed, Some(error)) if error == states.dirty => Outcome::FailureDirty,
        // It ended in no declared end state.
        _ => Outcome::Stopped,
    }
}

/// Whether no record ends the execution with this outcome, or attempts recorded something after it. What no attempt can have recorded
/// stays without an entry: `audit verify` names it.
fn needs_closure(records: &[Record], outcome: Outcome, execution: &ExecutionSummary) -> bool {
    let Some(end) = records.iter().rposition(|record| ends(record, outcome)) else { return true };
    let late = records.get(end + 1..).unwrap_or_default();
    let is_possible =
        |record: &Record| execution.stop_date.is_none_or(|stopped| record.draft.time <= stopped + LATE_ATTEMPT);
    if let Some(record) = late.iter().find(|record| !is_possible(record)) {
        tracing::error!(
            execution = execution.arn,
            record = record.number,
            "no attempt can have written this record, so no entry commits to it"
        );
        return false;
    }
    !late.is_empty()
}

fn ends(record: &Record, outcome: Outcome) -> bool {
    match &record.draft.event {
        Event::End { outcome: found, .. } | Event::Closure { outcome: found, .. } => *found == outcome,
        Event::Refusal { .. } => outcome == Outcome::Refused,
        _ => false,
    }
}

/// Resources whose last change that took effect, or may have, is not their deletion. A deletion of which it is not known whether it
/// took effect does not count.
fn left_over(records: &[Record]) -> Vec<TouchedResource> {
    let mut last: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
    for record in records {
        let Event::Change { operation, resource, account, region, outcome, .. } = &record.draft.event else { continue };
        let key = (account.as_str(), region.as_str(), resource.as_str());
        match outcome {
            CallOutcome::Refused => {}
            CallOutcome::Done if deletes(operation) => drop(last.remove(&key)),
            CallOutcome::Done | CallOutcome::Unknown => drop(last.insert(key, operation)),
        }
    }
    let touched = last.into_iter().map(|((account, region, resource), operation)| TouchedResource {
        operation: operation.to_owned(),
        resource: resource.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
    });
    touched.collect()
}

fn deletes(operation: &str) -> bool {
    let action = operation.split_once(':').map_or(operation, |(_, action)| action);
    ["Delete", "Terminate", "Remove", "Deregister"].iter().any(|verb| action.starts_with(verb))
}

impl Subject {
    /// What an execution with this input is about. The input may be anything, so its fields are only copied as text.
    #[must_use]
    pub fn of_input(execution: &str, input: &Value) -> Self {
        let text = |field: &str| input.get(field).and_then(Value::as_str).map(safe_text);
        Self {
            execution: (!execution.is_empty()).then(|| safe_text(execution)),
            release_id: text("release_id"),
            project_name: text("project_name"),
            config_name: text("config_name"),
            aws_account_id: text("aws_account_id"),
            aws_region: text("aws_region"),
        }
    }
}

impl AttemptOutcome {
    /// How an attempt with this result ended.
    pub(crate) fn of<T, E>(result: &Result<T, E>) -> Self {
        if result.is_ok() { Self::Succeeded } else { Self::Failed }
    }
}
