//! Tasks, as the Lambda function runs them.

use crate::cloud::{OWNER, open};
use crate::courier::Courier;
use bifrost::machine::Machine;
use bifrost::machine::dispatch;
use bifrost::task::FunctionError;
use bifrost::task::{Attempt, DATA_LIMIT_BYTES};
use serde_json::{Value, json};

fn parcel(changes: Value) -> Value {
    let mut parcel = json!({
        "release_id": "release-1", "project_name": "coinbase/courier", "config_name": "development",
        "created_at": "2026-01-01T00:00:00Z", "uuid": OWNER,
        "address": "x", "weight": 3, "due": "2026-01-01T00:00:00Z", "type": "letter",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    parcel.as_object_mut().unwrap().extend(changes);
    parcel
}

async fn run(payload: Value) -> Result<Value, FunctionError> {
    dispatch::<Courier>(payload, open).await
}

async fn failure(payload: Value) -> (String, String) {
    let FunctionError { error, message } = run(payload).await.unwrap_err();
    (error, message)
}

#[tokio::test]
async fn task_returns_its_output() {
    let output = run(json!({ "Task": "Pack", "Input": parcel(json!({})) })).await.unwrap();
    assert_eq!(output["weight"], 3);
}

#[tokio::test]
async fn context_has_attempt_and_raw_input() {
    let payload = json!({ "Task": "Deliver", "Input": parcel(json!({})), "Execution": "arn:x", "RetryCount": 2 });
    let mut seen = None;
    let output = dispatch::<Courier>(payload, |attempt, sent| {
        seen = Some((attempt.clone(), sent.clone()));
        open(attempt, sent)
    });
    assert_eq!(output.await.unwrap()["attempts"], 2);
    let (attempt, sent) = seen.unwrap();
    assert_eq!(attempt, Attempt { execution: Some("arn:x".into()), state: "Deliver".into(), retry_count: 2 });
    assert_eq!(*sent, parcel(json!({})), "the input as it came, before defaults");
}

#[tokio::test]
async fn raised_error_has_its_wire_name() {
    let raised =
        async |weight: u32| failure(json!({ "Task": "Pack", "Input": parcel(json!({ "weight": weight })) })).await;
    assert_eq!(raised(40).await, ("TooHeavyError".into(), "40 kg is too heavy".into()));
    assert_eq!(raised(25).await, ("OpenBox".into(), "could not close the box: no tape".into()));
}

#[tokio::test]
async fn failure_is_serialized_as_lambda_reports_it() {
    let failure = run(json!({ "Task": "Pack", "Input": parcel(json!({ "weight": 0 })) })).await.unwrap_err();
    let expected = json!({ "errorType": "LostError", "errorMessage": "nothing to pack" });
    assert_eq!(serde_json::to_value(failure).unwrap(), expected);
}

#[tokio::test]
async fn unmarked_task_needs_the_lock() {
    let input = parcel(json!({ "uuid": "00000000-0000-0000-0000-000000000002" }));
    for task in ["Pack", "Deliver"] {
        let (error, message) = failure(json!({ "Task": task, "Input": input })).await;
        assert_eq!(error, "LockError", "{task}");
        assert!(message.starts_with("[lock/lost] "), "{message}");
    }
}

#[tokio::test]
async fn task_that_cleans_up_needs_no_lock() {
    let input = parcel(json!({ "uuid": "00000000-0000-0000-0000-000000000002" }));
    let output = run(json!({ "Task": "Fetch", "Input": input })).await.unwrap();
    assert_eq!(output["weight"], 3);
}

#[tokio::test]
async fn task_that_looks_for_halt_stops_after_the_timeout() {
    let input = parcel(json!({
        "started_at": "1969-12-31T00:00:00Z",
        "aws_account_id": "000000000000", "aws_region": "us-east-1", "bucket": "coinbase-courier-000000000000",
    }));
    let (error, _) = failure(json!({ "Task": "Deliver", "Input": input })).await;
    assert_eq!(error, "HaltError");
    run(json!({ "Task": "Pack", "Input": input })).await.unwrap();
}

#[tokio::test]
async fn unknown_task_is_a_task_error() {
    let (error, message) = failure(json!({ "Task": "Fragile?", "Input": {} })).await;
    assert_eq!(error, "TaskError");
    assert!(message.starts_with("[task/unknown] "), "{message}");
    for part in ["Fragile?", "Courier", "Pack, Deliver"] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[tokio::test]
async fn malformed_input_is_refused_with_its_path() {
    let input = parcel(json!({ "weight": "heavy" }));
    let (error, message) = failure(json!({ "Task": "Pack", "Input": input })).await;
    assert_eq!(error, "UnmarshalError");
    assert!(message.starts_with("[task/state-unreadable] ") && message.contains(" weight: "), "{message}");
}

#[tokio::test]
async fn unknown_fields_are_refused_by_the_first_task_and_passed_on_by_the_others() {
    let input = parcel(json!({ "paid": { "euros": 3 } }));
    let (error, message) = failure(json!({ "Task": "Validate", "Input": input })).await;
    assert_eq!(error, "UnmarshalError");
    assert!(message.starts_with("[release/unknown-field] paid: "), "{message}");
    for task in ["Pack", "Fetch"] {
        let output = run(json!({ "Task": task, "Input": input })).await.unwrap();
        assert_eq!(output["paid"], input["paid"], "{task}");
    }
}

#[tokio::test]
async fn malformed_payload_is_refused_with_its_path() {
    for (payload, path) in [
        (json!(7), "$: "),
        (json!({ "Input": {} }), "$.Task: "),
        (json!({ "Task": 7, "Input": {} }), "$.Task: "),
        (json!({ "Task": "Pack" }), "$.Input: "),
        (json!({ "Task": "Pack", "Input": {}, "Execution": null }), "$.Execution: "),
        (json!({ "Task": "Pack", "Input": {}, "RetryCount": -1 }), "$.RetryCount: "),
        (json!({ "Task": "Pack", "Input": {}, "RetryCount": 4_294_967_296_u64 }), "$.RetryCount: "),
        (json!({ "Task": "Pack", "Input": {}, "Tsk": 1 }), "$.Tsk: "),
    ] {
        let (error, message) = failure(payload).await;
        assert_eq!(error, "UnmarshalError");
        assert!(message.starts_with(&format!("[task/malformed-payload] {path}")), "{message}");
    }
}

#[tokio::test]
async fn panic_has_message_and_location() {
    let input = parcel(json!({ "address": "nowhere" }));
    let (error, message) = failure(json!({ "Task": "Deliver", "Input": input })).await;
    assert_eq!(error, "PanicError");
    assert!(message.starts_with("[task/panic] Deliver "), "{message}");
    assert!(message.contains("courier.rs:") && message.contains("unknown address: nowhere"), "{message}");
}

#[tokio::test]
async fn too_large_output_is_refused() {
    let input = parcel(json!({ "address": "far away" }));
    let (error, message) = failure(json!({ "Task": "Deliver", "Input": input })).await;
    assert_eq!(error, "DataLimitError");
    assert!(message.starts_with("[task/output-too-large] Deliver: "), "{message}");
    assert!(message.contains(&DATA_LIMIT_BYTES.to_string()), "{message}");
}

#[tokio::test]
async fn only_task_states_run() {
    for state in Courier::STATES.iter().filter(|state| state.kind != bifrost::machine::Kind::Task) {
        let (error, _) = failure(json!({ "Task": state.name, "Input": {} })).await;
        assert_eq!(error, "TaskError", "{}", state.name);
    }
}
