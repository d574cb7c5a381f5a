//! Golden logs: all records and entries of a deploy, by how it ends.

use crate::board::{BoardDeployer, harness, harness_with, release};
use crate::client::{address, client};
use bifrost::cloud::Encryption;
use bifrost::testing::TestHarness;
use serde_json::{Value, json};

/// Deploys, checks the invariants of the log, and returns it.
async fn log_of(harness: &TestHarness<BoardDeployer>, release: &Value) -> String {
    let check = harness.check_audit();
    let run = harness.deploy(release, &[]).await.unwrap();
    assert_eq!(check.violations(&run), [] as [&str; 0], "{:#?}", run.errors());
    check.golden()
}

fn denied(operations: &[&str]) -> Value {
    operations.iter().map(|operation| json!({"operation": operation, "kind": {"error": "AccessDenied"}})).collect()
}

#[tokio::test]
async fn deploy_that_succeeds() {
    let mut release = release("first");
    release["metadata"] = json!({"ticket": "OPS-7", "approved_by": "grace", "commit": "c0ffee", "secret": "s3cret"});
    insta::assert_snapshot!(log_of(&harness(), &release).await);
}

#[tokio::test]
async fn deploy_that_fails_clean() {
    insta::assert_snapshot!(log_of(&harness_with(&denied(&["board:PinNote"])), &release("first")).await);
}

#[tokio::test]
async fn deploy_that_fails_dirty() {
    let faults = json!([
        {"operation": "board:PinNote", "kind": {"error_after": "InternalFailure"}},
        {"operation": "board:TakeDownNote", "kind": {"error": "AccessDenied"}},
    ]);
    insta::assert_snapshot!(log_of(&harness_with(&faults), &release("first")).await);
}

#[tokio::test]
async fn release_that_validate_refuses() {
    let mut release = release("first");
    release["note"] = json!("");
    insta::assert_snapshot!(log_of(&harness(), &release).await);
}

#[tokio::test]
async fn release_that_lock_refuses() {
    let harness = harness();
    // Not by the client, whose act would be recorded under a random id.
    let key = address(&client(&harness)).root_dir().freeze();
    let freeze = json!({"user": "ada", "lock_reason": "holidays"}).to_string().into_bytes();
    let objects = harness.cloud().account().objects;
    objects.put(&"coinbase-board-000000000000".parse().unwrap(), &key, freeze, Encryption::Bucket).await.unwrap();
    insta::assert_snapshot!(log_of(&harness, &release("first")).await);
}

#[tokio::test]
async fn deploy_that_takes_too_long() {
    let mut release = release("first");
    release["timeout"] = json!(60);
    insta::assert_snapshot!(log_of(&harness(), &release).await);
}

#[tokio::test]
async fn task_that_panics() {
    let faults = json!([{"operation": "board:PinNote", "kind": "panic"}]);
    insta::assert_snapshot!(log_of(&harness_with(&faults), &release("first")).await);
}

#[tokio::test]
async fn deploy_that_is_aborted() {
    let harness = harness();
    harness.upload(&release("first"), &[]).await.unwrap();
    let name = harness.start(&release("first")).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    harness.abort(&name).await.unwrap();
    harness.run().await.unwrap();
    insta::assert_snapshot!(harness.check_audit().golden());
}

#[tokio::test]
async fn execution_that_is_started_with_something_else() {
    let harness = harness();
    harness.cloud().executions().start("anything", &json!(["no", "release"])).await.unwrap();
    harness.run().await.unwrap();
    insta::assert_snapshot!(harness.check_audit().golden());
}
