use super::*;
use crate::client::Changes;
use bifrost_core::machine::Kind;

const STATES: &[State] = &[
    State { name: "Validate", kind: Kind::Task, comment: Some("Refuses what is malformed.\nAnd more.") },
    State { name: "CheckHealthy", kind: Kind::Task, comment: None },
    State { name: "Success", kind: Kind::Succeed, comment: None },
];

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
}

fn text() -> Text {
    Text::new(STATES, CommandHint::local("odin"), Paint::none())
}

fn start(joined: bool, is_ours: bool) -> DeployEvent {
    DeployEvent::Start {
        time: at(0),
        execution: "deploy-1".into(),
        release_id: "release-1".into(),
        address: Some(Address {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            project: "coinbase/deploy-test".parse().unwrap(),
            config: "development".parse().unwrap(),
        }),
        joined,
        is_ours,
    }
}

fn state(second: i64, name: &str) -> DeployEvent {
    DeployEvent::State { time: at(second), state: name.into(), deadline: Some(at(600)) }
}

fn failure(second: i64, state: &str, error: &str, cause: &str) -> StepFailure {
    StepFailure {
        time: at(second),
        state: state.into(),
        error: error.into(),
        code: None,
        cause: cause.into(),
        attempt: 1,
        is_waiting: false,
    }
}

fn outcome(status: Status, exit_code: u8) -> DeployOutcome {
    DeployOutcome {
        status,
        exit_code,
        is_ours: true,
        changed: exit_code != 2,
        serving: if exit_code == 0 { Serving::New } else { Serving::Previous },
        time: at(125),
        seconds: 125,
        execution: "deploy-1".into(),
        release_id: "release-1".into(),
        failures: Vec::new(),
        states_after_failure: Vec::new(),
        left_over: Vec::new(),
        audit: AuditTrail::Unknown,
        audit_entry: None,
        changes: Changes::default(),
    }
}

fn written(events: &[DeployEvent]) -> String {
    let mut text = text();
    events.iter().flat_map(|event| text.lines(event, 1.94)).collect::<Vec<_>>().join("\n")
}

#[test]
fn success_as_text() {
    let changes =
        Changes { created: vec!["group web-2".into()], deleted: vec!["group web-1".into()], ..Changes::default() };
    let end = DeployEvent::End(Box::new(DeployOutcome { changes, ..outcome(Status::Success, 0) }));
    let events = [start(false, true), state(0, "Validate"), state(105, "CheckHealthy"), state(125, "Success"), end];
    insta::assert_snapshot!(written(&events));
}

#[test]
fn clean_failure_as_text() {
    let halt = failure(110, "CheckHealthy", "HaltError", "halted: wrong build\nby ada");
    let end = DeployOutcome {
        failures: vec![halt.clone(), failure(120, "DetachForFailure", "DetachError", "still draining")],
        states_after_failure: vec!["DetachForFailure".into(), "CleanUpFailure".into(), "FailureClean".into()],
        changes: Changes { deleted: vec!["group web-2".into()], ..Changes::default() },
        ..outcome(Status::FailureClean, 1)
    };
    let events =
        [start(false, true), state(105, "CheckHealthy"), DeployEvent::Failure(halt), DeployEvent::End(Box::new(end))];
    insta::assert_snapshot!(written(&events));
}

#[test]
fn refusal_as_text() {
    let code = Some("release/too-old".to_owned());
    let refused = StepFailure { code, ..failure(0, "Validate", "BadReleaseError", "created_at: too old") };
    let end = DeployOutcome {
        failures: vec![refused],
        states_after_failure: vec!["FailureClean".into()],
        ..outcome(Status::FailureClean, 2)
    };
    insta::assert_snapshot!(written(&[start(false, true), DeployEvent::End(Box::new(end))]));
}

#[test]
fn dirty_failure_as_text() {
    let end = DeployOutcome {
        failures: vec![failure(100, "CleanUpFailure", "CleanUpError", "denied")],
        states_after_failure: vec!["FailureDirty".into()],
        left_over: vec!["group web-2".into()],
        changes: Changes { created: vec!["group web-2".into()], ..Changes::default() },
        ..outcome(Status::FailureDirty, 3)
    };
    insta::assert_snapshot!(written(&[start(false, true), DeployEvent::End(Box::new(end))]));
}

#[test]
fn joined_deploy_of_another_release_as_text() {
    let end = DeployEvent::End(Box::new(DeployOutcome { is_ours: false, ..outcome(Status::Success, 2) }));
    insta::assert_snapshot!(written(&[start(true, false), state(125, "Success"), end]));
}

#[test]
fn repeated_failure_is_shown_once() {
    let again = || DeployEvent::Failure(failure(100, "Validate", "DetachError", "still draining"));
    let other = DeployEvent::Failure(failure(110, "Validate", "DetachError", "nearly drained"));
    assert_eq!(written(&[again(), again(), other]).lines().count(), 2);
}

#[test]
fn current_state_is_shown_with_the_time_left() {
    let mut text = text();
    text.lines(&start(false, true), 0.0);
    text.lines(&state(5, "Validate"), 0.0);
    assert_eq!(text.now(at(65), None), "  1:05              Validate");
    assert_eq!(text.now(at(65), Some(at(600))), "  1:05   8:55 left  Validate");
    assert_eq!(text.now(at(700), Some(at(600))), " 11:40   0:00 left  Validate");
}

#[test]
fn durations_have_hours_only_if_needed() {
    let shown = |seconds| duration(TimeDelta::seconds(seconds));
    assert_eq!([shown(0), shown(59), shown(3599), shown(172_800)], ["0:00", "0:59", "59:59", "48:00:00"]);
}

#[test]
fn state_comments_are_cut_to_the_width() {
    let line = |columns: usize| text().within(columns).lines(&state(0, "Validate"), 0.0).join("\n");
    assert_eq!(line(100), "  0:00  10:00 left  Validate      Refuses what is malformed.");
    assert_eq!(line(48), "  0:00  10:00 left  Validate      Refuses what…");
    assert_eq!(line(10), "  0:00  10:00 left  Validate");
}

#[test]
fn control_characters_of_a_cause_are_escaped() {
    let event = DeployEvent::Failure(failure(5, "Deploy", "Deploy\u{1b}[2JError", "no\r\u{9b}8m\nSuccess"));
    assert_eq!(written(&[event]), "        ! Deploy\\u{1b}[2JError: no\\r\\u{9b}8m\n           Success");
}

#[test]
fn dirty_failure_of_a_release_in_service_as_text() {
    let end = DeployOutcome {
        failures: vec![failure(100, "CleanUpSuccess", "CleanUpError", "denied")],
        states_after_failure: vec!["FailureDirty".into()],
        serving: Serving::New,
        left_over: vec!["group web-1".into()],
        changes: Changes { created: vec!["group web-2".into()], ..Changes::default() },
        ..outcome(Status::FailureDirty, 3)
    };
    insta::assert_snapshot!(written(&[start(false, true), DeployEvent::End(Box::new(end))]));
}

#[test]
fn waiting_is_not_marked_as_trouble() {
    let waiting =
        StepFailure { is_waiting: true, ..failure(5, "DetachForSuccess", "DetachError", "web-1 still drains") };
    assert_eq!(written(&[DeployEvent::Failure(waiting)]), "        … waiting: web-1 still drains");
}
