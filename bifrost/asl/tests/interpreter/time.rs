//! `Wait`, timeouts and heartbeats.

use bifrost_asl::interpreter::{EventDetails, EventType, ExecutionOutcome};
use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, only, task};

#[test]
fn wait_ends_at_its_time() {
    let waited = |fields: Value, input: Value| {
        let mut state = json!({"Type": "Wait", "End": true});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let fixture = only(state);
        assert_eq!(fixture.output(input.clone()), input);
        fixture.now()
    };
    assert_eq!(waited(json!({"Seconds": 31_536_000}), json!({})), 31_536_000);
    assert_eq!(waited(json!({"SecondsPath": "$.s"}), json!({"s": 7})), 7);
    assert_eq!(waited(json!({"SecondsPath": "$.s"}), json!({"s": "7"})), 7);
    assert_eq!(waited(json!({"Timestamp": "1970-01-01T01:00:00Z"}), json!({})), 3600);
    assert_eq!(waited(json!({"TimestampPath": "$.at"}), json!({"at": "1970-01-01T02:00:00+01:00"})), 3600);
    assert_eq!(waited(json!({"Timestamp": "1960-01-01T00:00:00Z"}), json!({})), 0);
}

#[test]
fn invalid_wait_is_a_runtime_error() {
    let failure = |field: &str, value: Value| {
        let fixture = only(json!({"Type": "Wait", field: "$.x", "End": true}));
        let (error, cause) = fixture.failure(json!({"x": value}));
        assert_eq!(error, "States.Runtime");
        cause.split_once("#2). ").unwrap().1.to_owned()
    };
    assert_eq!(failure("SecondsPath", json!(-1)), "The SecondsPath parameter references a negative value: $.x == -1");
    assert_eq!(failure("SecondsPath", json!("-1")), "The SecondsPath parameter references a negative value: $.x == -1");
    let no_number = "The SecondsPath parameter cannot be parsed as a long value: $.x == soon";
    assert_eq!(failure("SecondsPath", json!("soon")), no_number);
    let no_time = "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
                   string: $.x == 5";
    assert_eq!(failure("TimestampPath", json!(5)), no_time);
}

#[test]
fn task_past_its_timeout_fails() {
    let fixture = only(task(json!({"TimeoutSeconds": 60, "End": true}))).answering("Only", [Answer::Never]);
    assert_eq!(fixture.failure(json!({})), ("States.Timeout".to_owned(), String::new()));
    assert_eq!(fixture.times(EventType::LambdaFunctionTimedOut), [60.0]);
    let in_time = only(task(json!({"TimeoutSecondsPath": "$.t", "End": true})));
    let in_time = in_time.answering("Only", [Answer::After(59, Box::new(Answer::Output(json!("done"))))]);
    assert_eq!(in_time.output(json!({"t": 60})), json!("done"));
    assert_eq!(in_time.output(json!({"t": "60"})), json!("done"));
}

#[test]
fn task_without_heartbeats_fails() {
    let state = task(json!({
        "TimeoutSeconds": 100,
        "HeartbeatSeconds": 10,
        "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 5, "MaxAttempts": 1}],
        "End": true,
    }));
    let beating = Answer::Heartbeats(8, 4, Box::new(Answer::After(9, Box::new(Answer::Output(json!("done"))))));
    let fixture = only(state.clone()).answering("Only", [Answer::Never, beating]);
    assert_eq!(fixture.output(json!({})), json!("done"));
    assert_eq!(fixture.times(EventType::LambdaFunctionTimedOut), [10.0]);
    assert_eq!(fixture.now(), 10 + 5 + 4 * 8 + 9);

    let endless = Answer::Heartbeats(8, 99, Box::new(Answer::Echo));
    let fixture = only(state).answering("Only", [endless]);
    assert_eq!(fixture.failure(json!({})).0, "States.Timeout");
    assert_eq!(fixture.now(), 100);
}

#[test]
fn execution_past_its_timeout_ends() {
    let definition = |state: Value| {
        Fixture::new(json!({"TimeoutSeconds": 90, "StartAt": "First", "States": {
            "First": {"Type": "Wait", "Seconds": 60, "Next": "Second"},
            "Second": state,
        }}))
    };
    let wait = definition(json!({"Type": "Wait", "Seconds": 60, "End": true}));
    let work = definition(task(json!({"End": true}))).answering("Second", [Answer::Never]);
    for fixture in [wait, work] {
        let outcome = fixture.run(json!({}));
        assert_eq!(outcome, ExecutionOutcome::TimedOut);
        assert_eq!(fixture.times(EventType::ExecutionTimedOut), [90.0]);
        let events = fixture.recorder.events();
        let last = events.last().unwrap();
        assert_eq!((last.event_type, last.previous_event_id), (EventType::ExecutionTimedOut, 0));
        assert_eq!(last.details, EventDetails::default());
    }
}

#[test]
fn history_shows_worker_and_submitted_job() {
    let resource = "arn:aws:states:us-east-1:000000000000:activity:build";
    let fixture = only(json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": 5, "End": true}));
    let fixture = fixture.answering("Only", [Answer::Never]);
    assert_eq!(fixture.failure(json!({})).0, "States.Timeout");
    assert_eq!(fixture.history(2), ["ActivityScheduled<2", "ActivityTimedOut<3", "ExecutionFailed<4"]);
}
