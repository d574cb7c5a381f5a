use super::super::history_reader::tests::{entered, exited, failed, read};
use super::super::test_deployer::Idle;
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
    let reader = read(&states.iter().map(|state| entered(0, state)).collect::<Vec<_>>());
    let outputs = [("Url".to_owned(), "https://new".to_owned())].into();
    let notes = vec!["look".into()];
    let changes = Changes { created: vec!["new".into()], deleted: vec!["old".into()], outputs, notes };
    let serving = Serving::New;
    let end = ExecutionEnd { summary, release_id: "r".into(), changes, serving, is_ours };
    DeployOutcome::of::<Idle>(&reader, end)
}

#[test]
fn exit_code_follows_from_the_end_state() {
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
fn unknown_state_may_have_changed_something() {
    let deploy = outcome(&["Validate", "Publish", "FailureClean"], &summary(ExecutionStatus::Failed, None), true);
    assert_eq!((deploy.changed, deploy.exit_code, deploy.status), (true, 1, Status::FailureClean));
    let clean_up = outcome(&["Validate", "UnlockFailure"], &summary(ExecutionStatus::Aborted, None), true);
    assert!(!clean_up.changed, "every state is known, and Deploy was not entered");
    let other_end = outcome(&["Validate", "Undone"], &summary(ExecutionStatus::Failed, None), true);
    assert_eq!((other_end.status, other_end.changed), (Status::Failed, true));
}

#[test]
fn created_resources_are_deleted_only_by_a_clean_end() {
    let changes = |states: &[&str], status| {
        let Changes { created, deleted, outputs, notes } = outcome(states, &summary(status, None), true).changes;
        assert_eq!((outputs.is_empty(), notes.len()), (status != ExecutionStatus::Succeeded, 1));
        (created.join(" "), deleted.join(" "))
    };
    assert_eq!(changes(&["Success"], ExecutionStatus::Succeeded), ("new".into(), "old".into()));
    assert_eq!(changes(&["FailureClean"], ExecutionStatus::Failed), (String::new(), "new".into()));
    assert_eq!(changes(&["FailureDirty"], ExecutionStatus::Failed), ("new".into(), String::new()));
}

#[test]
fn end_without_a_failed_task_has_a_cause() {
    let stopped = outcome(&["Validate"], &summary(ExecutionStatus::Aborted, None), true);
    assert_eq!(stopped.failures.len(), 1);
    assert_eq!((stopped.failures[0].state.as_str(), stopped.failures[0].error.as_str()), ("Validate", "Aborted"));
    let runtime = outcome(&["Validate"], &summary(ExecutionStatus::Failed, Some("States.Runtime")), true);
    assert_eq!(runtime.failures[0].error, "States.Runtime");
}

#[test]
fn deployer_decides_what_serves_after_a_dirty_end() {
    use ExecutionStatus::{Aborted, Failed, Succeeded};
    let serving = |states: &[&str], status| outcome(states, &summary(status, None), true).serving;
    assert_eq!(serving(&["Validate", "Deploy", "Success"], Succeeded), Serving::New);
    assert_eq!(serving(&["Validate", "Deploy", "FailureClean"], Failed), Serving::Previous);
    assert_eq!(serving(&["Validate", "FailureDirty"], Failed), Serving::Previous, "nothing was changed");
    assert_eq!(serving(&["Validate", "Deploy", "FailureDirty"], Failed), Serving::New, "as the deployer says");
    assert_eq!(serving(&["Validate", "Deploy"], Aborted), Serving::New, "as the deployer says");
}

#[test]
fn release_in_service_is_never_left_over() {
    let left_over = |states: &[&str]| outcome(states, &summary(ExecutionStatus::Failed, None), true).left_over;
    assert_eq!(left_over(&["Validate", "Deploy", "FailureDirty"]), ["old"], "the new release is in service");
    assert_eq!(left_over(&["Validate", "FailureDirty"]), ["new"], "nothing else was in service");
    assert!(left_over(&["Validate", "Deploy", "FailureClean"]).is_empty());
}

#[test]
fn outcome_as_json() {
    let reader = read(&[
        entered(0, "Deploy"),
        failed(60, "DeployError", "no"),
        exited(60, json!(1)),
        entered(60, "FailureClean"),
    ]);
    let end = ExecutionEnd {
        summary: &summary(ExecutionStatus::Failed, Some("FailureClean")),
        release_id: "r".into(),
        changes: Changes::default(),
        serving: Serving::Unknown,
        is_ours: true,
    };
    let event = crate::client::DeployEvent::End(Box::new(DeployOutcome::of::<Idle>(&reader, end)));
    insta::assert_json_snapshot!(event);
}
