//! What happens when the log cannot be written, by mode.

use super::{ends, harness_in, kinds, records};
use crate::board::{lock_holder, notes, release};
use bifrost::audit::{AttemptOutcome, EntryKind, Event, Outcome};
use bifrost::testing::Run;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A fault at all calls to a part of the log in this state.
fn unreachable(operation: &str, resource: &str, state: &str) -> Value {
    json!({"operation": operation, "resource": resource, "state": state, "kind": {"error": "ServiceUnavailable"}})
}

/// Each part of the log, as an operation and a resource.
const PARTS: [(&str, &str); 4] = [
    ("s3:PutObject", "records/"),
    ("s3:ListObjectsV2", "records/"),
    ("dynamodb:TransactWriteItems", "head"),
    ("dynamodb:GetItem", "head"),
];

fn codes(run: &Run) -> Vec<String> {
    run.errors().into_iter().filter_map(|raised| raised.code).collect()
}

#[tokio::test]
async fn required_log_refuses_the_release_before_the_first_change() {
    for (operation, resource) in PARTS {
        for state in ["Validate", "Lock", "Pin"] {
            // Only the start and the end have entries.
            if operation.starts_with("dynamodb:") && state != "Validate" {
                continue;
            }
            let harness = harness_in("required", &json!([unreachable(operation, resource, state)]));
            let check = harness.check_audit();
            let run = harness.deploy(&release("first"), &[]).await.unwrap();
            let place = format!("{operation} in {state}");
            assert_eq!(run.path().last(), Some(&"FailureClean"), "{place}: {:#?}", run.errors());
            if state == "Pin" {
                assert!(run.errors()[0].message.contains("audit log cannot be written"), "{:#?}", run.errors());
            } else {
                assert_eq!(codes(&run), ["audit/unavailable"], "{place}");
            }
            assert_eq!((notes(&harness), lock_holder(&harness)), (Vec::new(), None), "{place}");
            assert_eq!(check.violations(&run), [] as [&str; 0], "{place}");
            assert_eq!(ends(&harness).len(), 1 + usize::from(ends(&harness)[0].0 == EntryKind::Started), "{place}");
        }
    }
}

#[tokio::test]
async fn refusal_without_the_log_is_recorded_once_it_can_be() {
    for (operation, resource, state) in
        [("dynamodb:TransactWriteItems", "head", "Validate"), ("s3:PutObject", "records/", "Lock")]
    {
        let mut fault = unreachable(operation, resource, state);
        fault["times"] = json!(1);
        let harness = harness_in("required", &json!([fault]));
        let check = harness.check_audit();
        let run = harness.deploy(&release("first"), &[]).await.unwrap();
        assert_eq!(check.violations(&run), [] as [&str; 0], "{state}");
        let records = records(&harness).into_iter().map(|record| record.draft.event);
        let of_state: Vec<_> = records
            .filter_map(|event| match event {
                Event::Attempt { state: found, outcome, .. } if found == state => Some((outcome, None)),
                Event::Refusal { state: found, code, .. } if found == state => Some((AttemptOutcome::Failed, code)),
                _ => None,
            })
            .collect();
        let refusal = (AttemptOutcome::Failed, Some("audit/unavailable".to_owned()));
        assert_eq!(of_state, [(AttemptOutcome::Succeeded, None), refusal], "{state}");
        assert!(ends(&harness).contains(&(EntryKind::Refused, Some(Outcome::Refused))), "{state}");
    }
}

#[tokio::test]
async fn deploy_goes_on_without_the_log_after_its_first_change() {
    for (operation, resource) in PARTS {
        for state in ["Look", "Unlock"] {
            let harness = harness_in("required", &json!([unreachable(operation, resource, state)]));
            let check = harness.check_audit();
            let run = harness.deploy(&release("first"), &[]).await.unwrap();
            let place = format!("{operation} in {state}");
            assert_eq!(run.path().last(), Some(&"Success"), "{place}: {:#?}", run.errors());
            assert_eq!(check.violations(&run), [] as [&str; 0], "{place}");
            // What the last attempt could not append is appended when the execution has ended.
            let end = ends(&harness).pop().unwrap();
            assert_eq!(end.1, Some(Outcome::Success), "{place}");
        }
    }
}

#[tokio::test]
async fn clean_up_goes_on_without_the_log() {
    let faults = json!([
        {"operation": "board:PinNote", "kind": {"error_after": "InternalFailure"}},
        unreachable("*", "records/", "TakeDown"),
        unreachable("*", "records/", "UnlockFailure"),
    ]);
    let harness = harness_in("required", &faults);
    let check = harness.check_audit();
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureClean"), "{:#?}", run.errors());
    assert_eq!((notes(&harness), lock_holder(&harness)), (Vec::new(), None));
    assert_eq!(check.violations(&run), [] as [&str; 0]);
    assert_eq!(ends(&harness), [(EntryKind::Started, None), (EntryKind::Closed, Some(Outcome::FailureClean))]);
}

#[tokio::test]
async fn best_effort_goes_on_everywhere() {
    for (operation, resource) in PARTS {
        let fault = json!({"operation": operation, "resource": resource, "kind": {"error": "ServiceUnavailable"}});
        let harness = harness_in("best-effort", &json!([fault]));
        let check = harness.check_audit();
        let run = harness.deploy(&release("first"), &[]).await.unwrap();
        assert_eq!((run.path().last(), notes(&harness)), (Some(&"Success"), vec!["first".to_owned()]), "{operation}");
        assert_eq!(check.violations(&run), [] as [&str; 0], "{operation}");
        assert_eq!(ends(&harness).pop().unwrap().1, Some(Outcome::Success), "{operation}");
    }
}

#[tokio::test]
async fn late_announcement_is_recorded_with_the_conclusion() {
    let fault = json!({
        "operation": "s3:PutObject", "resource": "records/", "state": "Pin", "times": 1, "kind": {"error": "SlowDown"},
    });
    let harness = harness_in("best-effort", &json!([fault]));
    harness.deploy(&release("first"), &[]).await.unwrap();
    let of_pin = kinds(&harness).into_iter().skip_while(|kind| kind != "may_change");
    assert_eq!(of_pin.take(3).collect::<Vec<_>>(), ["may_change", "change", "attempt"]);
    assert_eq!(kinds(&harness).iter().filter(|kind| *kind == "may_change").count(), 1);
}

#[tokio::test]
async fn lost_answer_to_an_announcement_repeats_nothing() {
    let fault = json!({
        "operation": "s3:PutObject", "resource": "records/", "state": "Pin", "times": 1,
        "kind": {"error_after": "InternalError"},
    });
    let harness = harness_in("best-effort", &json!([fault]));
    harness.deploy(&release("first"), &[]).await.unwrap();
    let announcements = records(&harness);
    let announcements = announcements.iter().filter(|record| matches!(record.draft.event, Event::MayChange { .. }));
    assert_eq!(announcements.count(), 1);
}

#[tokio::test]
async fn log_that_is_off_is_never_called() {
    let harness = harness_in("off", &json!([]));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        if bifrost::testing::is_audit_call(record) {
            seen.lock().unwrap().push(record.call.name.clone());
        }
    }));
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"));
    assert_eq!(*calls.lock().unwrap(), []);
    assert_eq!(ends(&harness), []);
}
