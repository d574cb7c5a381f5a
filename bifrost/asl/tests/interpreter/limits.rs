//! The limits of AWS: 256 KiB of data, 25,000 events.

use std::sync::Arc;

use bifrost_asl::interpreter::{Checkpoint, EventType, ExecutionOutcome};
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, only, start, task};

const LIMIT: usize = 262_144;

/// A JSON string of this many bytes, including its quotes.
fn text(bytes: usize) -> Value {
    Value::String("x".repeat(bytes - 2))
}

#[test]
fn result_of_more_than_256_kib_is_refused() {
    let fixture = only(task(json!({"End": true}))).answering("Only", [Answer::Output(text(LIMIT))]);
    assert_eq!(fixture.output(json!({})), text(LIMIT));
    let fixture = only(task(json!({"End": true}))).answering("Only", [Answer::Output(text(LIMIT + 1))]);
    let (error, cause) = fixture.failure(json!({}));
    assert_eq!(error, "States.DataLimitExceeded");
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let expected = format!(
        "The state/task '{arn}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    assert_eq!(cause, expected);
    assert_eq!(fixture.times(EventType::LambdaFunctionFailed).len(), 1);
}

#[test]
fn sum_of_results_over_256_kib_is_refused() {
    let double = json!({"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": true});
    let (error, cause) = only(double).failure(text(LIMIT / 2));
    assert_eq!(error, "States.DataLimitExceeded");
    assert!(cause.starts_with("The state/task 'Only' returned a result"), "{cause}");
}

#[test]
fn parameters_over_256_kib_are_refused_before_the_work() {
    let catching = |error: &str| {
        Fixture::new(json!({"StartAt": "Work", "States": {
            "Work": task(json!({
                "Parameters": {"input.$": "$"},
                "Catch": [{"ErrorEquals": [error], "ResultPath": "$", "Next": "Handler"}],
                "End": true,
            })),
            "Handler": {"Type": "Succeed"},
        }}))
    };
    for error in ["States.DataLimitExceeded", "States.ALL"] {
        let fixture = catching(error);
        assert_eq!(fixture.output(text(LIMIT))["Error"], "States.DataLimitExceeded");
        assert!(fixture.requests.borrow().is_empty());
    }
    assert_eq!(catching("Other").failure(text(LIMIT)).0, "States.DataLimitExceeded");
}

#[test]
fn caught_error_over_256_kib_ends_the_execution() {
    let fixture = Fixture::new(json!({"StartAt": "Work", "States": {
        "Work": task(json!({
            "Parameters": {},
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Handler"}],
            "End": true,
        })),
        "Handler": {"Type": "Succeed"},
    }}));
    let fixture = fixture.answering("Work", [Answer::Fail("E")]);
    let input = json!({"text": text(LIMIT - r#"{"text":}"#.len())});
    assert_eq!(fixture.failure(input).0, "States.DataLimitExceeded");
    assert_eq!(fixture.path(), ["Work"]);
}

#[test]
fn selected_results_over_256_kib_are_refused() {
    // Each is over the limit, although the output of the state would not be.
    let double = json!({"a.$": "$", "b.$": "$"});
    let pass = json!({"Type": "Pass", "Parameters": double, "ResultPath": null, "End": true});
    let selecting = task(json!({"ResultSelector": double, "ResultPath": null, "End": true}));
    for fixture in [only(pass), only(selecting)] {
        let (error, cause) = fixture.failure(text(LIMIT / 2));
        assert_eq!(error, "States.DataLimitExceeded");
        assert!(cause.starts_with("The state/task 'Only' returned a result"), "{cause}");
    }
}

#[test]
fn item_over_256_kib_is_refused_before_its_iteration() {
    let flow = json!({"StartAt": "In", "States": {"In": {"Type": "Wait", "Seconds": 9, "End": true}}});
    let mut distributed = flow.clone();
    distributed["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    for processor in [flow, distributed] {
        let is_inline = processor.get("ProcessorConfig").is_none();
        let fixture = Fixture::new(json!({"StartAt": "Each", "States": {
            "Each": {
                "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": null, "End": true,
                "ItemSelector": {"item.$": "$$.Map.Item.Value", "again.$": "$$.Map.Item.Value"},
                "Catch": [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "Handler"}],
            },
            "Handler": {"Type": "Pass", "Result": "caught", "End": true},
        }}));
        assert_eq!(fixture.output(json!({"items": [1, text(LIMIT / 2)]})), json!("caught"));
        let events = fixture.history(3);
        if is_inline {
            assert_eq!(events[..3], ["MapIterationStarted<3", "MapIterationAborted<3", "MapStateFailed<3"]);
        } else {
            assert_eq!(events[..3], ["MapRunStarted<3", "MapRunFailed<4", "MapStateFailed<5"]);
        }
    }
}

#[test]
fn variables_over_256_kib_are_refused_each_and_together() {
    let failure = |assign: Value, input: Value| {
        let fixture = only(json!({"Type": "Pass", "Assign": assign, "OutputPath": "$.small", "End": true}));
        match fixture.run(input) {
            ExecutionOutcome::Failed { error, .. } => error,
            _ => None,
        }
    };
    let exceeded = Some("States.DataLimitExceeded".to_owned());
    let halves = json!({"small": 1, "half": text(LIMIT / 2)});
    assert_eq!(failure(json!({"a.$": "$.half", "b.$": "$.half"}), halves.clone()), None);
    assert_eq!(failure(json!({"a.$": "$.half", "b.$": "$.half", "c": 1}), halves.clone()), exceeded);
    assert_eq!(failure(json!({"a": {"b.$": "$.half", "c.$": "$.half"}}), halves), exceeded);
}

#[test]
fn variables_of_an_execution_have_at_most_10_mib() {
    let set = |assign: Value| {
        let fixture = only(json!({"Type": "Pass", "Assign": assign, "End": true}));
        let variables: serde_json::Map<String, Value> =
            (0..10 * 1024 * 1024 / LIMIT).map(|index| (format!("v{index}"), text(LIMIT))).collect();
        let checkpoint = Checkpoint {
            state: "Only".into(),
            input: Arc::new(json!({})),
            variables: Arc::new(variables),
            entered_at: start(),
            entered_event: 2,
            last_event: 2,
        };
        match fixture.resume(json!({}), &checkpoint) {
            ExecutionOutcome::Failed { error, .. } => error,
            _ => None,
        }
    };
    assert_eq!(set(json!({"v0": "again"})), None);
    assert_eq!(set(json!({"w": 1})), Some("States.DataLimitExceeded".to_owned()));
}

/// A loop of `Pass` and `Choice`: four events each.
fn endless() -> Fixture {
    Fixture::new(json!({"StartAt": "Turn", "States": {
        "Turn": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, -1)"}, "Next": "Enough?"},
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThanEquals": 0, "Next": "Enough"}],
            "Default": "Turn",
        },
        "Enough": {"Type": "Succeed"},
    }}))
}

#[test]
fn history_ends_with_25_000_events() {
    let fixture = endless();
    let (error, cause) = fixture.failure(json!({"n": 99_999}));
    assert_eq!(error, "States.Runtime");
    assert_eq!(cause, "The execution reached the maximum number of history events (25000).");
    let events = fixture.recorder.events();
    assert_eq!(events.len(), 25_000);
    assert_eq!(events[24_999].event_type, EventType::ExecutionFailed);
    assert_eq!(events[24_999].id, 25_000);
}

#[test]
fn success_may_be_the_25_000th_event() {
    // 1 start, 4 for each loop, 2 of `Enough`, 1 end: 6,249 loops make 25,000.
    let fixture = endless();
    fixture.output(json!({"n": 6249}));
    assert_eq!(fixture.recorder.events().len(), 25_000);
}

#[test]
fn event_limit_counts_all_branches() {
    let turn = json!({"Type": "Wait", "Seconds": 1, "Next": "Ask"});
    let ask = json!({"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 0, "Next": "Out"}], "Default": "Turn"});
    let branch = json!({"StartAt": "Turn", "States": {"Turn": turn, "Ask": ask, "Out": {"Type": "Succeed"}}});
    let mut other = branch.to_string();
    for name in ["Turn", "Ask", "Out"] {
        other = other.replace(&format!("\"{name}\""), &format!("\"{name} too\""));
    }
    let other: Value = serde_json::from_str(&other).unwrap();
    let fixture = only(json!({"Type": "Parallel", "Branches": [branch, other], "End": true}));
    assert_eq!(fixture.failure(json!({"n": 1})).0, "States.Runtime");
    assert_eq!(fixture.recorder.events().len(), 25_000);
}
