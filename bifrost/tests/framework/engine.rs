//! The engine: executions run to their end whatever happens to tasks and to the engine itself.

use crate::board::{BoardDeployer, harness, lab_with, local_state, lock_holder, notes, release};
use bifrost::cloud::{ExecutionFilter, ExecutionStatus};
use bifrost::local::{Effect, Engine, Lease, LocalCloud, Pace, Store};
use bifrost::testing::{Run, TestHarness};
use bifrost::{Deployer, Identity};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const SUCCESS: [&str; 7] = ["Validate", "Lock", "Pin", "Dry", "Look", "Unlock", "Success"];
const REFUSED: [&str; 3] = ["Validate", "Lock", "FailureClean"];

async fn deploy(harness: &TestHarness<BoardDeployer>, id: &str) -> Run {
    harness.deploy(&release(id), &[]).await.unwrap()
}

#[tokio::test]
async fn a_release_is_deployed_and_ten_minutes_take_no_time() {
    let harness = harness();
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(run.execution.status, ExecutionStatus::Succeeded);
    assert_eq!(notes(&harness), ["first"]);
    assert_eq!(lock_holder(&harness), None);
    let took = run.execution.stop_date.unwrap() - run.execution.start_date;
    assert_eq!(took.num_seconds(), 600);
}

#[tokio::test]
async fn a_second_deploy_at_the_same_time_is_refused_and_the_first_goes_on() {
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
async fn the_same_release_does_not_start_twice() {
    let harness = harness();
    deploy(&harness, "first").await;
    let again = harness.start(&release("first")).await.unwrap_err();
    assert!(again.to_string().contains("exists already"), "{again}");
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_as_the_chart_says() {
    let harness = lab_with(&json!([{"operation": "board:PinNote", "times": 2, "kind": "throttle"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(run.errors().len(), 2);
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn a_call_that_fails_for_good_ends_clean() {
    let harness = lab_with(&json!([{"operation": "board:PinNote", "kind": {"error": "AccessDenied"}}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "Pin", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.execution.error.as_deref(), Some("FailureClean"));
    assert_eq!(run.errors()[0].0, "PinError");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn a_task_that_dies_after_a_call_runs_again() {
    let harness = lab_with(&json!([{"operation": "dynamodb:PutItem", "times": 1, "kind": "die_after"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "UnlockFailure", "FailureClean"]);
    assert_eq!(run.errors()[0].0, "Lambda.Unknown");
    assert_eq!(lock_holder(&harness), None);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_an_error_that_says_where() {
    let harness = lab_with(&json!([{"operation": "board:PinNote", "kind": "panic"}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "Pin", "UnlockFailure", "FailureClean"]);
    let (error, message) = &run.errors()[0];
    assert_eq!(error, "PanicError");
    assert!(message.contains("board:PinNote") && message.contains(".rs:"), "{message}");
}

#[tokio::test]
async fn a_delayed_call_takes_the_worlds_time() {
    let harness = lab_with(&json!([{"operation": "board:PinNote", "times": 1, "kind": {"delay_seconds": 60}}]));
    let run = deploy(&harness, "first").await;
    assert_eq!((run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds(), 660);
}

#[tokio::test]
async fn the_next_engine_goes_on_where_the_last_one_died_and_nothing_is_done_twice() {
    let harness = harness();
    harness.upload(&release("first"), &[]).await.unwrap();
    let name = harness.start(&release("first")).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    let cut = harness.execution(&name).await.unwrap();
    assert_eq!(cut.execution.status, ExecutionStatus::Running);
    assert_eq!(cut.path().last(), Some(&"Dry"));

    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(notes(&harness), ["first"]);
    let ids: Vec<u64> = run.history.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert_eq!((run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds(), 600);
}

#[tokio::test]
async fn every_call_passes_the_gate_by_its_aws_name_and_under_its_principal() {
    let harness = harness();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        let call = &record.call;
        assert_eq!(record.effect, Effect::Done);
        seen.lock().unwrap().push(format!("{} {} {}", call.name.attempt.state, call.name.operation, call.account));
    }));
    deploy(&harness, "first").await;
    let calls = calls.lock().unwrap().clone();
    let of_tasks: Vec<&String> = calls.iter().filter(|call| !call.starts_with(' ')).collect();
    insta::assert_debug_snapshot!(of_tasks);
}

fn kept_in(path: &std::path::Path) -> LocalCloud<BoardDeployer> {
    let store = Store::open(path, "board", || local_state(&json!([]))).unwrap();
    let identity = Identity {
        name: "coinbase-board".into(),
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
    };
    let defaults = identity.defaults(BoardDeployer::TIMEOUT_SECONDS).unwrap();
    LocalCloud::new(store, identity, defaults)
}

fn file_of(test: &str) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    folder.join("cloud.sqlite")
}

#[tokio::test]
async fn processes_share_a_world_in_a_file() {
    let path = file_of("shared");
    let (client, engine) = (kept_in(&path), kept_in(&path));
    let release = release("first");
    let harness = TestHarness::over(client).unwrap();
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
async fn a_renewed_world_is_seen_by_who_had_the_old_one_open() {
    let path = file_of("renewed");
    let (one, other) = (kept_in(&path), kept_in(&path));
    let (harness, release) = (TestHarness::over(one).unwrap(), release("first"));
    harness.deploy(&release, &[]).await.unwrap();
    let mut renewed = local_state(&json!([]));
    renewed.ids = 7;
    Store::in_memory(renewed).move_to(&path, BoardDeployer::NAME).unwrap();
    assert_eq!(other.store().read(|local_state| local_state.ids).unwrap(), 7);
    assert!(other.executions().list(&ExecutionFilter::default(), 10).await.unwrap().is_empty());
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[test]
fn one_process_at_a_time_is_the_engine() {
    let path = file_of("leased");
    drop(kept_in(&path));
    let lease = Lease::take(&path).unwrap();
    assert!(lease.is_some());
    assert!(Lease::take(&path).unwrap().is_none());
    drop(lease);
    assert!(Lease::take(&path).unwrap().is_some());
}

#[test]
fn a_file_that_is_no_world_is_refused_with_the_way_out() {
    let path = file_of("garbage");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "this is not a database, and long enough to be read as the header of one").unwrap();
    let refused = Store::open(&path, "board", || local_state(&json!([]))).err().unwrap().to_string();
    assert!(refused.contains("cloud.sqlite") && refused.contains("--fresh"), "{refused}");
}
