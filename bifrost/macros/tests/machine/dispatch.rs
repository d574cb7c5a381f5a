//! Tasks as Lambda runs them.

use crate::courier::Courier;
use crate::unreachable::open;
use bifrost::machine::Machine;
use bifrost::machine::dispatch;
use bifrost::task::FunctionError;
use bifrost::task::{Attempt, DATA_LIMIT_BYTES};
use serde_json::{Value, json};

fn parcel(changes: Value) -> Value {
    let mut parcel = json!({ "address": "x", "weight": 3, "due": "2026-01-01T00:00:00Z", "type": "letter" });
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
async fn a_task_gives_its_output() {
    let output = run(json!({ "Task": "Pack", "Input": parcel(json!({})) })).await.unwrap();
    assert_eq!(output["weight"], 3);
}

#[tokio::test]
async fn a_handler_is_told_of_its_attempt() {
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
async fn what_a_handler_raises_has_its_name_on_the_wire() {
    let raised =
        async |weight: u32| failure(json!({ "Task": "Pack", "Input": parcel(json!({ "weight": weight })) })).await;
    assert_eq!(raised(40).await, ("TooHeavyError".into(), "40 kg is too heavy".into()));
    assert_eq!(raised(25).await, ("OpenBox".into(), "could not close the box: no tape".into()));
}

#[tokio::test]
async fn a_failure_is_written_as_lambda_writes_it() {
    let failure = run(json!({ "Task": "Pack", "Input": parcel(json!({ "weight": 0 })) })).await.unwrap_err();
    let expected = json!({ "errorType": "LostError", "errorMessage": "nothing to pack" });
    assert_eq!(serde_json::to_value(failure).unwrap(), expected);
}

#[tokio::test]
async fn an_unknown_task_is_a_task_error() {
    let (error, message) = failure(json!({ "Task": "Fragile?", "Input": {} })).await;
    assert_eq!(error, "TaskError");
    assert_eq!(message, "`Fragile?` is not a task of Courier; its tasks are Pack, Deliver");
}

#[tokio::test]
async fn malformed_input_is_named_by_its_path() {
    let input = parcel(json!({ "weight": "heavy" }));
    let (error, message) = failure(json!({ "Task": "Pack", "Input": input })).await;
    assert_eq!(error, "UnmarshalError");
    assert!(message.starts_with("weight: "), "{message}");
}

#[tokio::test]
async fn a_malformed_payload_is_named_by_its_path() {
    let cases = [
        (json!(7), "$: expected an object with Task and Input, found 7"),
        (json!({ "Input": {} }), "$.Task: it is missing"),
        (json!({ "Task": 7, "Input": {} }), "$.Task: expected text, found 7"),
        (json!({ "Task": "Pack" }), "$.Input: it is missing"),
        (json!({ "Task": "Pack", "Input": {}, "Execution": null }), "$.Execution: expected text, found null"),
        (json!({ "Task": "Pack", "Input": {}, "RetryCount": -1 }), "$.RetryCount: expected a count, found -1"),
        (
            json!({ "Task": "Pack", "Input": {}, "RetryCount": 4_294_967_296_u64 }),
            "$.RetryCount: expected a count, found 4294967296",
        ),
        (
            json!({ "Task": "Pack", "Input": {}, "Tsk": 1 }),
            "$.Tsk: unknown field, expected Task, Input, Execution or RetryCount",
        ),
    ];
    for (payload, expected) in cases {
        let (error, message) = failure(payload).await;
        assert_eq!(error, "UnmarshalError");
        assert_eq!(message, format!("the payload of a task is malformed at {expected}"));
    }
}

#[tokio::test]
async fn a_panic_says_what_and_where() {
    let input = parcel(json!({ "address": "nowhere" }));
    let (error, message) = failure(json!({ "Task": "Deliver", "Input": input })).await;
    assert_eq!(error, "PanicError");
    let (place, what) = message.split_once(": ").unwrap();
    assert!(place.starts_with("Deliver panicked at ") && place.contains("courier.rs:"), "{place}");
    assert_eq!(what, "there is no such place as nowhere");
}

#[tokio::test]
async fn too_large_an_output_is_an_error_of_ours() {
    let input = parcel(json!({ "address": "far away" }));
    let (error, message) = failure(json!({ "Task": "Deliver", "Input": input })).await;
    assert_eq!(error, "DataLimitError");
    assert!(message.contains(&DATA_LIMIT_BYTES.to_string()), "{message}");
}

#[tokio::test]
async fn only_task_states_are_run() {
    for state in Courier::STATES.iter().filter(|state| state.kind != bifrost::machine::Kind::Task) {
        let (error, _) = failure(json!({ "Task": state.name, "Input": {} })).await;
        assert_eq!(error, "TaskError", "{}", state.name);
    }
}
