//! Contract §4: who may deploy now, and what is given back.

use crate::board::{BoardDeployer, context, harness, lab_with, lock_holder, owned};
use bifrost::TaskError;
use bifrost::cloud::Encryption;
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
async fn the_first_takes_the_locks_and_the_second_is_told_who_has_them() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    let refused = take(&context(&harness), &owned("second", 2).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    insta::assert_snapshot!(refused, @"acme/shop development in account 222222222222 is locked by release release-1-first since 2026-03-01T12:00:00Z (execution arn:execution); if that deploy is over and failed to unlock: board unlock acme/shop development --account 222222222222");
    assert_eq!(lock_holder(&harness).unwrap(), "00000000-0000-0000-0000-000000000001");
}

#[tokio::test]
async fn what_an_earlier_attempt_took_counts_as_taken() {
    let (harness, release) = (harness(), owned("first", 1));
    take(&context(&harness), &release.envelope).await.unwrap();
    take(&context(&harness), &release.envelope).await.unwrap();
}

#[tokio::test]
async fn a_release_is_deployed_at_most_once_even_after_its_lock_was_given_back() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    let refused = take(&context(&harness), &owned("first", 2).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    insta::assert_snapshot!(refused, @"release release-1-first was deployed before: a release is deployed at most once, so make a new one");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn a_freeze_names_the_person_and_the_reason_and_spends_nothing() {
    let harness = harness();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "audit until Friday"}"#).await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    insta::assert_snapshot!(refused, @"acme/shop development in account 222222222222 is frozen by ann: audit until Friday; to lift it: board unlock acme/shop development --account 222222222222");
    assert_eq!(objects(&harness), [format!("{ROOT}/user-lock")]);
}

#[tokio::test]
async fn an_empty_freeze_is_none_and_an_unreadable_one_is_one() {
    let harness = harness();
    put(&harness, "user-lock", "{}").await;
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    put(&harness, "user-lock", "stop!").await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert!(refused.to_string().contains("the user lock is not JSON"), "{refused}");
}

#[tokio::test]
async fn a_freeze_between_two_attempts_gives_back_what_the_first_took() {
    let (harness, release) = (harness(), owned("first", 1));
    take(&context(&harness), &release.envelope).await.unwrap();
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    let refused = take(&context(&harness), &release.envelope).await.unwrap_err();
    assert_eq!(refused.name(), "LockExistsError");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn a_lock_of_the_originals_is_respected_unless_it_is_our_own() {
    let harness = harness();
    put(&harness, "lock", r#"{"uuid": "an original"}"#).await;
    let refused = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert!(refused.to_string().contains("locked by owner an original"), "{refused}");

    put(&harness, "lock", r#"{"uuid": "00000000-0000-0000-0000-000000000001"}"#).await;
    take(&context(&harness), &owned("second", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("second", 1).envelope).await.unwrap();
    assert!(!objects(&harness).contains(&format!("{ROOT}/lock")));
}

#[tokio::test]
async fn giving_back_leaves_anothers_lock_alone_and_succeeds() {
    let harness = harness();
    take(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("second", 2).envelope).await.unwrap();
    assert_eq!(lock_holder(&harness).unwrap(), "00000000-0000-0000-0000-000000000001");
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    give_back(&context(&harness), &owned("first", 1).envelope).await.unwrap();
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn a_store_that_does_not_answer_leaves_the_lock_unknown() {
    for operation in ["dynamodb:PutItem", "s3:PutObject", "s3:GetObject"] {
        let harness = lab_with(&json!([{"operation": operation, "kind": {"error": "InternalError"}}]));
        let unknown = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
        assert!(matches!(unknown, LockFailure::Lock(_)), "{operation}: {unknown}");
        assert_eq!(unknown.name(), "LockError");
    }
}

#[tokio::test]
async fn a_refusal_that_cannot_give_back_is_not_known() {
    let harness = lab_with(&json!([{"operation": "dynamodb:DeleteItem", "kind": {"error": "InternalError"}}]));
    put(&harness, "user-lock", r#"{"user": "ann", "lock_reason": "fire"}"#).await;
    let unknown = take(&context(&harness), &owned("first", 1).envelope).await.unwrap_err();
    assert_eq!(unknown.name(), "LockError");
}

#[tokio::test]
async fn a_write_that_took_effect_before_its_error_counts_at_the_next_attempt() {
    let harness =
        lab_with(&json!([{"operation": "dynamodb:PutItem", "times": 1, "kind": {"error_after": "InternalError"}}]));
    let release = owned("first", 1);
    take(&context(&harness), &release.envelope).await.unwrap_err();
    take(&context(&harness), &release.envelope).await.unwrap();
}
