//! The end of a deploy: what is removed, and what a second attempt finds.

use crate::board::{
    BoardDeployer, Chart, Note, context, context_of, harness, harness_with, lock_holder, lock_table, notes, owned,
    payload,
};
use crate::probe::probe;
use async_trait::async_trait;
use bifrost::cloud::{
    CloudError, DeployedItem, EndedItem, GiveBack, GivenBack, LockItem, LockTable, LockTaken, TakeLock,
};
use bifrost::lifecycle::lock;
use bifrost::machine;
use bifrost::release::{ObjectKey, Release, RootDir};
use bifrost::testing::TestHarness;
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

async fn locked() -> TestHarness<BoardDeployer> {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    harness
}

#[tokio::test]
async fn success_is_set_and_the_error_is_cleared() {
    let harness = locked().await;
    let mut release = owned("first", 1);
    release.envelope.error = serde_json::from_value(json!({"Error": "HaltError", "Cause": "too late"})).unwrap();
    let output = harness.invoke(payload("Unlock", &release)).await.unwrap();
    assert_eq!(output["success"], true);
    assert!(output.get("error").is_none());
}

#[tokio::test]
async fn failure_is_set_and_the_error_is_kept() {
    let harness = locked().await;
    let mut release = owned("first", 1);
    release.envelope.error = serde_json::from_value(json!({"Error": "PinError", "Cause": "no pins"})).unwrap();
    let output = harness.invoke(payload("UnlockFailure", &release)).await.unwrap();
    assert_eq!((&output["success"], &output["error"]["Error"]), (&json!(false), &json!("PinError")));
}

#[tokio::test]
async fn second_attempt_changes_nothing_and_has_the_same_output() {
    for task in ["Unlock", "UnlockFailure"] {
        let (harness, release) = (locked().await, owned("first", 1));
        let first = harness.invoke(payload(task, &release)).await.unwrap();
        lock(&context_of(&harness, "arn:second"), owned("second", 2)).await.unwrap();
        let before = lock_table(&harness, Clone::clone);
        assert_eq!(harness.invoke(payload(task, &release)).await.unwrap(), first, "{task}");
        assert_eq!(lock_table(&harness, Clone::clone), before, "{task}");
    }
}

#[tokio::test]
async fn second_attempt_waits_for_a_slow_lock_table() {
    let slow = json!({"operation": "dynamodb:GetItem", "state": "Unlock", "skip": 1, "kind": {"delay_seconds": 5}});
    let (harness, release) = (harness_with(&json!([slow])), owned("first", 1));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let first = harness.invoke(payload("Unlock", &release)).await.unwrap();
    // The handler has returned long before the lock is read.
    assert_eq!(harness.invoke(payload("Unlock", &release)).await.unwrap(), first);
}

#[tokio::test]
async fn second_attempt_does_not_run_the_handler() {
    let (harness, release) = (locked().await, owned("first", 1));
    harness.invoke(payload("UnlockFailure", &release)).await.unwrap();
    let output = probe(&harness, "Pinned", &release).await.unwrap();
    // The deploy had failed, whatever this task would have made of it.
    assert_eq!(output["success"], false);
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[tokio::test]
async fn lost_answer_of_the_end_counts_at_the_retry() {
    let harness = harness_with(&json!([
        {"operation": "dynamodb:TransactWriteItems", "state": "Unlock", "times": 1, "kind": {"error_after": "InternalError"}}
    ]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    assert_eq!(harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap_err().error, "LockError");
    let output = harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap();
    assert_eq!(output["success"], true);
}

#[tokio::test]
async fn success_needs_the_lock() {
    let harness = harness();
    let refused = harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap_err();
    assert_eq!(refused.error, "LockError");
    assert!(lock_table(&harness, |table| table.deployed.is_empty() && table.ended.is_empty()));
}

/// A lock table in which another execution takes the lock between the first call of an attempt and its last.
struct Stolen(Arc<dyn LockTable>);

#[async_trait]
impl LockTable for Stolen {
    async fn take(&self, lock: &TakeLock) -> Result<LockTaken, CloudError> {
        self.0.take(lock).await
    }

    async fn give_back(&self, lock: &GiveBack) -> Result<GivenBack, CloudError> {
        let thief = owned("second", 2);
        let unlocked = GiveBack { deployed: None, ..lock.clone() };
        self.0.give_back(&unlocked).await?;
        let holder = LockItem { id: "another".into(), ..item(&thief) };
        self.0
            .take(&TakeLock { item: holder, dir: thief.envelope.root_dir(), created_at: thief.envelope.created_at })
            .await?;
        self.0.give_back(lock).await
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        self.0.get(key).await
    }

    async fn ended(&self, owner: Uuid) -> Result<Option<EndedItem>, CloudError> {
        self.0.ended(owner).await
    }

    async fn deployed(&self, dir: &RootDir) -> Result<Option<DeployedItem>, CloudError> {
        self.0.deployed(dir).await
    }

    async fn all_deployed(&self) -> Result<Vec<Result<DeployedItem, CloudError>>, CloudError> {
        self.0.all_deployed().await
    }
}

fn item(release: &Release<Note>) -> LockItem {
    LockItem {
        key: release.envelope.root_dir().lock().to_string(),
        id: String::new(),
        time: release.envelope.created_at,
        execution: None,
        release_id: Some(release.envelope.release_id.to_string()),
        started_by: None,
    }
}

#[tokio::test]
async fn lock_lost_during_the_last_task_is_not_a_success() {
    for (task, is_ok) in [("Unlock", false), ("UnlockFailure", true)] {
        let harness = locked().await;
        let outcome = machine::dispatch::<Chart>(payload(task, &owned("first", 1)), |attempt, sent| {
            let mut context = harness.context(attempt, sent);
            context.account.locks = Arc::new(Stolen(Arc::clone(&context.account.locks)));
            context
        });
        let outcome = outcome.await;
        assert_eq!(outcome.is_ok(), is_ok, "{task}");
        if let Err(lost) = outcome {
            assert!(lost.error == "LockError" && lost.message.starts_with("[lock/lost] "), "{lost}");
            assert!(lost.message.contains("release-1-second"), "{lost}");
        }
        assert_eq!(lock_holder(&harness).as_deref(), Some("another"));
        assert!(lock_table(&harness, |table| table.deployed.is_empty()));
    }
}

#[tokio::test]
async fn failure_without_the_lock_names_the_lock() {
    let (harness, release) = (harness(), owned("first", 1));
    assert_eq!(probe(&harness, "Unready", &release).await.unwrap_err().error, "LockError");
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    assert_eq!(probe(&harness, "Unready", &release).await.unwrap_err().error, "PinError");
}

#[tokio::test]
async fn end_that_differs_from_the_chart_is_refused() {
    let (harness, release) = (locked().await, owned("first", 1));
    for task in ["KeepAtTheEnd", "SucceedAtTheEnd", "FailAtTheEnd"] {
        let refused = probe(&harness, task, &release).await.unwrap_err();
        assert!(
            refused.error == "LockError" && refused.message.starts_with("[lock/end-differs] "),
            "{task}: {refused}"
        );
    }
    assert!(lock_holder(&harness).is_some());
    assert!(lock_table(&harness, |table| table.deployed.is_empty() && table.ended.is_empty()));
}

#[tokio::test]
async fn success_does_not_become_a_failure_later() {
    let (harness, release) = (locked().await, owned("first", 1));
    harness.invoke(payload("Unlock", &release)).await.unwrap();
    let late = harness.invoke(payload("UnlockFailure", &release)).await.unwrap_err();
    assert!(late.error == "LockError" && late.message.starts_with("[lock/given-back] "), "{late}");
    assert!(late.message.contains("board status acme/shop development"), "{late}");
}

#[tokio::test]
async fn lock_is_kept_while_something_is_left() {
    let (harness, release) = (locked().await, owned("first", 1));
    let output = probe(&harness, "Keep", &release).await.unwrap();
    assert_eq!((&output["success"], &output["error"]["Error"]), (&json!(false), &json!("PinError")));
    assert!(lock_holder(&harness).is_some());
    probe(&harness, "Fail", &release).await.unwrap();
    assert_eq!(lock_holder(&harness), None);
}
