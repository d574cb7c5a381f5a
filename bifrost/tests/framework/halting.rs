//! The halt flag and the timeout.

use crate::board::{BoardDeployer, Note, context, harness, harness_with, lock_holder, notes, owned, payload, release};
use crate::probe::probe;
use bifrost::lifecycle::{Halt, HaltCheckError, lock, request_halt};
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use chrono::TimeDelta;
use serde_json::json;

const FLAG: &str = "222222222222/acme/shop/development/halt";

async fn halt(harness: &TestHarness<BoardDeployer>, reason: &str) {
    let (objects, Release { envelope, .. }) = (harness.cloud().account().objects, owned("any", 9));
    request_halt(objects.as_ref(), &envelope.bucket, &envelope.root_dir(), reason).await.unwrap();
}

fn has_flag(harness: &TestHarness<BoardDeployer>) -> bool {
    let (account, bucket) = ("000000000000".parse().unwrap(), "coinbase-board-000000000000".parse().unwrap());
    harness.store().read(|state| state.accounts[&account].buckets[&bucket].objects.contains_key(FLAG)).unwrap()
}

fn advance(harness: &TestHarness<BoardDeployer>, time: TimeDelta) {
    harness.store().transact(|state| state.clock += time).unwrap();
}

async fn asked(harness: &TestHarness<BoardDeployer>, release: &Release<Note>) -> Result<(), HaltCheckError> {
    context(harness).halt(&release.envelope).await
}

#[tokio::test]
async fn halt_stops_the_deploy() {
    let (harness, release) = (harness(), owned("first", 1));
    asked(&harness, &release).await.unwrap();
    halt(&harness, "wrong image").await;
    let halted = asked(&harness, &release).await.unwrap_err();
    assert!(matches!(halted, HaltCheckError::Halt(Halt::Requested(reason)) if reason == "wrong image"));
}

#[tokio::test]
async fn attempt_asks_s3_once() {
    let (harness, release) = (harness(), owned("first", 1));
    let context = context(&harness);
    context.halt(&release.envelope).await.unwrap();
    halt(&harness, "later").await;
    context.halt(&release.envelope).await.unwrap();
}

#[tokio::test]
async fn halt_of_six_minutes_ago_is_ignored() {
    let (harness, release) = (harness(), owned("first", 1));
    halt(&harness, "earlier").await;
    advance(&harness, TimeDelta::minutes(6));
    asked(&harness, &release).await.unwrap();
}

#[tokio::test]
async fn flag_that_is_too_large_halts() {
    let (harness, release) = (harness(), owned("first", 1));
    let reason = "x".repeat(64 * 1024);
    halt(&harness, &reason).await;
    let halted = asked(&harness, &release).await.unwrap_err();
    assert!(matches!(halted, HaltCheckError::Halt(Halt::Requested(found)) if found.starts_with("xxx")));
    halt(&harness, &"x".repeat(65 * 1024)).await;
    let halted = asked(&harness, &release).await.unwrap_err();
    assert!(matches!(halted, HaltCheckError::Halt(Halt::Requested(_))), "{halted}");
}

#[tokio::test]
async fn deploy_past_its_timeout_stops() {
    let (harness, mut release) = (harness(), owned("first", 1));
    release.envelope.started_at = Some(context(&harness).now());
    advance(&harness, TimeDelta::seconds(3600));
    asked(&harness, &release).await.unwrap();
    advance(&harness, TimeDelta::seconds(1));
    let late = asked(&harness, &release).await.unwrap_err();
    assert!(matches!(late, HaltCheckError::Halt(Halt::TimedOut { timeout: 3600, .. })), "{late}");
}

#[tokio::test]
async fn task_that_looks_for_halt_raises_halt_error() {
    let (harness, release) = (harness(), owned("first", 1));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    let halted = harness.invoke(payload("Look", &release)).await.unwrap_err();
    assert_eq!(halted.error, "HaltError");
    assert!(halted.message.starts_with("[halt/requested] ") && halted.message.contains("wrong image"), "{halted}");
}

#[tokio::test]
async fn unknown_halt_is_not_a_halt() {
    let harness = harness_with(&json!([{"operation": "s3:GetObject", "state": "Look", "kind": {"error": "SlowDown"}}]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let unknown = harness.invoke(payload("Look", &owned("first", 1))).await.unwrap_err();
    assert_eq!(unknown.error, "HealthError");
    assert!(unknown.message.starts_with("[aws/throttled] "), "{unknown}");
}

#[tokio::test]
async fn task_that_does_not_look_ignores_the_halt() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    harness.invoke(payload("Pin", &owned("first", 1))).await.unwrap();
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn change_waits_for_the_halt() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    let halted = probe(&harness, "Ink", &owned("first", 1)).await.unwrap_err();
    assert_eq!((halted.error.as_str(), notes(&harness)), ("HaltError", vec![]));
}

#[tokio::test]
async fn handler_that_asks_decides_itself() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    probe(&harness, "Blot", &owned("first", 1)).await.unwrap();
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn halted_deploy_ends_clean_and_removes_the_flag() {
    let harness = harness();
    let sent = release("first");
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    advance(&harness, TimeDelta::seconds(400));
    halt(&harness, "wrong image").await;
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    assert_eq!(run.errors().len(), 1, "it is not retried");
    assert_eq!((lock_holder(&harness), notes(&harness)), (None, vec![]));
    assert!(!has_flag(&harness));
    assert_eq!(harness.deploy(&release("second"), &[]).await.unwrap().path().last(), Some(&"Success"));
}

#[tokio::test]
async fn flag_for_another_deploy_is_kept() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    harness.invoke(payload("UnlockFailure", &owned("second", 2))).await.unwrap();
    assert!(has_flag(&harness));
    harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap();
    assert!(!has_flag(&harness));
}

#[tokio::test]
async fn flag_is_deleted_if_nobody_holds_the_lock() {
    let harness = harness();
    halt(&harness, "wrong image").await;
    harness.invoke(payload("UnlockFailure", &owned("first", 1))).await.unwrap();
    assert!(!has_flag(&harness));
}

#[tokio::test]
async fn flag_that_cannot_be_deleted_keeps_the_lock() {
    let harness = harness_with(&json!([{"operation": "s3:DeleteObject", "kind": {"error": "SlowDown"}}]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    halt(&harness, "wrong image").await;
    let failed = harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap_err();
    assert_eq!(failed.error, "LockError");
    assert!(lock_holder(&harness).is_some() && has_flag(&harness));
}
