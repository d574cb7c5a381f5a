//! Contract §4: who may deploy now, and what is given back.

use crate::board::{BoardDeployer, context, harness, harness_with, lock_holder, owned};
use bifrost::TaskError;
use bifrost::cloud::Encryption;
use bifrost::error_code::Coded;
use bifrost::lock::{LockFailure, give_back, take};
use bifrost::testing::TestHarness;
use serde_json::json;

const ROOT: &str = "222222222222/acme/shop/development";

async fn put(harness: &TestHarness<BoardDeployer>, name: &str, body: &str) {
    let release = owned("any", 9);
    let dir = release.envelope.root_dir();
    let key = match name {
        "user-lock" => dir.freeze(),
        "lock" => dir.lock(),
        other => panic!("no lock is called {other}"),
    };
    harness
        .cloud()
        .account()
        .objects
        .put(&release.envelope.bucket, &key, body.into(), Encryption::Bucket)
        .await
        .unwrap();
}

fn objects(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    let account = "000000000000".parse().unwrap();
    let bucket = "coinbase-board-000000000000".parse().unwrap();
    let keys =
        harness.store().read(|state| state.accounts[&account].buckets[&bucket].objects.keys().cloned().collect());
    keys.unwrap()
}

#[tokio::test]
async fn lock_held_by_another_names_the_holder() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    let refused = take(&context(&harness), &owned("second", 2).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    assert_eq!(refused.code(), "lock/held");
    let message = refused.to_string();
    for part in [
        "release-1-first",
        "2026-03-01T12:00:00Z",
        "arn:execution",
        "board unlock acme/shop development --account 222222222222",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(lock_holder(&harness).unwrap(), "00000000-0000-0000-0000-000000000001");
}

#[tokio::test]
async fn lock_of_an_earlier_attempt_counts_as_taken() {
    let (harness, release) = (harness(), owned("first", 1));
    take(&context(&harness), &release.envelope).await.unwrap();
    take(&context(&harness), &release.envelope).await.unwrap();
}

#[tokio::test]
async fn release_is_deployed_once_even_after_unlock() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    let refused = take(&context(&harness), &owned("first", 2).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    assert_eq!(refused.code(), "lock/release-deployed");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn freeze_is_refused_with_user_and_reason() {
    let harness = harness();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "audit until Friday"}"#).await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    assert_eq!(refused.code(), "freeze/active");
    let message = refused.to_string();
    for part in ["ann: audit until Friday", "board unfreeze acme/shop development --account 222222222222"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(objects(&harness), [format!("{ROOT}/user-lock")]);
}

#[tokio::test]
async fn empty_freeze_is_ignored_and_unreadable_one_counts() {
    let harness = harness();
    put(&harness, "user-lock", "{}").await;
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    put(&harness, "user-lock", "stop!").await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(refused.code(), "freeze/active");
}

#[tokio::test]
async fn freeze_between_attempts_gives_the_lock_back() {
    let (harness, release) = (harness(), owned("first", 1));
    take(&context(&harness), &release.envelope).await.unwrap();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    let refused = take(&context(&harness), &release.envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn lock_object_of_go_deployers_is_respected() {
    let harness = harness();
    put(&harness, "lock", r#"{"uuid": "a Go deployer"}"#).await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(refused.code(), "lock/held");
    assert!(refused.to_string().contains("a Go deployer"), "{refused}");

    put(&harness, "lock", r#"{"uuid": "00000000-0000-0000-0000-000000000001"}"#).await;
    take(&context(&harness), &owned("second", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("second", 1).envelope).await.unwrap();
    assert!(!objects(&harness).contains(&format!("{ROOT}/lock")));
}

#[tokio::test]
async fn unlock_keeps_the_lock_of_another() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("second", 2).envelope).await.unwrap();
    assert_eq!(lock_holder(&harness).unwrap(), "00000000-0000-0000-0000-000000000001");
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn lock_is_unknown_if_aws_does_not_answer() {
    for operation in ["dynamodb:PutItem", "s3:PutObject", "s3:GetObject"] {
        let harness = harness_with(&json!([{"operation": operation, "kind": {"error": "InternalError"}}]));
        let unknown = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
        assert!(matches!(unknown, LockFailure::Lock(_)), "{operation}: {unknown}");
        assert_eq!(unknown.name(), "LockError");
    }
}

#[tokio::test]
async fn lock_is_unknown_if_it_cannot_be_given_back() {
    let harness = harness_with(&json!([{"operation": "dynamodb:DeleteItem", "kind": {"error": "InternalError"}}]));
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    let unknown = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(unknown.name(), "LockError");
}

#[tokio::test]
async fn lost_answer_of_a_write_counts_at_the_retry() {
    let harness =
        harness_with(&json!([{"operation": "dynamodb:PutItem", "times": 1, "kind": {"error_after": "InternalError"}}]));
    let release = owned("first", 1);
    take(&context(&harness), &release.envelope).await.unwrap_err();
    take(&context(&harness), &release.envelope).await.unwrap();
}
