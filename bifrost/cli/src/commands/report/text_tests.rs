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
    StepFailure { time: at(second), state: state.into(), error: error.into(), cause: cause.into(), attempt: 1 }
}

fn outcome(status: Status, exit_code: u8) -> DeployOutcome {
    DeployOutcome {
        status,
        exit_code,
        is_ours: true,
        changed: exit_code != 2,
        time: at(125),
        seconds: 125,
        execution: "deploy-1".into(),
        release_id: "release-1".into(),
        failures: Vec::new(),
        states_after_failure: Vec::new(),
        changes: Changes::default(),
    }
}

fn written(events: &[DeployEvent]) -> String {
    let mut text = text();
    events.iter().flat_map(|events| text.lines(events, 1.94)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_success_tells_its_states_and_what_it_changed() {
    let changes =
        Changes { created: vec!["group web-2".into()], deleted: vec!["group web-1".into()], ..Changes::default() };
    let end = DeployEvent::End(Box::new(DeployOutcome { changes, ..outcome(Status::Success, 0) }));
    let events = [start(false, true), state(0, "Validate"), state(105, "CheckHealthy"), state(125, "Success"), end];
    insta::assert_snapshot!(written(&events), @r"
    Deploying release-1 of coinbase/deploy-test development in account 000000000000
      0:00  10:00 left  Validate      Refuses what is malformed.
      1:45   8:15 left  CheckHealthy
      2:05   7:55 left  Success

    Success: release-1 is deployed, after 2:05 (1.9 s here)
      created  group web-2
      deleted  group web-1
    ");
}

#[test]
fn a_failure_tells_where_and_why_what_was_cleaned_up_and_what_to_do() {
    let halt = failure(110, "CheckHealthy", "HaltError", "halted: wrong build\nby ada");
    let end = DeployOutcome {
        failures: vec![halt.clone(), failure(120, "DetachForFailure", "DetachError", "still draining")],
        states_after_failure: vec!["DetachForFailure".into(), "CleanUpFailure".into(), "FailureClean".into()],
        changes: Changes { deleted: vec!["group web-2".into()], ..Changes::default() },
        ..outcome(Status::FailureClean, 1)
    };
    let events =
        [start(false, true), state(105, "CheckHealthy"), DeployEvent::Failure(halt), DeployEvent::End(Box::new(end))];
    insta::assert_snapshot!(written(&events), @r"
    Deploying release-1 of coinbase/deploy-test development in account 000000000000
      1:45   8:15 left  CheckHealthy
            ! HaltError: halted: wrong build
               by ada

    FailureClean: release-1 is not deployed, after 2:05 (1.9 s here)
      failed   in CheckHealthy: HaltError: halted: wrong build
               by ada
      then     in DetachForFailure: DetachError: still draining
      clean    all that it made is gone, what ran before still runs, the lock is free (DetachForFailure → CleanUpFailure)
      deleted  group web-2
      next     find out why it was halted, was too slow, or lost instances; then deploy again; `odin history deploy-1 --local` has all of it
    ");
}

#[test]
fn a_refusal_says_that_nothing_was_changed() {
    let refused = failure(0, "Validate", "BadReleaseError", "created_at: too old");
    let end = DeployOutcome {
        failures: vec![refused],
        states_after_failure: vec!["FailureClean".into()],
        ..outcome(Status::FailureClean, 2)
    };
    insta::assert_snapshot!(written(&[start(false, true), DeployEvent::End(Box::new(end))]), @r"
    Deploying release-1 of coinbase/deploy-test development in account 000000000000

    FailureClean: release-1 is not deployed, after 2:05 (1.9 s here)
      failed   in Validate: BadReleaseError: created_at: too old
      clean    nothing was changed, and it holds no lock
      next     correct the release and deploy it again; `odin history deploy-1 --local` has all of it
    ");
}

#[test]
fn a_dirty_failure_says_what_is_left_and_how_to_unlock() {
    let end = DeployOutcome {
        failures: vec![failure(100, "CleanUpFailure", "CleanUpError", "denied")],
        states_after_failure: vec!["FailureDirty".into()],
        changes: Changes { created: vec!["group web-2".into()], ..Changes::default() },
        ..outcome(Status::FailureDirty, 3)
    };
    insta::assert_snapshot!(written(&[start(false, true), DeployEvent::End(Box::new(end))]), @r"
    Deploying release-1 of coinbase/deploy-test development in account 000000000000

    FailureDirty: release-1 is not deployed, after 2:05 (1.9 s here)
      failed   in CleanUpFailure: CleanUpError: denied
      dirty    the clean-up failed; the lock may still be held
      is left  group web-2
      next     a person must look: `odin history deploy-1 --local` tells what failed, `odin status coinbase/deploy-test development --account 000000000000 --local` what is there; remove what is left of the release, then `odin unlock coinbase/deploy-test development --account 000000000000 --local`
    ");
}

#[test]
fn who_joins_another_release_is_told_that_theirs_is_not_deployed() {
    let end = DeployEvent::End(Box::new(DeployOutcome { is_ours: false, ..outcome(Status::Success, 2) }));
    insta::assert_snapshot!(written(&[start(true, false), state(125, "Success"), end]), @r"
    release-1 of coinbase/deploy-test development in account 000000000000 is being deployed: following it, yours is not deployed
      2:05   7:55 left  Success

    Success: release-1 is deployed, after 2:05 (1.9 s here)
      yours    was not deployed: deploy it again
    ");
}

#[test]
fn the_same_failure_again_is_not_told_again() {
    let again = || DeployEvent::Failure(failure(100, "Validate", "DetachError", "still draining"));
    let other = DeployEvent::Failure(failure(110, "Validate", "DetachError", "nearly drained"));
    assert_eq!(written(&[again(), again(), other]).lines().count(), 2);
}

#[test]
fn the_present_tells_state_time_and_what_is_left_of_the_timeout() {
    let mut text = text();
    text.lines(&start(false, true), 0.0);
    text.lines(&state(5, "Validate"), 0.0);
    assert_eq!(text.now(at(65), None), "  1:05              Validate");
    assert_eq!(text.now(at(65), Some(at(600))), "  1:05   8:55 left  Validate");
    assert_eq!(text.now(at(700), Some(at(600))), " 11:40   0:00 left  Validate");
}

#[test]
fn lengths_of_time_have_hours_only_if_they_need_them() {
    let shown = |seconds| duration(TimeDelta::seconds(seconds));
    assert_eq!([shown(0), shown(59), shown(3599), shown(172_800)], ["0:00", "0:59", "59:59", "48:00:00"]);
}

#[test]
fn what_a_state_does_is_told_as_far_as_it_fits() {
    let told = |columns: usize| text().within(columns).lines(&state(0, "Validate"), 0.0).join("\n");
    assert_eq!(told(100), "  0:00  10:00 left  Validate      Refuses what is malformed.");
    assert_eq!(told(48), "  0:00  10:00 left  Validate      Refuses what…");
    assert_eq!(told(10), "  0:00  10:00 left  Validate");
}

#[test]
fn a_cause_writes_nothing_on_the_terminal_but_text() {
    let events = DeployEvent::Failure(failure(5, "Deploy", "Deploy\u{1b}[2JError", "no\r\u{9b}8m\nSuccess"));
    assert_eq!(written(&[events]), "        ! Deploy\\u{1b}[2JError: no\\r\\u{9b}8m\n           Success");
}
