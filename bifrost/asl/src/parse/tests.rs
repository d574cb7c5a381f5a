use serde_json::{Map, Value, json};

use crate::StateMachine;

/// The problems of a machine whose only state has these fields.
fn problems(fields: &Value) -> Vec<String> {
    machine_problems(&json!({"StartAt": "S", "States": {"S": fields}}))
}

fn machine_problems(definition: &Value) -> Vec<String> {
    match StateMachine::parse(definition) {
        Ok(_) => Vec::new(),
        Err(invalid) => invalid.problems.iter().map(ToString::to_string).collect(),
    }
}

fn with(base: Value, fields: &Value) -> Value {
    let mut all: Map<String, Value> = serde_json::from_value(base).unwrap();
    all.extend(fields.as_object().unwrap().clone());
    Value::Object(all)
}

#[test]
fn what_a_state_must_not_say_is_refused_with_its_place() {
    let task = || json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true});
    let wait = || json!({"Type": "Wait", "End": true});
    let table = [
        (json!({"End": true}), "States.S: Type is missing, write a string"),
        (json!({"Type": "Tusk"}), "States.S.Type: \"Tusk\" is not a type of state, write Task, Pass,"),
        (json!({"Type": "Pass"}), "States.S: Next is missing, write the state that comes next, or \"End\": true"),
        (json!({"Type": "Pass", "End": false}), "States.S.End: is false, write true or a Next instead"),
        (json!({"Type": "Pass", "Next": "S", "End": true}), "States.S.End: cannot stand beside Next"),
        (with(task(), &json!({"Retyr": []})), "States.S.Retyr: is not a field of a Task state, remove it or correct"),
        (with(task(), &json!({"TimeoutSeconds": 0})), "States.S.TimeoutSeconds: is 0, write an integer from 1 to"),
        (with(task(), &json!({"TimeoutSeconds": 1.5})), "States.S.TimeoutSeconds: is 1.5, write an integer"),
        (
            with(task(), &json!({"TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"})),
            "States.S.TimeoutSecondsPath: cannot stand beside TimeoutSeconds, write one of them",
        ),
        (
            with(task(), &json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5})),
            "States.S.HeartbeatSeconds: is 5, write less than TimeoutSeconds, which is 5",
        ),
        (with(task(), &json!({"Retry": {}})), "States.S.Retry: is an object, write an array"),
        (
            with(task(), &json!({"Retry": [{}]})),
            "States.S.Retry[0]: ErrorEquals is missing, write an array of error names",
        ),
        (
            with(task(), &json!({"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]})),
            "States.S.Retry[0].BackoffRate: is 0.5, write a number from 1 to",
        ),
        (with(task(), &json!({"Catch": [{"ErrorEquals": ["E"]}]})), "States.S.Catch[0]: Next is missing"),
        (
            with(wait(), &json!({})),
            "States.S: Seconds is missing, write Seconds, SecondsPath, Timestamp or TimestampPath",
        ),
        (with(wait(), &json!({"Seconds": -1})), "States.S.Seconds: is -1, write an integer from 0 to"),
        (with(wait(), &json!({"Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z"})), "States.S: waits for two things"),
        (with(wait(), &json!({"Timestamp": "tomorrow"})), "States.S.Timestamp: \"tomorrow\" is no timestamp"),
        (json!({"Type": "Choice", "Choices": []}), "States.S.Choices: is empty, write at least one rule"),
        (json!({"Type": "Parallel", "End": true}), "States.S: Branches is missing, write an array of objects"),
        (
            json!({"Type": "Map", "End": true}),
            "States.S: ItemProcessor is missing, write an object with StartAt and States",
        ),
        (json!({"Type": "Fail", "Error": 1}), "States.S.Error: is 1, write a string"),
        (json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}), "States.S.ErrorPath: cannot stand beside Error"),
    ];
    for (fields, expected) in table {
        let problems = problems(&fields);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {problems:#?}");
    }
}

#[test]
fn what_a_choice_rule_must_not_say_is_refused_with_its_place() {
    let table = [
        (json!({"Variable": "$.x", "Next": "S"}), "States.S.Choices[0]: compares nothing"),
        (
            json!({"Variable": "$.x", "IsNull": true, "IsString": true, "Next": "S"}),
            "States.S.Choices[0].IsString: cannot stand beside IsNull, write an And of both",
        ),
        (json!({"Variable": "$.x", "NumericEquals": "1", "Next": "S"}), "States.S.Choices[0].NumericEquals: is \"1\""),
        (json!({"Variable": "$.x", "IsNull": true}), "States.S.Choices[0]: Next is missing"),
        (json!({"And": [], "Next": "S"}), "States.S.Choices[0].And: is empty, write at least one condition"),
        (
            json!({"Not": {"Variable": "$.x", "IsNull": true, "Next": "S"}, "Next": "S"}),
            "States.S.Choices[0].Not.Next: is not a field of a nested condition",
        ),
        (
            json!({"Or": [{"Variable": "$.x", "StringEqual": "a"}], "Next": "S"}),
            "States.S.Choices[0].Or[0].StringEqual: is not a field of a nested condition",
        ),
    ];
    for (rule, expected) in table {
        let problems = problems(&json!({"Type": "Choice", "Choices": [rule]}));
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {problems:#?}");
    }
}

#[test]
fn conditions_that_nest_too_deep_are_refused() {
    let test = json!({"Variable": "$.x", "IsNull": true});
    let mut rule = (0..100).fold(test, |inner, _| json!({"Not": inner}));
    rule["Next"] = "S".into();
    let problems = problems(&json!({"Type": "Choice", "Choices": [rule]}));
    assert!(problems.iter().any(|problem| problem.contains("is nested deeper than 64 conditions")), "{problems:#?}");
}

#[test]
fn all_problems_of_a_definition_are_reported_at_once() {
    let definition = json!({"StartAt": "A", "Version": "2.0", "Extra": 1, "States": {
        "A": {"Type": "Pass", "Nxet": "B"},
        "B": {"Type": "Wait", "Seconds": "5", "End": true},
    }});
    let problems = machine_problems(&definition);
    let expected = ["Version: ", "Extra: ", "States.A: Next", "States.A.Nxet", "States.B.Seconds"];
    for expected in expected {
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {problems:#?}");
    }
}

#[test]
fn jsonata_is_refused_by_name_wherever_it_is_asked_for() {
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "End": true});
    let map = json!({"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "In", "States": {"In": state}}});
    let table = [
        (json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}), "QueryLanguage"),
        (json!({"StartAt": "S", "States": {"S": state}}), "States.S.QueryLanguage"),
        (json!({"StartAt": "S", "States": {"S": map}}), "States.S.ItemProcessor.States.In.QueryLanguage"),
    ];
    for (definition, place) in table {
        let invalid = StateMachine::parse(&definition).unwrap_err();
        assert!(invalid.needs_jsonata());
        let expected = format!("{place}: JSONata is not supported yet, write the definition in JSONPath");
        assert!(invalid.problems.iter().any(|problem| problem.to_string() == expected), "{invalid}");
    }
}

#[test]
fn a_field_of_jsonata_in_a_jsonpath_state_is_refused_with_its_counterpart() {
    let problems = problems(&json!({"Type": "Pass", "Output": {}, "End": true}));
    let expected = "States.S.Output: belongs to the query language JSONata, in JSONPath write ResultSelector, ResultPath or \
                    OutputPath";
    assert_eq!(problems, [expected]);
}

#[test]
fn what_is_no_object_is_no_definition() {
    for definition in [json!(null), json!([]), json!("x")] {
        assert_eq!(machine_problems(&definition).len(), 1, "{definition}");
    }
}
