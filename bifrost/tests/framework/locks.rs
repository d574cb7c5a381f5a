//! Contract §4: which release may be deployed now.

use crate::board::{
    BoardDeployer, EXECUTION, Note, context, context_of, harness, harness_with, lock_holder, lock_table, owned, payload,
};
use bifrost::TaskError;
use bifrost::cloud::{DeployedItem, Encryption, EndedBy, EndedItem};
use bifrost::error_code::Coded;
use bifrost::lifecycle::{LockConflict, LockFailure, lock};
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use serde_json::json;

const ROOT: &str = "222222222222/acme/shop/development";
const FIRST: &str = "00000000-0000-0000-0000-000000000001";

async fn put(harness: &TestHarness<BoardDeployer>, name: &str, body: &str) {
    let release = owned("any", 9);
    let dir = release.envelope.root_dir();
    let key = match name {
        "user-lock" => dir.freeze(),
        "lock" => dir.lock(),
        other => panic!("no lock is called {other}"),
    };
    let objects = harness.cloud().account().objects;
    objects.put(&release.envelope.bucket, &key, body.into(), Encryption::Bucket).await.unwrap();
}

fn objects(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    let account = "000000000000".parse().unwrap();
    let bucket = "coinbase-board-000000000000".parse().unwrap();
    let keys =
        harness.store().read(|state| state.accounts[&account].buckets[&bucket].objects.keys().cloned().collect());
    keys.unwrap()
}

async fn take(harness: &TestHarness<BoardDeployer>, release: Release<Note>) -> Result<(), LockFailure> {
    lock(&context(harness), release).await.map(drop)
}

async fn refused(harness: &TestHarness<BoardDeployer>, release: Release<Note>) -> LockFailure {
    let refused = take(harness, release).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError", "{refused}");
    refused
}

/// Ends the deploy of a release as the state machine does.
async fn end(harness: &TestHarness<BoardDeployer>, task: &str, release: &Release<Note>) {
    harness.invoke(payload(task, release)).await.unwrap();
}

fn ended(harness: &TestHarness<BoardDeployer>, owner: &str) -> Option<EndedItem> {
    lock_table(harness, |table| table.ended.get(&EndedItem::key(owner)).cloned())
}

fn deployed(harness: &TestHarness<BoardDeployer>) -> Option<DeployedItem> {
    lock_table(harness, |table| table.deployed.values().next().cloned())
}

fn created_later(mut release: Release<Note>, milliseconds: i64) -> Release<Note> {
    release.envelope.created_at += chrono::TimeDelta::milliseconds(milliseconds);
    release
}

#[tokio::test]
async fn lock_held_by_another_names_the_holder() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    let refused = refused(&harness, owned("second", 2)).await;
    assert_eq!(refused.code(), "lock/held");
    let message = refused.to_string();
    for part in [
        "release-1-first",
        "2026-03-01T12:00:00Z",
        EXECUTION,
        "board unlock acme/shop development --account 222222222222",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!message.contains("--bucket"), "it is the default: {message}");
    assert_eq!(lock_holder(&harness).unwrap(), FIRST);
}

#[tokio::test]
async fn lock_of_an_earlier_attempt_counts_as_taken() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    take(&harness, owned("first", 1)).await.unwrap();
    assert_eq!(lock_holder(&harness).unwrap(), FIRST);
}

#[tokio::test]
async fn release_is_deployed_once_even_after_its_end() {
    for (task, created) in [("Unlock", "Success"), ("UnlockFailure", "FailureClean")] {
        let (harness, first) = (harness(), owned("first", 1));
        take(&harness, owned("first", 1)).await.unwrap();
        end(&harness, task, &first).await;
        let refused = refused(&harness, owned("first", 2)).await;
        assert_eq!(refused.code(), "lock/release-deployed", "{created}");
        assert_eq!(lock_holder(&harness), None);
    }
}

#[tokio::test]
async fn freeze_is_refused_with_user_and_reason() {
    let harness = harness();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "audit until Friday"}"#).await;
    let refused = refused(&harness, owned("first", 1)).await;
    assert_eq!(refused.code(), "freeze/active");
    let message = refused.to_string();
    for part in ["ann: audit until Friday", "board unfreeze acme/shop development --account 222222222222"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn release_refused_by_a_freeze_is_spent() {
    let harness = harness();
    put(&harness, "user-lock", r#"{"user": "ann"}"#).await;
    refused(&harness, owned("first", 1)).await;
    assert!(objects(&harness).contains(&format!("{ROOT}/release-1-first/lock")));
    put(&harness, "user-lock", "{}").await;
    // Another execution with the same release, under another name.
    assert_eq!(refused(&harness, owned("first", 2)).await.code(), "lock/release-deployed");
    // The execution that was refused, again.
    assert_eq!(refused(&harness, owned("first", 1)).await.code(), "lock/ended");
    take(&harness, owned("second", 3)).await.unwrap();
}

#[tokio::test]
async fn release_refused_by_a_held_lock_is_spent() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    refused(&harness, owned("second", 2)).await;
    end(&harness, "Unlock", &owned("first", 1)).await;
    assert_eq!(refused(&harness, owned("second", 3)).await.code(), "lock/release-deployed");
    assert_eq!(refused(&harness, owned("second", 2)).await.code(), "lock/ended");
}

#[tokio::test]
async fn empty_freeze_is_ignored_and_unreadable_one_counts() {
    let harness = harness();
    put(&harness, "user-lock", "{}").await;
    take(&harness, owned("first", 1)).await.unwrap();
    for content in ["stop!", &" ".repeat(65 * 1024)] {
        put(&harness, "user-lock", content).await;
        assert_eq!(refused(&harness, owned("first", 1)).await.code(), "freeze/active");
    }
}

#[tokio::test]
async fn freeze_between_attempts_gives_the_lock_back() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    refused(&harness, owned("first", 1)).await;
    assert_eq!(lock_holder(&harness), None);
    let ended = ended(&harness, FIRST).unwrap();
    assert_eq!((ended.by, ended.success), (EndedBy::Execution, false));
}

#[tokio::test]
async fn lock_object_of_go_deployers_is_respected() {
    let harness = harness();
    put(&harness, "lock", r#"{"uuid": "a Go deployer"}"#).await;
    let held = refused(&harness, owned("first", 1)).await;
    assert_eq!(held.code(), "lock/held");
    assert!(held.to_string().contains("a Go deployer"), "{held}");
    assert!(objects(&harness).contains(&format!("{ROOT}/lock")), "it is not ours");

    // A Go function began this execution.
    put(&harness, "lock", r#"{"uuid": "00000000-0000-0000-0000-000000000003"}"#).await;
    refused(&harness, owned("second", 2)).await;
    take(&harness, owned("third", 3)).await.unwrap();
    end(&harness, "Unlock", &owned("third", 3)).await;
    assert!(!objects(&harness).contains(&format!("{ROOT}/lock")));
}

#[tokio::test]
async fn unreadable_lock_object_belongs_to_another() {
    for content in ["a lock", &format!(r#"{{"uuid": "{FIRST}", "more": "{}"}}"#, " ".repeat(5000))] {
        let harness = harness();
        put(&harness, "lock", content).await;
        assert_eq!(refused(&harness, owned("first", 1)).await.code(), "lock/held");
        assert!(objects(&harness).contains(&format!("{ROOT}/lock")));
    }
}

#[tokio::test]
async fn lock_object_of_4_kibibytes_is_read() {
    let harness = harness();
    let lock = format!(r#"{{"uuid": "{FIRST}"}}"#);
    put(&harness, "lock", &format!("{lock}{}", " ".repeat(4096 - lock.len()))).await;
    take(&harness, owned("first", 1)).await.unwrap();
}

#[tokio::test]
async fn lock_of_another_is_not_given_back() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    end(&harness, "UnlockFailure", &owned("second", 2)).await;
    assert_eq!(lock_holder(&harness).unwrap(), FIRST);
    end(&harness, "UnlockFailure", &owned("first", 1)).await;
    end(&harness, "UnlockFailure", &owned("first", 1)).await;
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn lock_that_arrives_after_the_end_is_refused() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    end(&harness, "UnlockFailure", &owned("first", 1)).await;
    let late = refused(&harness, owned("first", 1)).await;
    assert!(matches!(late, LockFailure::LockExists(LockConflict::Ended { .. })), "{late}");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn success_records_what_is_deployed() {
    let harness = harness();
    let mut first = owned("first", 1);
    first.envelope.metadata.insert("started_by".into(), "ada".into());
    take(&harness, owned("first", 1)).await.unwrap();
    assert_eq!(deployed(&harness), None);
    end(&harness, "Unlock", &first).await;
    let item = deployed(&harness).unwrap();
    assert_eq!(item.key, format!("deployed/{ROOT}"));
    assert_eq!(item.release_id.as_str(), "release-1-first");
    assert_eq!(item.created_at_ms, first.envelope.created_at.timestamp_millis());
    assert_eq!((item.execution.as_deref(), item.deployer.as_str()), (Some(EXECUTION), "coinbase-board"));
    assert_eq!((item.started_by.as_deref(), item.time.to_rfc3339()), (Some("ada"), "2026-03-01T12:00:00+00:00".into()));
    let ended = ended(&harness, FIRST).unwrap();
    assert_eq!((ended.by, ended.success), (EndedBy::Execution, true));
    assert_eq!(ended.expires_at - ended.time.timestamp(), 30 * 24 * 3600);
}

#[tokio::test]
async fn failure_keeps_what_is_deployed() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    end(&harness, "Unlock", &owned("first", 1)).await;
    let before = deployed(&harness);
    take(&harness, owned("second", 2)).await.unwrap();
    end(&harness, "UnlockFailure", &owned("second", 2)).await;
    assert_eq!(deployed(&harness), before);
}

#[tokio::test]
async fn older_release_is_refused_by_lock() {
    let harness = harness();
    take(&harness, owned("first", 1)).await.unwrap();
    end(&harness, "Unlock", &owned("first", 1)).await;
    let older = refused(&harness, created_later(owned("older", 2), -300_001)).await;
    assert_eq!(older.code(), "release/older-than-deployed");
    assert!(older.to_string().contains("release-1-first"), "{older}");
    assert_eq!(lock_holder(&harness), None);
    take(&harness, created_later(owned("as-old", 3), -300_000)).await.unwrap();
}

#[tokio::test]
async fn lock_is_unknown_if_aws_does_not_answer() {
    for operation in ["dynamodb:TransactWriteItems", "s3:PutObject", "s3:GetObject"] {
        let harness = harness_with(&json!([{"operation": operation, "kind": {"error": "InternalError"}}]));
        let unknown = take(&harness, owned("first", 1)).await.unwrap_err();
        assert!(matches!(unknown, LockFailure::Lock(_)), "{operation}: {unknown}");
        assert_eq!(unknown.name(), "LockError");
    }
}

#[tokio::test]
async fn lock_is_unknown_if_it_cannot_be_given_back() {
    let harness =
        harness_with(&json!([{"operation": "dynamodb:TransactWriteItems", "kind": {"error": "InternalError"}}]));
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    assert_eq!(take(&harness, owned("first", 1)).await.unwrap_err().name(), "LockError");
}

#[tokio::test]
async fn release_without_an_owner_is_not_locked() {
    let (harness, mut release) = (harness(), owned("first", 1));
    release.envelope.uuid = None;
    assert_eq!(take(&harness, release).await.unwrap_err().code(), "lock/no-owner");
}

#[tokio::test]
async fn lost_answer_of_a_write_counts_at_the_retry() {
    let harness = harness_with(
        &json!([{"operation": "dynamodb:TransactWriteItems", "times": 1, "kind": {"error_after": "InternalError"}}]),
    );
    take(&harness, owned("first", 1)).await.unwrap_err();
    take(&harness, owned("first", 1)).await.unwrap();
}

#[tokio::test]
async fn lock_records_its_execution() {
    let harness = harness();
    lock(&context_of(&harness, "arn:other"), owned("first", 1)).await.unwrap();
    let item = lock_table(&harness, |table| table.locks.values().next().cloned()).unwrap();
    assert_eq!(item.execution.as_deref(), Some("arn:other"));
    assert_eq!(item.release_id.as_deref(), Some("release-1-first"));
}
