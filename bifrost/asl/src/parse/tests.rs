use serde_json::{Map, Value, json};

use crate::{Problem, StateMachine};

/// The problems of a machine whose only state has these fields.
fn problems(fields: &Value) -> Vec<Problem> {
    machine_problems(&json!({"StartAt": "S", "States": {"S": fields}}))
}

fn machine_problems(definition: &Value) -> Vec<Problem> {
    match StateMachine::parse(definition) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems,
    }
}

fn with(base: Value, fields: &Value) -> Value {
    let mut all: Map<String, Value> = serde_json::from_value(base).unwrap();
    all.extend(fields.as_object().unwrap().clone());
    Value::Object(all)
}

#[test]
fn invalid_state_is_refused_by_location() {
    let task = || json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true});
    let wait = || json!({"Type": "Wait", "End": true});
    let table = [
        (json!({"End": true}), "States.S"),
        (json!({"Type": "Tusk"}), "States.S.Type"),
        (json!({"Type": "Pass"}), "States.S"),
        (json!({"Type": "Pass", "End": false}), "States.S.End"),
        (json!({"Type": "Pass", "Next": "S", "End": true}), "States.S.End"),
        (with(task(), &json!({"Retyr": []})), "States.S.Retyr"),
        (with(task(), &json!({"TimeoutSeconds": 0})), "States.S.TimeoutSeconds"),
        (with(task(), &json!({"TimeoutSeconds": 1.5})), "States.S.TimeoutSeconds"),
        (with(task(), &json!({"TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"})), "States.S.TimeoutSecondsPath"),
        (with(task(), &json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5})), "States.S.HeartbeatSeconds"),
        (with(task(), &json!({"Retry": {}})), "States.S.Retry"),
        (with(task(), &json!({"Retry": [{}]})), "States.S.Retry[0]"),
        (
            with(task(), &json!({"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]})),
            "States.S.Retry[0].BackoffRate",
        ),
        (with(task(), &json!({"Catch": [{"ErrorEquals": ["E"]}]})), "States.S.Catch[0]"),
        (with(wait(), &json!({})), "States.S"),
        (with(wait(), &json!({"Seconds": -1})), "States.S.Seconds"),
        (with(wait(), &json!({"Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z"})), "States.S"),
        (with(wait(), &json!({"Timestamp": "tomorrow"})), "States.S.Timestamp"),
        (json!({"Type": "Choice", "Choices": []}), "States.S.Choices"),
        (json!({"Type": "Parallel", "End": true}), "States.S"),
        (json!({"Type": "Map", "End": true}), "States.S"),
        (json!({"Type": "Fail", "Error": 1}), "States.S.Error"),
        (json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}), "States.S.ErrorPath"),
    ];
    let mut messages = Vec::new();
    for (fields, location) in table {
        let problems = problems(&fields);
        assert!(problems.iter().any(|problem| problem.location == location), "{location} is not in {problems:#?}");
        messages.extend(problems.iter().map(ToString::to_string));
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn invalid_rule_is_refused_by_location() {
    let table = [
        (json!({"Variable": "$.x", "Next": "S"}), "States.S.Choices[0]"),
        (json!({"Variable": "$.x", "IsNull": true, "IsString": true, "Next": "S"}), "States.S.Choices[0].IsString"),
        (json!({"Variable": "$.x", "NumericEquals": "1", "Next": "S"}), "States.S.Choices[0].NumericEquals"),
        (json!({"Variable": "$.x", "IsNull": true}), "States.S.Choices[0]"),
        (json!({"And": [], "Next": "S"}), "States.S.Choices[0].And"),
        (json!({"Not": {"Variable": "$.x", "IsNull": true, "Next": "S"}, "Next": "S"}), "States.S.Choices[0].Not.Next"),
        (
            json!({"Or": [{"Variable": "$.x", "StringEqual": "a"}], "Next": "S"}),
            "States.S.Choices[0].Or[0].StringEqual",
        ),
    ];
    let mut messages = Vec::new();
    for (rule, location) in table {
        let problems = problems(&json!({"Type": "Choice", "Choices": [rule]}));
        assert!(problems.iter().any(|problem| problem.location == location), "{location} is not in {problems:#?}");
        messages.extend(problems.iter().map(ToString::to_string));
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn deep_conditions_are_refused() {
    let test = json!({"Variable": "$.x", "IsNull": true});
    let mut rule = (0..100).fold(test, |inner, _| json!({"Not": inner}));
    rule["Next"] = "S".into();
    let problems = problems(&json!({"Type": "Choice", "Choices": [rule]}));
    let not = ".Not".repeat(super::choice::MAX_DEPTH + 1);
    let location = format!("States.S.Choices[0]{not}");
    assert!(problems.iter().any(|problem| problem.location == location), "{problems:#?}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let definition = json!({"StartAt": "A", "Version": "2.0", "Extra": 1, "States": {
        "A": {"Type": "Pass", "Nxet": "B"},
        "B": {"Type": "Wait", "Seconds": "5", "End": true},
    }});
    let problems = machine_problems(&definition);
    for location in ["Version", "Extra", "States.A", "States.A.Nxet", "States.B.Seconds"] {
        assert!(problems.iter().any(|problem| problem.location == location), "{location} is not in {problems:#?}");
    }
}

#[test]
fn jsonata_is_refused_everywhere() {
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": true});
    let map = json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "In", "States": {"In": state}}});
    let table = [
        (json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}), "QueryLanguage"),
        (json!({"StartAt": "S", "States": {"S": state}}), "States.S.QueryLanguage"),
        (json!({"StartAt": "S", "States": {"S": map}}), "States.S.ItemProcessor.States.In.QueryLanguage"),
    ];
    for (definition, location) in table {
        let invalid = StateMachine::parse(&definition).unwrap_err();
        assert!(invalid.needs_jsonata());
        assert!(invalid.problems.iter().any(|problem| problem.location == location), "{invalid}");
    }
}

#[test]
fn jsonata_field_is_refused() {
    let problems = problems(&json!({"Type": "Pass", "Output": {}, "End": true}));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    insta::assert_snapshot!(problems[0], @"States.S.Output: is a field of JSONata; in JSONPath, write ResultSelector, ResultPath or OutputPath");
}

#[test]
fn definition_must_be_an_object() {
    for definition in [json!(null), json!([]), json!("x")] {
        assert_eq!(machine_problems(&definition).len(), 1, "{definition}");
    }
}
