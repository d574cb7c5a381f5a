//! How an execution ended, and the exit code of the command that followed it.

use super::history_reader::HistoryReader;
use super::{AuditTrail, StepFailure};
use crate::client::Changes;
use bifrost_core::cloud::{ExecutionStatus, ExecutionSummary};
use bifrost_core::machine::Machine;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The end states of every deployer (contract §6), and the ends that no deployer plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Status {
    /// The release is deployed.
    Success,
    /// The deploy failed, and everything that it created is deleted or being deleted.
    FailureClean,
    /// The deploy failed and could not clean up: it needs manual intervention.
    FailureDirty,
    /// The execution failed outside of the end states of its state machine.
    Failed,
    /// The execution exceeded the timeout of the state machine.
    TimedOut,
    /// Somebody stopped the execution with Step Functions.
    Aborted,
}

/// Which release is in service after a deploy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Serving {
    /// The release that was deployed. What is left over belongs to earlier releases.
    New,
    /// What was in service before the deploy. What is left over belongs to the release that was deployed.
    Previous,
    /// It is not known. An operator must look before they delete anything.
    #[default]
    Unknown,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeployOutcome {
    /// The end state.
    pub status: Status,
    /// The exit code of the command that followed the execution.
    pub exit_code: u8,
    /// Whether it deployed the release that this client was given. If not, that one was not deployed.
    pub is_ours: bool,
    /// Whether it got far enough to change the target account.
    pub changed: bool,
    /// Which release is in service now.
    pub serving: Serving,
    /// When it ended.
    pub time: DateTime<Utc>,
    /// How long it took, in seconds of the cloud's time.
    pub seconds: i64,
    /// The name of the execution.
    pub execution: String,
    /// The release that it deployed.
    pub release_id: String,
    /// The failures that ended a state, in order. The first is the root cause. A success can have some, too.
    pub failures: Vec<StepFailure>,
    /// The states after the first failure, which cleaned up.
    pub states_after_failure: Vec<String>,
    /// What the deploy may have left over, if it is known which release is in service: resources of the other releases.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_over: Vec<String>,
    /// Whether the deployer writes an audit log.
    #[serde(skip_serializing_if = "AuditTrail::is_unknown")]
    pub audit: AuditTrail,
    /// The index of the entry in the audit log that commits to its end. `None` if that is not known: the log cannot be read, or has not
    /// published it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_entry: Option<u64>,
    /// What the deploy created and deleted.
    #[serde(flatten)]
    pub changes: Changes,
}

/// The parts of an outcome that are not in the history.
pub(super) struct ExecutionEnd<'a> {
    pub(super) summary: &'a ExecutionSummary,
    pub(super) release_id: String,
    /// What the deploy created and would delete, according to the output of the last state.
    pub(super) changes: Changes,
    /// [`ClientDeployer::serving`](crate::client::ClientDeployer::serving) of the last state, if its release can be read.
    pub(super) serving: Serving,
    pub(super) is_ours: bool,
}

impl DeployOutcome {
    /// The outcome of an execution of `M` that has ended, from its whole history.
    pub(super) fn of<M: Machine>(reader: &HistoryReader, end: ExecutionEnd<'_>) -> Self {
        let ExecutionEnd { summary, release_id, changes, serving, is_ours } = end;
        let status = status::<M>(reader, summary);
        let changed = changed::<M>(reader);
        let serving = in_service(status, changed, serving);
        let time = summary.stop_date.or(reader.last_at).unwrap_or(summary.start_date);
        Self {
            status,
            exit_code: exit_code(status, changed, is_ours),
            is_ours,
            changed,
            serving,
            time,
            seconds: (time - summary.start_date).num_seconds(),
            execution: summary.name.clone(),
            release_id,
            failures: failures(reader, summary, status, time),
            states_after_failure: reader.states_after_failure().to_vec(),
            left_over: left_over(status, serving, &changes),
            audit: AuditTrail::Unknown,
            audit_entry: None,
            changes: remaining_changes(status, changes),
        }
    }
}

/// Whether the execution got far enough to change something. A state of another version of the deployer may have changed
/// something.
fn changed<M: Machine>(reader: &HistoryReader) -> bool {
    reader.states.iter().any(|name| M::from_name(name).is_none_or(|state| state == M::CHANGES_FROM))
}

fn status<M: Machine>(reader: &HistoryReader, summary: &ExecutionSummary) -> Status {
    match summary.status {
        ExecutionStatus::Succeeded => Status::Success,
        ExecutionStatus::TimedOut => Status::TimedOut,
        ExecutionStatus::Aborted => Status::Aborted,
        // The names of the errors differ between deployers (contract §5), those of the end states do not.
        ExecutionStatus::Failed | ExecutionStatus::Running => {
            match reader.states.last().and_then(|name| M::from_name(name)) {
                Some(end) if end == M::FAILURE_CLEAN => Status::FailureClean,
                Some(end) if end == M::FAILURE_DIRTY => Status::FailureDirty,
                _ => Status::Failed,
            }
        }
    }
}

/// Only of an unplanned end the deployer must say which release is in service.
fn in_service(status: Status, changed: bool, serving: Serving) -> Serving {
    match status {
        Status::Success => Serving::New,
        Status::FailureClean => Serving::Previous,
        _ if !changed => Serving::Previous,
        Status::FailureDirty | Status::Failed | Status::TimedOut | Status::Aborted => serving,
    }
}

/// Contract §9. Every end that is not known to be clean needs manual intervention.
fn exit_code(status: Status, changed: bool, is_ours: bool) -> u8 {
    match status {
        _ if !is_ours => 2,
        Status::Success => 0,
        Status::FailureClean if changed => 1,
        Status::FailureClean => 2,
        Status::FailureDirty | Status::Failed | Status::TimedOut | Status::Aborted => 3,
    }
}

/// The failures of the tasks. An end that no task caused, such as a stop by hand, is a failure of the state it happened in.
fn failures(
    reader: &HistoryReader,
    summary: &ExecutionSummary,
    status: Status,
    time: DateTime<Utc>,
) -> Vec<StepFailure> {
    let mut failures = reader.failures.clone();
    let is_unplanned = matches!(status, Status::Failed | Status::TimedOut | Status::Aborted);
    if is_unplanned && failures.last().is_none_or(|last| Some(&last.error) != summary.error.as_ref()) {
        failures.push(StepFailure {
            time,
            state: reader.states.last().cloned().unwrap_or_default(),
            error: summary.error.clone().unwrap_or_else(|| format!("{status:?}")),
            code: None,
            cause: summary.cause.clone().unwrap_or_default(),
            attempt: 1,
            is_waiting: false,
        });
    }
    failures
}

/// A clean failure deleted what it created. After any failure, what it would have deleted still exists.
fn remaining_changes(status: Status, changes: Changes) -> Changes {
    match status {
        Status::Success => changes,
        Status::FailureClean => Changes { deleted: changes.created, notes: changes.notes, ..Changes::default() },
        _ => Changes { created: changes.created, notes: changes.notes, ..Changes::default() },
    }
}

/// What a deploy that did not clean up may have left over: the resources of the release that is not in service.
fn left_over(status: Status, serving: Serving, changes: &Changes) -> Vec<String> {
    match (status, serving) {
        (Status::Success | Status::FailureClean, _) | (_, Serving::Unknown) => Vec::new(),
        (_, Serving::New) => changes.deleted.clone(),
        (_, Serving::Previous) => changes.created.clone(),
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
