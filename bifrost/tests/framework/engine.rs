//! The engine: executions run to their end, also after a crash of a task or of the engine.

use crate::board::{BoardDeployer, harness, harness_with, local_state, lock_holder, notes, release};
use bifrost::cloud::{ExecutionFilter, ExecutionStatus, StartError};
use bifrost::error_code::Coded;
use bifrost::local::{Effect, Engine, Lease, LocalCloud, Pace, Store};
use bifrost::testing::{HarnessError, RaisedError, Run, TestHarness};
use bifrost::{Deployer, Identity};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const SUCCESS: [&str; 7] = ["Validate", "Lock", "Pin", "Dry", "Look", "Unlock", "Success"];
const REFUSED: [&str; 3] = ["Validate", "Lock", "FailureClean"];

async fn deploy(harness: &TestHarness<BoardDeployer>, id: &str) -> Run {
    harness.deploy(&release(id), &[]).await.unwrap()
}

/// The codes of the errors that tasks raised.
fn codes(run: &Run) -> Vec<String> {
    run.errors().into_iter().map(|raised| raised.code.unwrap_or_default()).collect()
}

#[tokio::test]
async fn release_is_deployed_on_virtual_time() {
    let harness = harness();
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(run.execution.status, ExecutionStatus::Succeeded);
    assert_eq!(notes(&harness), ["first"]);
    assert_eq!(lock_holder(&harness), None);
    let duration = run.execution.stop_date.unwrap() - run.execution.start_date;
    assert_eq!(duration.num_seconds(), 600);
}

#[tokio::test]
async fn concurrent_deploy_is_refused() {
    let harness = harness();
    for id in ["first", "second"] {
        harness.upload(&release(id), &[]).await.unwrap();
    }
    let (first, second) =
        (harness.start(&release("first")).await.unwrap(), harness.start(&release("second")).await.unwrap());
    harness.run().await.unwrap();
    assert_eq!(harness.execution(&first).await.unwrap().path(), SUCCESS);
    assert_eq!(harness.execution(&second).await.unwrap().path(), REFUSED);
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn same_release_does_not_start_twice() {
    let harness = harness();
    deploy(&harness, "first").await;
    let again = harness.start(&release("first")).await.unwrap_err();
    assert!(matches!(again, HarnessError::Start(StartError::AlreadyExists(_))), "{again}");
}

#[tokio::test]
async fn throttled_call_is_retried() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "times": 2, "kind": "throttle"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(codes(&run), ["aws/throttled"; 2]);
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn call_that_always_fails_ends_clean() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "kind": {"error": "AccessDenied"}}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "Pin", "TakeDown", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.execution.error.as_deref(), Some("FailureClean"));
    assert_eq!(run.errors()[0].error, "PinError");
    assert_eq!(codes(&run), ["aws/access-denied"; 3]);
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn injected_error_has_the_kind_that_the_deployer_states() {
    for (code, expected) in [
        ("BoardRolledUpException", "aws/conflict"),
        ("BoardNotFoundException", "aws/not-found"),
        ("BoardTooSmallException", "aws/invalid-request"),
    ] {
        let harness = harness_with(&json!([{"operation": "board:PinNote", "times": 1, "kind": {"error": code}}]));
        assert_eq!(codes(&deploy(&harness, "first").await), [expected], "{code}");
    }
}

#[tokio::test]
async fn task_that_always_crashes_ends_clean() {
    let harness = harness_with(&json!([{"operation": "*", "state": "Lock", "skip": 1, "kind": "die_after"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.errors()[0].error, "Lambda.Unknown");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn panic_in_a_handler_is_an_error_with_its_line() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "kind": "panic"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "Pin", "TakeDown", "UnlockFailure", "FailureClean"]);
    let RaisedError { error, code, message } = run.errors().remove(0);
    assert_eq!((error.as_str(), code.as_deref()), ("PanicError", Some("task/panic")));
    assert!(message.contains("board:PinNote") && message.contains(".rs:"), "{message}");
}

#[tokio::test]
async fn delayed_call_takes_virtual_time() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "times": 1, "kind": {"delay_seconds": 60}}]));
    let run = deploy(&harness, "first").await;
    assert_eq!((run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds(), 660);
}

#[tokio::test]
async fn next_engine_continues_without_repeating() {
    let harness = harness();
    harness.upload(&release("first"), &[]).await.unwrap();
    let name = harness.start(&release("first")).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    let interrupted = harness.execution(&name).await.unwrap();
    assert_eq!(interrupted.execution.status, ExecutionStatus::Running);
    assert_eq!(interrupted.path().last(), Some(&"Dry"));

    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(notes(&harness), ["first"]);
    let ids: Vec<u64> = run.history.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert_eq!((run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds(), 600);
}

#[tokio::test]
async fn watcher_sees_calls_with_name_and_account() {
    let harness = harness();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        let call = &record.call;
        assert_eq!(record.effect, Effect::Done);
        recorded.lock().unwrap().push(format!("{} {} {}", call.name.attempt.state, call.name.operation, call.account));
    }));
    deploy(&harness, "first").await;
    let calls = calls.lock().unwrap().clone();
    let task_calls: Vec<&String> = calls.iter().filter(|call| !call.starts_with(' ')).collect();
    insta::assert_debug_snapshot!(task_calls);
}

fn cloud_in(path: &std::path::Path) -> LocalCloud<BoardDeployer> {
    let identity = Identity {
        name: "coinbase-board".into(),
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
    };
    let new_state = || local_state(&json!([])).bootstrap(&identity).unwrap();
    let store = Store::open(path, "coinbase-board", new_state).unwrap();
    let defaults = identity.defaults(BoardDeployer::TIMEOUT_SECONDS).unwrap();
    LocalCloud::new(store, identity, defaults)
}

fn new_file(test: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    folder.join("cloud.sqlite")
}

#[tokio::test]
async fn processes_share_a_local_cloud() {
    let path = new_file("shared");
    let (client, engine) = (cloud_in(&path), cloud_in(&path));
    let release = release("first");
    let harness = TestHarness::with_cloud(client).unwrap();
    harness.upload(&release, &[]).await.unwrap();
    let name = harness.start(&release).await.unwrap();
    Engine::new(engine, Pace::Virtual).unwrap().run(|| false).await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(notes(&harness), ["first"]);
    let output: Value = run.execution.output.unwrap();
    assert_eq!(output["note"], "first");
}

#[tokio::test]
async fn replaced_cloud_is_seen_by_other_processes() {
    let path = new_file("replaced");
    let (one, other) = (cloud_in(&path), cloud_in(&path));
    let (harness, release) = (TestHarness::with_cloud(one).unwrap(), release("first"));
    harness.deploy(&release, &[]).await.unwrap();
    let mut replaced = local_state(&json!([]));
    replaced.ids = 7;
    Store::in_memory(replaced).move_to(&path, "coinbase-board").unwrap();
    assert_eq!(other.store().read(|local_state| local_state.ids).unwrap(), 7);
    assert!(other.executions().list(&ExecutionFilter::default(), 10).await.unwrap().is_empty());
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[test]
fn lease_has_one_holder() {
    let path = new_file("leased");
    drop(cloud_in(&path));
    let lease = Lease::take(&path).unwrap();
    assert!(lease.is_some());
    assert!(Lease::take(&path).unwrap().is_none());
    drop(lease);
    assert!(Lease::take(&path).unwrap().is_some());
}

#[test]
fn file_that_is_not_sqlite_is_refused() {
    let path = new_file("garbage");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "this is not a database, and long enough to be read as the header of one").unwrap();
    let open = || Store::open(&path, "coinbase-board", || local_state(&json!([])));
    let refused = open().err().unwrap();
    assert_eq!(refused.code(), "local/not-a-database");
    assert!(refused.to_string().contains("cloud.sqlite"), "{refused}");
    // So is a reset: the file may have other data.
    let reset = Store::in_memory(local_state(&json!([]))).move_to(&path, "coinbase-board").unwrap_err();
    assert_eq!(reset.code(), "local/not-a-database");
}
