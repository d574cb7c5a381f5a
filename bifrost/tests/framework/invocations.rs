//! Invocations that are lost, time out, go on as zombies, or are repeated; executions that are stopped and redriven.

use crate::board::{BoardDeployer, harness, harness_with, lock_holder, notes, release};
use bifrost::cloud::{ErrorKind, ExecutionStatus, StartError};
use bifrost::testing::{HarnessError, Run, TestHarness};
use serde_json::{Value, json};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const SUCCESS: [&str; 7] = ["Validate", "Lock", "Pin", "Dry", "Look", "Unlock", "Success"];

/// A harness in which one call of `board:PinNote` has this fault.
fn pinning(kind: &Value) -> TestHarness<BoardDeployer> {
    harness_with(&json!([{"operation": "board:PinNote", "times": 1, "kind": kind}]))
}

async fn deploy(harness: &TestHarness<BoardDeployer>, id: &str) -> Run {
    harness.deploy(&release(id), &[]).await.unwrap()
}

/// Starts a release, and runs until it waits: for a fault, or for the ink to dry.
async fn start(harness: &TestHarness<BoardDeployer>, id: &str) -> String {
    harness.upload(&release(id), &[]).await.unwrap();
    let name = harness.start(&release(id)).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    name
}

fn errors(run: &Run) -> Vec<String> {
    run.errors().into_iter().map(|raised| raised.error).collect()
}

#[tokio::test]
async fn lost_invocation_is_retried() {
    for error in ["Sandbox.Timedout", "Lambda.Unknown", "Runtime.ExitError", "States.Timeout"] {
        for fault in ["lost", "lost_after"] {
            let harness = pinning(&json!({ fault: error }));
            let run = deploy(&harness, "first").await;
            assert_eq!(run.path(), SUCCESS, "{fault} {error}");
            assert_eq!(errors(&run), [error], "{fault}");
            assert_eq!(notes(&harness), ["first"], "{fault} {error}");
        }
    }
}

#[tokio::test]
async fn invocation_that_hangs_ends_with_the_timeout_of_its_state() {
    let run = deploy(&pinning(&json!({"lost": "States.Timeout"})), "first").await;
    let duration = run.execution.stop_date.unwrap() - run.execution.start_date;
    // The timeout, the wait before the retry, and the ink.
    assert_eq!(duration.num_seconds(), 310 + 10 + 600);
}

#[tokio::test]
async fn task_that_is_always_lost_ends_clean() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "kind": {"lost": "Runtime.ExitError"}}]));
    let run = deploy(&harness, "first").await;
    assert_eq!(errors(&run), ["Runtime.ExitError"; 3]);
    assert_eq!(run.execution.error.as_deref(), Some("FailureClean"));
    assert_eq!(lock_holder(&harness), None);
}

/// The calls of `board:PinNote`: the number of the attempt, and the seconds since now.
type Pins = Arc<Mutex<Vec<(u32, i64)>>>;

fn pins(harness: &TestHarness<BoardDeployer>) -> Pins {
    let calls = Pins::default();
    let (recorded, start) = (Arc::clone(&calls), harness.store().now());
    harness.store().watch(Box::new(move |record, _, after| {
        let name = &record.call.name;
        if name.operation == "board:PinNote" {
            recorded.lock().unwrap().push((name.attempt.retry_count, (after.clock - start).num_seconds()));
        }
    }));
    calls
}

#[tokio::test]
async fn zombie_goes_on_beside_later_attempts_and_executions() {
    let harness = pinning(&json!({"zombie_seconds": 5000}));
    let calls = pins(&harness);
    let first = deploy(&harness, "first").await;
    assert_eq!(first.path(), SUCCESS);
    assert_eq!(errors(&first), ["States.Timeout"]);
    let duration = first.execution.stop_date.unwrap() - first.execution.start_date;
    assert_eq!(duration.num_seconds(), 310 + 10 + 600);
    // The second attempt, then the zombie, which `run` waited for.
    assert_eq!(*calls.lock().unwrap(), [(1, 320), (0, 5000)]);
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn zombie_outlives_a_stopped_execution() {
    let harness = pinning(&json!({"zombie_seconds": 100}));
    let calls = pins(&harness);
    let name = start(&harness, "first").await;
    harness.abort(&name).await.unwrap();
    harness.run().await.unwrap();
    assert_eq!(*calls.lock().unwrap(), [(0, 100)]);
    assert_eq!(harness.execution(&name).await.unwrap().execution.status, ExecutionStatus::Aborted);
}

#[tokio::test]
async fn stopped_execution_does_not_go_on() {
    let harness = harness();
    let name = start(&harness, "first").await;
    harness.abort(&name).await.unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.execution.status, ExecutionStatus::Aborted);
    assert_eq!(run.path(), ["Validate", "Lock", "Pin", "Dry"]);
    assert_eq!(run.history.last().unwrap().event_type, "ExecutionAborted");
    assert!(lock_holder(&harness).is_some());
}

#[tokio::test]
async fn execution_is_stopped_while_the_engine_runs() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "kind": {"delay_seconds": 60}}]));
    harness.upload(&release("first"), &[]).await.unwrap();
    let name = harness.start(&release("first")).await.unwrap();
    let executions = harness.cloud().executions();
    let mut turns = 0;
    let stop = || {
        turns += 1;
        at_once(executions.stop(&name, "enough")).unwrap();
        false
    };
    harness.run_until(stop).await.unwrap();
    assert_eq!(turns, 1);
    let run = harness.execution(&name).await.unwrap();
    assert_eq!((run.execution.status, run.execution.cause.as_deref()), (ExecutionStatus::Aborted, Some("enough")));
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

/// The output of a future that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

#[tokio::test]
async fn stop_is_idempotent() {
    let harness = harness();
    let run = deploy(&harness, "first").await;
    harness.abort(&run.execution.name).await.unwrap();
    let again = harness.execution(&run.execution.name).await.unwrap();
    assert_eq!(again.execution, run.execution);
    let missing = harness.cloud().executions().stop("missing", "").await.unwrap_err();
    assert_eq!(missing.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn redrive_continues_in_the_state_that_was_stopped() {
    let harness = harness();
    let name = start(&harness, "first").await;
    harness.abort(&name).await.unwrap();
    harness.redrive(&name).unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.path(), SUCCESS);
    assert_eq!(run.execution.status, ExecutionStatus::Succeeded);
    let ids: Vec<u64> = run.history.iter().map(|event| event.id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    assert!(matches!(harness.redrive(&name), Err(HarnessError::NotRedrivable(_))));
}

#[tokio::test]
async fn redriven_failure_fails_again() {
    let harness = harness_with(&json!([{"operation": "board:PinNote", "kind": {"error": "AccessDenied"}}]));
    let name = deploy(&harness, "first").await.execution.name;
    harness.redrive(&name).unwrap();
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!(run.execution.error.as_deref(), Some("FailureClean"));
    assert_eq!(errors(&run).len(), 3);
}

#[tokio::test]
async fn attempt_is_invoked_again() {
    let harness = harness();
    let run = deploy(&harness, "first").await;
    let invocations = run.invocations();
    let tasks: Vec<&str> = invocations.iter().map(|sent| sent["Task"].as_str().unwrap()).collect();
    assert_eq!(tasks, ["Validate", "Lock", "Pin", "Look", "Unlock"]);
    assert_eq!(invocations[2]["Execution"], run.execution.arn);
    // Its lock is given back, so it may change nothing.
    let late = harness.invoke(invocations[2].clone()).await.unwrap_err();
    assert_eq!(late.error, "LockError");
    let direct = harness.invoke(json!({"Task": "Nothing", "Input": {}})).await.unwrap_err();
    assert_eq!(direct.error, "TaskError");
}

#[tokio::test]
async fn invocation_takes_virtual_time() {
    let harness = harness();
    let run = deploy(&harness, "first").await;
    let faults = json!([{"operation": "*", "times": 1, "kind": {"delay_seconds": 60}}]);
    let faults = serde_json::from_value(faults).unwrap();
    harness.store().transact(|state| state.faults = faults).unwrap();
    let before = harness.store().now();
    harness.invoke(run.invocations().remove(0)).await.unwrap();
    assert_eq!((harness.store().now() - before).num_seconds(), 60);
}

#[tokio::test]
async fn input_over_the_limit_of_step_functions_is_refused() {
    let executions = harness().cloud().executions();
    let start = async |bytes: usize| executions.start(&bytes.to_string(), &json!("x".repeat(bytes - 2))).await;
    start(262_144).await.unwrap();
    let refused = start(262_145).await.unwrap_err();
    assert!(matches!(&refused, StartError::Cloud(error) if error.kind == ErrorKind::Invalid), "{refused}");
}
