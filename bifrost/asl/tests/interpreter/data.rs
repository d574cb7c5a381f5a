//! The data flow of states.

use serde_json::{Value, json};

use super::fixture::{Answer, Fixture, only, task};

#[test]
fn task_applies_every_data_flow_field() {
    let fixture = only(task(json!({
        "InputPath": "$.in",
        "Parameters": {"sent.$": "$.a", "fixed": [1, "$.a"]},
        "ResultSelector": {"picked.$": "$.answer.deep", "whole.$": "$"},
        "ResultPath": "$.out.result",
        "OutputPath": "$.out",
        "End": true,
    })))
    .answering("Only", [Answer::Output(json!({"answer": {"deep": 7}}))]);
    let output = fixture.output(json!({"in": {"a": "A"}, "out": {"kept": true}}));
    assert_eq!(fixture.requests.borrow()[0].1, json!({"sent": "A", "fixed": [1, "$.a"]}));
    assert_eq!(output, json!({"kept": true, "result": {"picked": 7, "whole": {"answer": {"deep": 7}}}}));
}

#[test]
fn null_paths_empty_or_discard() {
    let pass = |fields: Value| {
        let mut state = json!({"Type": "Pass", "End": true});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        only(state).output(json!({"kept": 1}))
    };
    assert_eq!(pass(json!({"InputPath": null})), json!({}));
    assert_eq!(pass(json!({"OutputPath": null})), json!({}));
    assert_eq!(pass(json!({"Result": 5, "ResultPath": null})), json!({"kept": 1}));
    assert_eq!(pass(json!({"Result": 5, "ResultPath": "$"})), json!(5));
}

#[test]
fn result_path_error_can_be_caught() {
    let definition = json!({"StartAt": "Work", "States": {
        "Work": task(json!({
            "ResultPath": "$.a.b",
            "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "Done"}],
            "End": true,
        })),
        "Done": {"Type": "Pass", "Result": "caught", "End": true},
    }});
    assert_eq!(Fixture::new(definition).output(json!({"a": [1]})), json!("caught"));
}

#[test]
fn branches_read_but_do_not_export_variables() {
    let fixture = Fixture::new(json!({"StartAt": "Set", "States": {
        "Set": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Fork"},
        "Fork": {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {
            "In": {"Type": "Pass", "Parameters": {"seen.$": "$x"}, "Assign": {"y": 2}, "End": true},
        }}], "Next": "Out"},
        "Out": {"Type": "Pass", "Parameters": {"x.$": "$x", "branch.$": "$[0].seen"}, "End": true},
    }}));
    assert_eq!(fixture.output(json!({})), json!({"x": 1, "branch": 1}));
    let lost = Fixture::new(json!({"StartAt": "Fork", "States": {
        "Fork": {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {
            "In": {"Type": "Pass", "Assign": {"y": 2}, "End": true},
        }}], "Next": "Out"},
        "Out": {"Type": "Pass", "Parameters": {"y.$": "$y"}, "End": true},
    }}));
    assert_eq!(lost.failure(json!({})).0, "States.Runtime");
}

#[test]
fn context_object_shows_the_state() {
    let fixture = Fixture::new(json!({"StartAt": "First", "States": {
        "First": {"Type": "Wait", "Seconds": 90, "Next": "Second"},
        "Second": task(json!({
            "Parameters": {"context.$": "$$"},
            "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 10}],
            "End": true,
        })),
    }}))
    .answering("Second", [Answer::Fail("E"), Answer::Echo]);
    let context = fixture.output(json!({"n": 1}))["context"].clone();
    let expected = json!({
        "Execution": {
            "Id": "arn:aws:states:us-east-1:000000000000:execution:machine:name",
            "Input": {"n": 1},
            "StartTime": "1970-01-01T00:00:00.000Z",
            "Name": "name",
            "RoleArn": "arn:aws:iam::000000000000:role/machine",
            "RedriveCount": 0,
        },
        "StateMachine": {
            "Id": "arn:aws:states:us-east-1:000000000000:stateMachine:machine",
            "Name": "machine",
        },
        "State": {"Name": "Second", "EnteredTime": "1970-01-01T00:01:30.000Z", "RetryCount": 1},
    });
    assert_eq!(context, expected);
}

#[test]
fn only_tasks_with_a_token_have_one_in_context() {
    let token = json!({"token": "00000000-0000-4000-8000-000000000000"});
    for resource in [
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:us-east-1:000000000000:activity:build",
    ] {
        let fixture = Fixture::new(json!({"StartAt": "Ask", "States": {
            "Ask": {"Type": "Task", "Resource": resource, "Parameters": {"token.$": "$$.Task.Token"}, "Next": "After"},
            "After": {"Type": "Pass", "Parameters": {"token.$": "$$.Task.Token"}, "End": true},
        }}));
        assert_eq!(fixture.failure(json!({})).0, "States.Runtime", "{resource}");
        assert_eq!(fixture.requests.borrow()[0].1, token);
        assert_eq!(fixture.path(), ["Ask", "After"]);
    }
    let invoke = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"t.$": "$$.Task.Token"}, "End": true
    });
    assert_eq!(only(invoke).failure(json!({})).0, "States.Runtime");
}

#[test]
fn nested_tasks_have_tokens_of_their_own() {
    let ask = |name: &str| {
        let resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
        let task =
            json!({"Type": "Task", "Resource": resource, "Parameters": {"token.$": "$$.Task.Token"}, "End": true});
        json!({"StartAt": name, "States": {name: task}})
    };
    let fixture = Fixture::new(json!({"StartAt": "Fork", "States": {
        "Fork": {"Type": "Parallel", "Branches": [ask("Left")], "Next": "Each"},
        "Each": {"Type": "Map", "ItemProcessor": ask("Item"), "End": true},
    }}));
    fixture.output(json!([]));
    let requests = fixture.requests.borrow();
    let sent: Vec<&str> = requests.iter().map(|(state, _, _)| state.as_str()).collect();
    assert_eq!(sent, ["Left", "Item"]);
    assert!(requests.iter().all(|(_, parameters, _)| parameters["token"].is_string()));
}

#[test]
fn settings_may_be_numbers_in_strings() {
    let pass = json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "End": true}}});
    let inline = only(
        json!({"Type": "Map", "MaxConcurrencyPath": "$.n", "ItemsPath": "$.l", "ItemProcessor": pass, "End": true}),
    );
    assert_eq!(inline.output(json!({"n": "1", "l": [1, 2]})), json!([1, 2]));
    let failure =
        |value: Value| inline.failure(json!({"n": value, "l": []})).1.split_once("#2). ").unwrap().1.to_owned();
    assert_eq!(failure(json!("-1")), "MaxConcurrency cannot be negative.");
    let no_integer = "The MaxConcurrencyPath field refers to value \"1.5\" which is not a valid integer: $.n";
    assert_eq!(failure(json!("1.5")), no_integer);

    let mut distributed = pass;
    distributed["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let tolerant = only(json!({
        "Type": "Map", "ItemsPath": "$.l", "ItemProcessor": distributed, "ToleratedFailureCountPath": "$.n",
        "ToleratedFailurePercentagePath": "$.p", "End": true,
    }));
    assert_eq!(tolerant.output(json!({"n": "1", "p": "2.5", "l": [1]})), json!([1]));
    let (error, cause) = tolerant.failure(json!({"n": "1", "p": "101", "l": [1]}));
    assert_eq!(error, "States.Runtime");
    assert!(cause.ends_with("ToleratedFailurePercentage must be between 0 and 100."), "{cause}");
}
