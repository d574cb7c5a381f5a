//! How an execution ended, and what that means for who asked.

use super::StepFailure;
use super::history_reader::HistoryReader;
use crate::client::Changes;
use bifrost_core::cloud::{ExecutionStatus, ExecutionSummary};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// The end states of every deployer (contract §6), and the ends that would be a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Status {
    /// The release is deployed.
    Success,
    /// It failed, and everything that it made is gone.
    FailureClean,
    /// It failed and could not clean up: a person must look.
    FailureDirty,
    /// It ended in no end state of its chart.
    Failed,
    /// The state machine's own time ran out.
    TimedOut,
    /// Somebody stopped the execution, past the deployer.
    Aborted,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeployOutcome {
    /// In which end state.
    pub status: Status,
    /// What the command exits with.
    pub exit_code: u8,
    /// Whether it deployed the release that this client was given; if not, that one was not deployed.
    pub is_ours: bool,
    /// Whether it came so far that it may have changed the target account.
    pub changed: bool,
    /// When.
    pub time: DateTime<Utc>,
    /// How long it took, in seconds of the cloud's clock.
    pub seconds: i64,
    /// Its name.
    pub execution: String,
    /// The release that it deployed.
    pub release_id: String,
    /// The failures that ended a state, in order; the first is the root cause. A success may have some, too.
    pub failures: Vec<StepFailure>,
    /// The states after the first failure: what cleaned up.
    pub states_after_failure: Vec<String>,
    /// What is there now because of the deploy, and what is not there any more.
    #[serde(flatten)]
    pub changes: Changes,
}

/// The parts of an outcome that the history does not tell.
pub(super) struct Ending<'a> {
    pub(super) summary: &'a ExecutionSummary,
    pub(super) release_id: String,
    /// What the last release that a state gave says that it made and removed.
    pub(super) changes: Changes,
    /// [`Deployer::CHANGES_FROM`](crate::Deployer::CHANGES_FROM).
    pub(super) changes_from: &'a str,
    pub(super) is_ours: bool,
}

impl DeployOutcome {
    /// The outcome of an execution that has ended and whose whole story was told.
    pub(super) fn of(reader: &HistoryReader, outcome_of: Ending<'_>) -> Self {
        let Ending { summary, release_id, changes, changes_from, is_ours } = outcome_of;
        let status = status(reader, summary);
        let changed = reader.states.iter().any(|state| state == changes_from);
        let time = summary.stop_date.or(reader.last_at).unwrap_or(summary.start_date);
        Self {
            status,
            exit_code: exit_code(status, changed, is_ours),
            is_ours,
            changed,
            time,
            seconds: (time - summary.start_date).num_seconds(),
            execution: summary.name.clone(),
            release_id,
            failures: failures(reader, summary, status, time),
            states_after_failure: reader.states_after_failure().to_vec(),
            changes: what_is_left(status, changes),
        }
    }
}

fn status(reader: &HistoryReader, summary: &ExecutionSummary) -> Status {
    match summary.status {
        ExecutionStatus::Succeeded => Status::Success,
        ExecutionStatus::TimedOut => Status::TimedOut,
        ExecutionStatus::Aborted => Status::Aborted,
        // The names of the errors differ between deployers (contract §5), those of the end states do not.
        ExecutionStatus::Failed | ExecutionStatus::Running => match reader.states.last().map(String::as_str) {
            Some("FailureClean") => Status::FailureClean,
            Some("FailureDirty") => Status::FailureDirty,
            _ => Status::Failed,
        },
    }
}

/// Contract §9. Whatever is not known to be clean is for a person to look at.
fn exit_code(status: Status, changed: bool, is_ours: bool) -> u8 {
    match status {
        _ if !is_ours => 2,
        Status::Success => 0,
        Status::FailureClean if changed => 1,
        Status::FailureClean => 2,
        Status::FailureDirty | Status::Failed | Status::TimedOut | Status::Aborted => 3,
    }
}

/// What failed. An end that no task is to blame for, such as a stop by hand, is a failure of the state it came in.
fn failures(
    reader: &HistoryReader,
    summary: &ExecutionSummary,
    status: Status,
    time: DateTime<Utc>,
) -> Vec<StepFailure> {
    let mut failures = reader.failures.clone();
    let by_itself = matches!(status, Status::Failed | Status::TimedOut | Status::Aborted);
    if by_itself && failures.last().is_none_or(|last| Some(&last.error) != summary.error.as_ref()) {
        failures.push(StepFailure {
            time,
            state: reader.states.last().cloned().unwrap_or_default(),
            error: summary.error.clone().unwrap_or_else(|| format!("{status:?}")),
            cause: summary.cause.clone().unwrap_or_default(),
            attempt: 1,
        });
    }
    failures
}

/// What a failed deploy made is gone if it failed clean; what it would have removed is still there.
fn what_is_left(status: Status, changes: Changes) -> Changes {
    match status {
        Status::Success => changes,
        Status::FailureClean => Changes { deleted: changes.created, notes: changes.notes, ..Changes::default() },
        _ => Changes { created: changes.created, notes: changes.notes, ..Changes::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::history_reader::tests::{entered, exited, failed, told};
    use super::*;
    use serde_json::{Value, json};

    fn summary(status: ExecutionStatus, error: Option<&str>) -> ExecutionSummary {
        ExecutionSummary {
            name: "deploy-1".into(),
            arn: "arn".into(),
            status,
            start_date: DateTime::from_timestamp(0, 0).unwrap(),
            stop_date: DateTime::from_timestamp(125, 0),
            input: Value::Null.into(),
            output: None,
            error: error.map(ToOwned::to_owned),
            cause: None,
        }
    }

    fn outcome(states: &[&str], summary: &ExecutionSummary, is_ours: bool) -> DeployOutcome {
        let reader = told(&states.iter().map(|state| entered(0, state)).collect::<Vec<_>>());
        let outputs = [("Url".to_owned(), "https://new".to_owned())].into();
        let notes = vec!["look".into()];
        let changes = Changes { created: vec!["new".into()], deleted: vec!["old".into()], outputs, notes };
        DeployOutcome::of(&reader, Ending { summary, release_id: "r".into(), changes, changes_from: "Deploy", is_ours })
    }

    #[test]
    fn the_exit_code_tells_what_a_person_has_to_do() {
        use ExecutionStatus::{Aborted, Failed, Succeeded, TimedOut};
        let code = |states: &[&str], status, is_ours| outcome(states, &summary(status, None), is_ours).exit_code;
        assert_eq!(code(&["Validate", "Deploy", "Success"], Succeeded, true), 0);
        assert_eq!(code(&["Validate", "Deploy", "FailureClean"], Failed, true), 1);
        assert_eq!(code(&["Validate", "FailureClean"], Failed, true), 2);
        assert_eq!(code(&["Validate", "Deploy", "FailureDirty"], Failed, true), 3);
        assert_eq!(code(&["Validate", "FailureDirty"], Failed, true), 3);
        assert_eq!(code(&["Validate", "Deploy"], Failed, true), 3);
        assert_eq!(code(&["Validate"], Aborted, true), 3);
        assert_eq!(code(&["Validate"], TimedOut, true), 3);
        assert_eq!(code(&["Validate", "Deploy", "Success"], Succeeded, false), 2);
    }

    #[test]
    fn what_a_clean_failure_made_is_gone_and_what_a_dirty_one_made_is_left() {
        let left = |states: &[&str], status| {
            let Changes { created, deleted, outputs, notes } = outcome(states, &summary(status, None), true).changes;
            assert_eq!((outputs.is_empty(), notes.len()), (status != ExecutionStatus::Succeeded, 1));
            (created.join(" "), deleted.join(" "))
        };
        assert_eq!(left(&["Success"], ExecutionStatus::Succeeded), ("new".into(), "old".into()));
        assert_eq!(left(&["FailureClean"], ExecutionStatus::Failed), (String::new(), "new".into()));
        assert_eq!(left(&["FailureDirty"], ExecutionStatus::Failed), ("new".into(), String::new()));
    }

    #[test]
    fn an_end_that_no_task_is_to_blame_for_has_a_cause_all_the_same() {
        let stopped = outcome(&["Validate"], &summary(ExecutionStatus::Aborted, None), true);
        assert_eq!(stopped.failures.len(), 1);
        assert_eq!((stopped.failures[0].state.as_str(), stopped.failures[0].error.as_str()), ("Validate", "Aborted"));
        let runtime = outcome(&["Validate"], &summary(ExecutionStatus::Failed, Some("States.Runtime")), true);
        assert_eq!(runtime.failures[0].error, "States.Runtime");
    }

    #[test]
    fn an_outcome_is_one_object_for_a_program() {
        let reader = told(&[
            entered(0, "Deploy"),
            failed(60, "DeployError", "no"),
            exited(60, json!(1)),
            entered(60, "FailureClean"),
        ]);
        let outcome_of = Ending {
            summary: &summary(ExecutionStatus::Failed, Some("FailureClean")),
            release_id: "r".into(),
            changes: Changes::default(),
            changes_from: "Deploy",
            is_ours: true,
        };
        let events = crate::client::DeployEvent::End(Box::new(DeployOutcome::of(&reader, outcome_of)));
        insta::assert_json_snapshot!(events);
    }
}
