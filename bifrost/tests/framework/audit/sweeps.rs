//! Faults at every call of a deploy, to the audit log and to everything else: what happens is recorded all the same.

use super::harness_in;
use crate::board::{BoardDeployer, release};
use bifrost::cloud::CallName;
use bifrost::testing::TestHarness;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const KINDS: [&str; 7] = [
    r#"{"error": "AccessDenied"}"#,
    r#"{"error_after": "InternalFailure"}"#,
    r#""throttle""#,
    r#""die""#,
    r#""die_after""#,
    r#""panic""#,
    r#"{"zombie_seconds": 1000}"#,
];

/// Faults under which the deploy that is swept takes its way.
fn base(is_failing: bool) -> Vec<Value> {
    let denied = json!({"operation": "board:PinNote", "kind": {"error_after": "AccessDenied"}});
    if is_failing { vec![denied] } else { Vec::new() }
}

/// The calls of tasks of a deploy.
async fn calls(mode: &str, is_failing: bool) -> Vec<CallName> {
    let harness = harness_in(mode, &base(is_failing).into());
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        if !record.call.name.attempt.state.is_empty() {
            seen.lock().unwrap().push(record.call.name.clone());
        }
    }));
    harness.deploy(&release("first"), &[]).await.unwrap();
    std::mem::take(&mut *calls.lock().unwrap())
}

/// A deploy with one more fault.
async fn with_fault(mode: &str, is_failing: bool, fault: &Value) {
    let mut faults = vec![fault.clone()];
    faults.extend(base(is_failing));
    let harness: TestHarness<BoardDeployer> = harness_in(mode, &faults.into());
    let check = harness.check_audit();
    let run = harness.deploy(&release("first"), &[]).await.unwrap_or_else(|error| panic!("{mode} {fault}: {error}"));
    let violations = check.violations(&run);
    assert!(violations.is_empty(), "{mode} {fault}\n{violations:#?}\n{:?}\n{:#?}", run.path(), run.errors());
}

async fn sweep(mode: &str, is_failing: bool, times: Option<u32>) {
    let calls = calls(mode, is_failing).await;
    for (index, call) in calls.iter().enumerate() {
        let same = |other: &&CallName| {
            other.operation == call.operation
                && other.attempt.state == call.attempt.state
                && other.resource.contains(&call.resource)
        };
        let skip = calls[..index].iter().filter(same).count();
        if times.is_none() && skip > 0 {
            continue;
        }
        for kind in KINDS {
            let kind: Value = serde_json::from_str(kind).unwrap();
            // If every attempt of a task goes on after its timeout, one of them may end the deploy after the execution has ended. The log
            // then has both ends, as they happened.
            if times.is_none() && kind.get("zombie_seconds").is_some() {
                continue;
            }
            let fault = json!({
                "operation": call.operation, "resource": call.resource, "state": call.attempt.state,
                "skip": skip, "times": times, "kind": kind,
            });
            with_fault(mode, is_failing, &fault).await;
        }
    }
    assert!(calls.len() > 40, "{}", calls.len());
}

#[tokio::test]
async fn required_log_survives_single_faults() {
    sweep("required", false, Some(1)).await;
    sweep("required", true, Some(1)).await;
}

#[tokio::test]
async fn required_log_survives_permanent_faults() {
    sweep("required", false, None).await;
    sweep("required", true, None).await;
}

#[tokio::test]
async fn best_effort_log_survives_faults() {
    sweep("best-effort", false, Some(1)).await;
    sweep("best-effort", false, None).await;
}
