//! Executions that lose their lock: what they report, and what they leave alone.

use super::fence_tests::{HANG, Older, entered, hang, payload, read, start_until, unlock, with_table};
use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::cloud::local::FenrirAccount;
use crate::harness::{REGION, deploy, new_harness, release, stacks};
use bifrost::lifecycle::request_halt;
use bifrost::local::{Fault, FaultKind, LocalState};
use bifrost::testing::TestHarness;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn lost_lock_names_the_release_that_holds_it() {
    for state in ["Execute", "UpdateStack"] {
        let (harness, sent) = (Older::Updates.harness().await, with_table(4, "older"));
        let name = start_until(&harness, &sent, hang(state, 0, FaultKind::DelaySeconds(HANG))).await;
        harness.abort(&name).await.unwrap();
        unlock(&harness, &sent).await;
        harness.advance(TimeDelta::seconds(i64::from(HANG) / 2)).unwrap();
        let newer = with_table(1, "newer");
        start_until(&harness, &newer, hang("UpdateChangeSet", 0, FaultKind::DelaySeconds(HANG))).await;
        harness.redrive(&name).unwrap();
        harness.run().await.unwrap();
        let run = harness.execution(&name).await.unwrap();
        assert_eq!(run.path().last(), Some(&"FailureDirty"), "{state}");
        // The newer deploy ends before the last retry.
        let lost = run.errors().remove(0);
        assert!(lost.message.contains(newer["release_id"].as_str().unwrap()), "{state}: {lost:?}");
    }
}

/// The next deploy waits for the clean-up: it would use the same stack.
#[tokio::test]
async fn lock_is_held_until_the_failed_deploy_is_cleaned_up() {
    for older in [Older::CreationFails, Older::UpdateFails] {
        let harness = older.harness().await;
        // Twice: the engine starts the attempt again when it goes on.
        let operation = "cloudformation:DescribeStacks".into();
        let fault = Fault { operation, times: Some(2), ..hang("CleanUp", 0, FaultKind::DelaySeconds(600)) };
        let name = start_until(&harness, &with_table(4, "older"), fault).await;
        let refused = deploy(&harness, &with_table(2, "refused")).await;
        assert_eq!(refused.path(), ["Validate", "Lock", "FailureClean"], "{older:?}");
        assert_eq!(refused.errors()[0].code.as_deref(), Some("lock/held"));
        let run = harness.execution(&name).await.unwrap();
        assert_eq!(run.path().last(), Some(&"FailureClean"));
        let next = deploy(&harness, &with_table(1, "newer")).await;
        assert_eq!(next.path().last(), Some(&"Success"), "{older:?}: {:?}", next.errors());
    }
}

/// Without the lock, the stack may be the next deploy's. It has no resources.
#[tokio::test]
async fn empty_stack_is_left_to_the_next_deploy_without_the_lock() {
    let (harness, sent) = (Older::Creates.harness().await, with_table(4, "older"));
    let name = start_until(&harness, &sent, hang("UpdateChangeSet", 0, FaultKind::DelaySeconds(60))).await;
    unlock(&harness, &sent).await;
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureClean"), "{:?}", run.errors());
    let [left] = &stacks(&harness)[..] else { panic!("one stack") };
    assert_eq!((&left.status, left.resources.len()), (&StackStatus::ReviewInProgress, 0));
    assert!(left.change_sets.is_empty());
    let next = deploy(&harness, &with_table(1, "newer")).await;
    assert_eq!(next.path().last(), Some(&"Success"), "{:?}", next.errors());
}

/// The executions that cancel an update from now on.
fn watch_cancellations(harness: &TestHarness<Fenrir>) -> Arc<Mutex<Vec<String>>> {
    let executions = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&executions);
    harness.store().watch(Box::new(move |record, _, _| {
        let name = &record.call.name;
        if name.operation == "cloudformation:CancelUpdateStack" {
            seen.lock().unwrap().push(name.attempt.execution.clone().unwrap_or_default());
        }
    }));
    executions
}

/// The older deploy has exceeded its timeout, too.
#[tokio::test]
async fn halt_cancels_only_the_update_of_the_deploy_that_holds_the_lock() {
    let slow = (format!("{REGION}/behaviour/newer"), json!({ "seconds": 1200 }));
    let harness = new_harness(&[(&slow.0, slow.1)]);
    deploy(&harness, &release(6, &[])).await;
    let sent = with_table(4, "older");
    let older = start_until(&harness, &sent, hang("UpdateStack", 0, FaultKind::DelaySeconds(HANG))).await;
    harness.abort(&older).await.unwrap();
    harness.store().transact(|local_state| local_state.faults.clear()).unwrap();
    unlock(&harness, &sent).await;
    harness.advance(TimeDelta::seconds(i64::from(HANG) / 2)).unwrap();

    let sent = with_table(1, "newer");
    harness.upload(&sent, &[]).await.unwrap();
    let newer = harness.start(&sent).await.unwrap();
    harness.run_until(|| entered(&harness, &newer, "WaitForComplete")).await.unwrap();
    let envelope = read(&harness, &sent).envelope;
    let objects = harness.cloud().account().objects;
    request_halt(objects.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong version").await.unwrap();
    let cancelled_by = watch_cancellations(&harness);
    let is_updating = || stacks(&harness)[0].status == StackStatus::UpdateInProgress;
    assert!(is_updating());
    let late = payload(&harness.execution(&older).await.unwrap(), "UpdateStack");
    assert_eq!(harness.invoke(late).await.unwrap_err().error, "LockError");
    assert!(is_updating());

    harness.redrive(&older).unwrap();
    harness.run().await.unwrap();
    let [older, newer] = [harness.execution(&older).await.unwrap(), harness.execution(&newer).await.unwrap()];
    assert_eq!(older.path().last(), Some(&"FailureDirty"), "{:?}", older.errors());
    assert_eq!(newer.path().last(), Some(&"FailureClean"), "{:?}", newer.errors());
    assert_eq!(*cancelled_by.lock().unwrap(), [newer.execution.arn]);
}

/// Takes the lock away while an execution is in a state, runs it to its end, and checks that it reports the loss.
async fn assert_loss_is_reported(harness: &TestHarness<Fenrir>, name: &str, sent: &Value, state: &str) {
    assert!(entered(harness, name, state), "{:?}", harness.execution(name).await.unwrap().path());
    unlock(harness, sent).await;
    harness.run().await.unwrap();
    let run = harness.execution(name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureDirty"), "{state}");
    assert_eq!(run.errors().pop().unwrap().code.as_deref(), Some("lock/lost"), "{state}");
}

/// The advice is to unlock only if the deploy holds the lock.
#[tokio::test]
async fn lost_lock_is_reported_after_a_failed_rollback() {
    let harness = new_harness(&[
        (&format!("{REGION}/behaviour/older"), json!({ "fails": "create" })),
        (&format!("{REGION}/behaviour/table"), json!({ "fails": "rollback" })),
    ]);
    deploy(&harness, &release(6, &[])).await;
    let kind = "AWS::Serverless::SimpleTable";
    let throughput = json!({ "ReadCapacityUnits": 2, "WriteCapacityUnits": 2 });
    let changed = json!({ "Type": kind, "Properties": { "ProvisionedThroughput": throughput } });
    let later = json!({ "Type": kind, "DependsOn": "table" });
    let sent = release(4, &[("/template/Resources/table", changed), ("/template/Resources/older", later)]);
    let name = start_until(&harness, &sent, hang("ReleaseLock", 0, FaultKind::DelaySeconds(60))).await;
    assert_eq!(stacks(&harness)[0].status, StackStatus::UpdateRollbackFailed);
    assert_loss_is_reported(&harness, &name, &sent, "ReleaseLock").await;
}

#[tokio::test]
async fn lost_lock_is_reported_if_the_stack_is_not_restored() {
    let (harness, sent) = (Older::Updates.harness().await, with_table(4, "older"));
    let name = start_until(&harness, &sent, hang("UpdateStack", 0, FaultKind::DelaySeconds(60))).await;
    let delete_stack = |local_state: &mut LocalState<FenrirAccount>| {
        let accounts = local_state.accounts.values_mut();
        accounts.flat_map(|account| account.resources.regions.values_mut()).for_each(|region| region.stacks.clear());
        local_state.faults.push(hang("CleanUp", 0, FaultKind::DelaySeconds(60)));
    };
    harness.store().transact(delete_stack).unwrap();
    harness.run_until(|| entered(&harness, &name, "CleanUp")).await.unwrap();
    assert_loss_is_reported(&harness, &name, &sent, "CleanUp").await;
}
