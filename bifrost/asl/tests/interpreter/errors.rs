//! `Retry`, `Catch` and `Fail`.

use bifrost_asl::interpreter::EventType;
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, only, task};

fn retrying(retry: Value, failures: usize) -> Fixture {
    let state = task(json!({"Retry": [retry], "End": true}));
    let answers = std::iter::repeat_n(Answer::Fail("E"), failures).chain([Answer::Echo]);
    only(state).answering("Only", answers)
}

#[test]
fn retries_wait_for_the_delay() {
    let table = [
        (json!({"ErrorEquals": ["E"]}), vec![0.0, 1.0, 3.0, 7.0]),
        (json!({"ErrorEquals": ["E"], "IntervalSeconds": 10, "BackoffRate": 1.5}), vec![0.0, 10.0, 25.0, 47.5]),
        (json!({"ErrorEquals": ["E"], "IntervalSeconds": 10, "MaxDelaySeconds": 15}), vec![0.0, 10.0, 25.0, 40.0]),
        (json!({"ErrorEquals": ["E"], "IntervalSeconds": 10, "JitterStrategy": "FULL"}), vec![0.0, 5.0, 15.0, 35.0]),
    ];
    for (retry, expected) in table {
        let fixture = retrying(retry.clone(), 3);
        fixture.output(json!({}));
        assert_eq!(fixture.times(EventType::LambdaFunctionScheduled), expected, "{retry}");
        let counts: Vec<u64> = fixture.requests.borrow().iter().map(|request| request.2).collect();
        assert_eq!(counts, [0, 1, 2, 3]);
    }
}

#[test]
fn retries_end_after_max_attempts() {
    let fixture = retrying(json!({"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}), 9);
    assert_eq!(fixture.failure(json!({})), ("E".to_owned(), "E happened".to_owned()));
    assert_eq!(fixture.requests.borrow().len(), 3);
    let never = retrying(json!({"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}), 1);
    assert_eq!(never.failure(json!({})).0, "E");
}

#[test]
fn retries_are_counted_per_visit() {
    let definition = json!({"StartAt": "Work", "States": {
        "Work": task(json!({
            "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Again?"}],
            "End": true,
        })),
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.again", "BooleanEquals": true, "Next": "Once more"}],
            "Default": "Gave up",
        },
        "Once more": {"Type": "Pass", "Result": false, "ResultPath": "$.again", "Next": "Work"},
        "Gave up": {"Type": "Fail"},
    }});
    let fixture = Fixture::new(definition).answering("Work", [Answer::Fail("E")]);
    fixture.failure(json!({"again": true}));
    let counts: Vec<u64> = fixture.requests.borrow().iter().map(|request| request.2).collect();
    assert_eq!(counts, [0, 1, 0, 1]);
    assert_eq!(fixture.path(), ["Work", "Again?", "Once more", "Work", "Again?", "Gave up"]);
}

#[test]
fn first_matching_catcher_applies() {
    let catching = |error: &'static str| {
        let fixture = Fixture::new(json!({"StartAt": "Work", "States": {
            "Work": task(json!({
                "Catch": [
                    {"ErrorEquals": ["A", "B"], "Next": "Named", "ResultPath": "$.error", "Assign": {"why.$": "$.Cause"}},
                    {"ErrorEquals": ["States.TaskFailed"], "Next": "Any task's", "ResultPath": null},
                    {"ErrorEquals": ["States.ALL"], "Next": "Any"},
                ],
                "TimeoutSeconds": 5,
                "End": true,
            })),
            "Named": {"Type": "Pass", "Parameters": {"why.$": "$why", "all.$": "$"}, "End": true},
            "Any task's": {"Type": "Pass", "End": true},
            "Any": {"Type": "Pass", "End": true},
        }}));
        let answer = if error.is_empty() { Answer::Never } else { Answer::Fail(error) };
        let fixture = fixture.answering("Work", [answer]);
        let output = fixture.output(json!({"n": 1}));
        (fixture.path().pop().unwrap(), output)
    };
    let named = json!({"why": "B happened", "all": {"n": 1, "error": {"Error": "B", "Cause": "B happened"}}});
    assert_eq!(catching("B"), ("Named".to_owned(), named));
    assert_eq!(catching("C"), ("Any task's".to_owned(), json!({"n": 1})));
    assert_eq!(catching(""), ("Any".to_owned(), json!({"Error": "States.Timeout", "Cause": ""})));
}

#[test]
fn error_that_fits_nowhere_in_the_input_ends_the_execution() {
    for input in [json!([]), json!(1), json!("x")] {
        let fixture = Fixture::new(json!({"StartAt": "Work", "States": {
            "Work": task(json!({
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Handler"}],
                "End": true,
            })),
            "Handler": {"Type": "Succeed"},
        }}));
        let fixture = fixture.answering("Work", [Answer::Fail("E")]);
        assert_eq!(fixture.failure(input).0, "States.ResultPathMatchFailure");
        assert_eq!(fixture.path(), ["Work"]);
    }
}

#[test]
fn runtime_error_is_neither_retried_nor_caught() {
    let fixture = Fixture::new(json!({"StartAt": "Work", "States": {
        "Work": task(json!({
            "Parameters": {"x.$": "$.missing"},
            "Retry": [{"ErrorEquals": ["States.ALL"]}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Handler"}],
            "End": true,
        })),
        "Handler": {"Type": "Succeed"},
    }}));
    let (error, cause) = fixture.failure(json!({"n": 1}));
    assert_eq!(error, "States.Runtime");
    let expected = "An error occurred while executing the state 'Work' (entered at the event id #2). \
                    The JSONPath '$.missing' specified for the field 'x.$' could not be found in the input '{\"n\":1}'";
    assert_eq!(cause, expected);
}

#[test]
fn failed_intrinsic_is_a_runtime_error() {
    // AWS documents States.IntrinsicFailure, but raises States.Runtime.
    let fixture = Fixture::new(json!({"StartAt": "Work", "States": {
        "Work": task(json!({
            "Parameters": {"x.$": "States.MathAdd($.n, 1)"},
            "Catch": [{"ErrorEquals": ["States.IntrinsicFailure", "States.Runtime"], "Next": "Handler"}],
            "End": true,
        })),
        "Handler": {"Type": "Succeed"},
    }}));
    let (error, cause) = fixture.failure(json!({"n": "text"}));
    assert_eq!(error, "States.Runtime");
    assert!(cause.contains("States.MathAdd($.n, 1)"), "{cause}");
}

#[test]
fn error_and_cause_may_be_computed() {
    let failing = |fields: Value| {
        let mut state = json!({"Type": "Fail"});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        only(state).failure(json!({"error": "E", "n": 3}))
    };
    let computed =
        json!({"ErrorPath": "$.error", "CausePath": "States.Format('{} times on {}', $.n, $$.Execution.Name)"});
    assert_eq!(failing(computed), ("E".to_owned(), "3 times on name".to_owned()));
    assert_eq!(failing(json!({"Error": "Fixed"})), ("Fixed".to_owned(), String::new()));
    assert_eq!(failing(json!({"ErrorPath": "$.n"})).0, "States.Runtime");
    let (error, cause) = failing(json!({"CausePath": "$.missing"}));
    assert_eq!(error, "States.Runtime");
    assert!(
        cause.contains("The JSONPath '$.missing' specified for the field 'CausePath' could not be found"),
        "{cause}"
    );
}
