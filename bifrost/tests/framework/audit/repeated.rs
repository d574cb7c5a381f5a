//! Attempts that are lost, time out, go on as zombies, or are repeated: the log has one start and one end.

use super::{ends, found, is_change, kinds, records};
use crate::board::{BoardDeployer, harness, harness_with, release};
use crate::client::client;
use bifrost::audit::{EntryKind, Event, Outcome};
use bifrost::testing::TestHarness;
use chrono::DateTime;
use serde_json::{Value, json};

const ONCE: [(EntryKind, Option<Outcome>); 2] =
    [(EntryKind::Started, None), (EntryKind::Ended, Some(Outcome::Success))];

/// Deploys with one fault, and checks the invariants of the log.
async fn deploy(faults: &Value) -> TestHarness<BoardDeployer> {
    let harness = harness_with(faults);
    let check = harness.check_audit();
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    assert_eq!(check.violations(&run), [] as [&str; 0], "{faults}: {:#?}", run.errors());
    harness
}

#[tokio::test]
async fn answer_of_a_recorded_attempt_is_lost() {
    for state in ["Validate", "Lock", "Pin", "Unlock"] {
        // The last call of the attempt: the checkpoint, or the object with its records.
        let last = if ["Validate", "Unlock"].contains(&state) { "log/checkpoint" } else { "records/" };
        let fault = json!([{
            "operation": "s3:PutObject", "resource": last, "state": state, "times": 1,
            "skip": u32::from(state == "Pin"), "kind": "die_after",
        }]);
        let harness = deploy(&fault).await;
        // The second attempt of the last task is recorded after the end, so a closure covers it.
        let closed = (EntryKind::Closed, Some(Outcome::Success));
        let expected = ONCE.into_iter().chain((state == "Unlock").then_some(closed));
        assert_eq!(ends(&harness), expected.collect::<Vec<_>>(), "{state}");
        assert_eq!(found(&harness).await, [] as [&str; 0], "{state}");
    }
}

#[tokio::test]
async fn attempt_that_times_out_ends_the_deploy_later() {
    for (state, operation) in [("Validate", "s3:PutObject"), ("Lock", "s3:PutObject"), ("Unlock", "s3:PutObject")] {
        let zombie = json!([{
            "operation": operation, "resource": "records/", "state": state, "times": 1, "kind": {"zombie_seconds": 2000},
        }]);
        let harness = deploy(&zombie).await;
        assert_eq!(ends(&harness), ONCE, "{state}");
        let attempts = records(&harness)
            .into_iter()
            .filter(|record| matches!(&record.draft.event, Event::Attempt { state: found, .. } if found == state));
        assert_eq!(attempts.count(), 2, "{state}");
    }
}

#[tokio::test]
async fn zombie_records_its_change() {
    let harness = deploy(&json!([{"operation": "board:PinNote", "times": 1, "kind": {"zombie_seconds": 5000}}])).await;
    assert_eq!(records(&harness).iter().filter(|record| is_change(record)).count(), 2);
    assert_eq!(ends(&harness), ONCE);
}

#[tokio::test]
async fn invocations_after_the_end_add_no_end() {
    let harness = harness();
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    for payload in run.invocations() {
        let _ = harness.invoke(payload).await;
    }
    assert_eq!(ends(&harness), ONCE);
    let attempts = kinds(&harness).iter().filter(|kind| *kind == "attempt").count();
    assert_eq!(attempts, 2 * run.invocations().len());
}

#[tokio::test]
async fn reconcile_covers_what_is_recorded_after_the_end() {
    let harness = harness();
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    harness.invoke(run.invocations().pop().unwrap()).await.unwrap();
    assert_eq!(found(&harness).await, ["audit/late-attempt"]);
    for appended in [1, 0] {
        let done = client(&harness).reconcile(DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!((done.appended, done.failed), (appended, Vec::new()));
        assert_eq!(found(&harness).await, [] as [&str; 0]);
    }
}

#[tokio::test]
async fn definition_of_go_has_one_chain() {
    let harness = harness();
    let mut input = release("first");
    // `Validate` fills it in.
    input.as_object_mut().unwrap().remove("aws_account_id");
    harness.upload(&input, &[]).await.unwrap();
    for task in ["Validate", "Lock", "Unlock"] {
        input = harness.invoke(json!({"Task": task, "Input": input})).await.unwrap();
    }
    assert_eq!(input["aws_account_id"], "000000000000");
    assert_eq!((ends(&harness), found(&harness).await), (ONCE.to_vec(), Vec::new()));
}

#[tokio::test]
async fn stopped_execution_that_is_redriven_has_both_ends() {
    let harness = harness();
    let check = harness.check_audit();
    harness.upload(&release("first"), &[]).await.unwrap();
    let name = harness.start(&release("first")).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    harness.abort(&name).await.unwrap();
    harness.run().await.unwrap();
    harness.redrive(&name).unwrap();
    harness.run().await.unwrap();
    let [start, end] = ONCE;
    assert_eq!(ends(&harness), [start, (EntryKind::Closed, Some(Outcome::Stopped)), end]);
    assert_eq!(check.violations(&harness.execution(&name).await.unwrap()), [] as [&str; 0]);
}
