//! Definitions in JSONata.

use serde_json::{Map, Value, json};

use super::{FUNCTION, locations};
use crate::{InvalidDefinition, MachineType, Problem, StateMachine, validate};

fn problems(definition: &Value, machine_type: MachineType) -> Vec<Problem> {
    match validate(definition, machine_type) {
        Ok(()) => Vec::new(),
        Err(InvalidDefinition { problems }) => problems,
    }
}

/// A machine in JSONata whose first state is `state`; `Then` is there to be reached.
fn machine(state: &Value) -> Value {
    let mut states = Map::new();
    states.insert("S".to_owned(), state.clone());
    if state.to_string().contains("\"Then\"") {
        states.insert("Then".to_owned(), json!({"Type": "Succeed"}));
    }
    json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": states})
}

/// The problems of the only state of a machine in JSONata.
fn state_problems(state: &Value) -> Vec<Problem> {
    problems(&machine(state), MachineType::Standard)
}

fn with(base: Value, fields: &Value) -> Value {
    let Value::Object(mut all) = base else { panic!("{base} is not an object") };
    all.extend(fields.as_object().unwrap().clone());
    Value::Object(all)
}

fn task(fields: &Value) -> Value {
    with(json!({"Type": "Task", "Resource": FUNCTION, "End": true}), fields)
}

fn pass(fields: &Value) -> Value {
    with(json!({"Type": "Pass", "End": true}), fields)
}

fn choice(rule: &Value) -> Value {
    json!({"Type": "Choice", "Choices": [with(json!({"Next": "Then"}), rule)]})
}

fn wait(fields: &Value) -> Value {
    with(json!({"Type": "Wait", "End": true}), fields)
}

fn map(fields: &Value) -> Value {
    let processor = json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "Output": "{% 1 %}", "End": true}}});
    with(json!({"Type": "Map", "ItemProcessor": processor, "End": true}), fields)
}

fn parallel(fields: &Value) -> Value {
    let branch = json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "Output": "{% 1 %}", "End": true}}});
    with(json!({"Type": "Parallel", "Branches": [branch], "End": true}), fields)
}

#[test]
fn every_state_may_use_expressions() {
    let reads_all = json!("{% $merge([$states.input, $states.result, $states.context]) %}");
    let catcher = json!({
        "ErrorEquals": ["States.ALL"],
        "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
        "Output": {"error": "{% $states.errorOutput %}", "input": "{% $states.input %}"},
        "Next": "Then"
    });
    for state in [
        task(&json!({
            "Arguments": {"a": ["{% $states.input.a %}", 1, {"b.$": "$.b"}]},
            "Credentials": {"RoleArn": "{% $role %}"},
            "TimeoutSeconds": "{% $states.input.timeout %}",
            "HeartbeatSeconds": 5,
            "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
            "Catch": [catcher],
            "Assign": {"x": reads_all},
            "Output": reads_all
        })),
        task(&json!({"Arguments": "{% $states.input %}", "TimeoutSeconds": 10, "HeartbeatSeconds": "{% 5 %}"})),
        pass(&json!({"Output": {"a": "{% $x.y[z = 1] %}"}, "Assign": {"a": 1}, "Comment": "{% not checked"})),
        choice(&json!({"Condition": "{% $states.input.a = 1 %}", "Assign": {"a": 1}, "Output": 5, "Comment": "c"})),
        choice(&json!({"Condition": true})),
        with(choice(&json!({"Condition": false})), &json!({"Default": "Then", "Output": null, "Assign": {}})),
        wait(&json!({"Seconds": "{% $seconds %}", "Output": "{% $states.input %}", "Assign": {"a": 1}})),
        wait(&json!({"Timestamp": "{% $states.input.until %}"})),
        wait(&json!({"Timestamp": "2026-01-01T00:00:00Z"})),
        json!({"Type": "Succeed", "Output": "{% $states.input %}"}),
        json!({"Type": "Fail", "Error": "{% $states.input.Error %}", "Cause": "plain"}),
        parallel(&json!({"Arguments": "{% $states.input %}", "Output": reads_all, "Assign": {"x": reads_all}})),
        map(&json!({
            "Items": "{% $states.input.items %}",
            "ItemSelector": {"item": "{% $states.context.Map.Item.Value %}"},
            "MaxConcurrency": "{% $x %}",
            "Output": reads_all,
            "Catch": [catcher]
        })),
        map(&json!({
            "Items": [1, "{% $two %}"],
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "In",
                "States": {"In": {"Type": "Succeed"}}
            },
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "ReaderConfig": {"MaxItems": "{% $x %}"},
                "Arguments": {"Bucket": "{% $x %}"}
            },
            "ItemBatcher": {"MaxItemsPerBatch": "{% $x %}", "MaxInputBytesPerBatch": 5, "BatchInput": "{% $x %}"},
            "ToleratedFailureCount": "{% $x %}",
            "ToleratedFailurePercentage": "{% $x %}",
            "Label": "items",
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Arguments": "{% $x %}"}
        })),
    ] {
        assert_eq!(state_problems(&state), [], "{state:#}");
    }
}

/// Each wrong field once: its position, and its message as users see it.
#[test]
fn invalid_field_is_refused_by_location() {
    let catcher = |fields: &Value| {
        let catcher = json!({"ErrorEquals": ["States.ALL"], "Next": "Then"});
        task(&json!({"Catch": [with(catcher, fields)]}))
    };
    let table = [
        // Fields of JSONPath.
        (task(&json!({"InputPath": "$.a"})), "InputPath"),
        (task(&json!({"OutputPath": "$.a"})), "OutputPath"),
        (task(&json!({"ResultPath": "$.a"})), "ResultPath"),
        (task(&json!({"ResultSelector": {}})), "ResultSelector"),
        (task(&json!({"Parameters": {}})), "Parameters"),
        (task(&json!({"TimeoutSecondsPath": "$.a"})), "TimeoutSecondsPath"),
        (task(&json!({"HeartbeatSecondsPath": "$.a"})), "HeartbeatSecondsPath"),
        (pass(&json!({"Result": 1})), "Result"),
        (wait(&json!({"Seconds": 1, "SecondsPath": "$.a"})), "SecondsPath"),
        (wait(&json!({"Seconds": 1, "TimestampPath": "$.a"})), "TimestampPath"),
        (json!({"Type": "Fail", "ErrorPath": "$.a"}), "ErrorPath"),
        (json!({"Type": "Fail", "CausePath": "$.a"}), "CausePath"),
        (map(&json!({"ItemsPath": "$.a"})), "ItemsPath"),
        (map(&json!({"MaxConcurrencyPath": "$.a"})), "MaxConcurrencyPath"),
        (map(&json!({"ToleratedFailureCountPath": "$.a"})), "ToleratedFailureCountPath"),
        (map(&json!({"ItemReader": {"Resource": "r", "Parameters": {}}})), "ItemReader.Parameters"),
        (
            map(&json!({"ItemReader": {"Resource": "r", "ReaderConfig": {"MaxItemsPath": "$.a"}}})),
            "ItemReader.ReaderConfig.MaxItemsPath",
        ),
        (map(&json!({"ItemBatcher": {"MaxItemsPerBatchPath": "$.a"}})), "ItemBatcher.MaxItemsPerBatchPath"),
        (map(&json!({"ResultWriter": {"Parameters": {}}})), "ResultWriter.Parameters"),
        (choice(&json!({"Condition": true, "Variable": "$.a"})), "Choices[0].Variable"),
        (choice(&json!({"Condition": true, "StringEquals": "a"})), "Choices[0].StringEquals"),
        (choice(&json!({"Condition": true, "Not": {}})), "Choices[0].Not"),
        (catcher(&json!({"ResultPath": "$.a"})), "Catch[0].ResultPath"),
        // Fields of other states.
        (json!({"Type": "Fail", "Output": 1}), "Output"),
        (json!({"Type": "Succeed", "Assign": {}}), "Assign"),
        (pass(&json!({"Arguments": {}})), "Arguments"),
        (map(&json!({"Arguments": {}})), "Arguments"),
        (task(&json!({"Items": []})), "Items"),
        (pass(&json!({"Catch": []})), "Catch"),
        // Values of the wrong type.
        (task(&json!({"TimeoutSeconds": "5"})), "TimeoutSeconds"),
        (task(&json!({"TimeoutSeconds": 0})), "TimeoutSeconds"),
        (task(&json!({"TimeoutSeconds": 5, "HeartbeatSeconds": 5})), "HeartbeatSeconds"),
        (task(&json!({"Retry": [{"ErrorEquals": ["E"], "MaxAttempts": "{% 1 %}"}]})), "Retry[0].MaxAttempts"),
        (task(&json!({"Assign": "{% {} %}"})), "Assign"),
        (task(&json!({"Credentials": "{% $x %}"})), "Credentials"),
        (task(&json!({"Credentials": {}})), "Credentials"),
        (wait(&json!({"Timestamp": "tomorrow"})), "Timestamp"),
        (wait(&json!({})), ""),
        (wait(&json!({"Seconds": 1, "Timestamp": "{% $x %}"})), ""),
        (map(&json!({"Items": "all"})), "Items"),
        (map(&json!({"ToleratedFailurePercentage": 101})), "ToleratedFailurePercentage"),
        (map(&json!({"ItemReader": {"Resource": "r", "Arguments": "all"}})), "ItemReader.Arguments"),
        (json!({"Type": "Choice", "Choices": []}), "Choices"),
        (choice(&json!({})), "Choices[0]"),
        (choice(&json!({"Condition": "yes"})), "Choices[0].Condition"),
        (choice(&json!({"Condition": 1})), "Choices[0].Condition"),
        (pass(&json!({"Assign": {"a b": 1}})), "Assign.a b"),
        (pass(&json!({"Assign": {"a.$": 1}})), "Assign.a.$"),
        (pass(&json!({"Assign": {"states": 1}})), "Assign.states"),
        // Expressions.
        (pass(&json!({"Output": "{% 1"})), "Output"),
        (pass(&json!({"Output": {"a": [1, "1 %}"]}})), "Output.a[1]"),
        (pass(&json!({"Output": {"a": "{% 1 + %}"}})), "Output.a"),
        (pass(&json!({"Output": "{% total %}"})), "Output"),
        (pass(&json!({"Output": "{% $.total %}"})), "Output"),
        (pass(&json!({"Output": "{% $$.total %}"})), "Output"),
        (pass(&json!({"Output": "{% States.Format('{}', 1) %}"})), "Output"),
        (pass(&json!({"Output": "{% $eval('1') %}"})), "Output"),
        (pass(&json!({"Output": "{% $states.result %}"})), "Output"),
        (task(&json!({"Arguments": "{% $states.result %}"})), "Arguments"),
        (task(&json!({"Output": "{% $states.errorOutput %}"})), "Output"),
        (catcher(&json!({"Output": "{% $states.result %}"})), "Catch[0].Output"),
        (catcher(&json!({"Assign": {"a": "{% ( %}"}})), "Catch[0].Assign.a"),
        (choice(&json!({"Condition": "{% a %}"})), "Choices[0].Condition"),
        (task(&json!({"Credentials": {"RoleArn": "{% role %}"}})), "Credentials.RoleArn"),
        (task(&json!({"TimeoutSeconds": "{% 5"})), "TimeoutSeconds"),
        (json!({"Type": "Fail", "Cause": "{% cause %}"}), "Cause"),
        (map(&json!({"ItemBatcher": {"BatchInput": {"a": "{% b %}"}}})), "ItemBatcher.BatchInput.a"),
    ];
    let mut messages = Vec::new();
    for (state, field) in table {
        let problems = state_problems(&state);
        let expected = if field.is_empty() { "States.S".to_owned() } else { format!("States.S.{field}") };
        assert_eq!(locations(&problems), [expected], "{state:#}\n{problems:#?}");
        messages.extend(problems.iter().map(ToString::to_string));
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn field_of_jsonata_is_refused_in_jsonpath() {
    let state = |fields: &Value| json!({"StartAt": "S", "States": {"S": fields}});
    for (fields, location) in [
        (task(&json!({"Arguments": {}})), "States.S.Arguments"),
        (pass(&json!({"Output": 1})), "States.S.Output"),
        (map(&json!({"Items": []})), "States.S.Items"),
    ] {
        let problems = problems(&state(&fields), MachineType::Standard);
        assert!(locations(&problems).contains(&location), "{location} is not in {problems:#?}");
    }
    let rule = json!({"Type": "Choice", "Choices": [{"Condition": true, "Next": "S"}]});
    assert!(locations(&problems(&state(&rule), MachineType::Standard)).contains(&"States.S.Choices[0].Condition"));
}

#[test]
fn state_may_switch_to_jsonata_but_not_back() {
    let machine = |top: Value, state: Value| {
        let mut definition = json!({"StartAt": "S", "States": {"S": pass(&json!({}))}});
        definition["QueryLanguage"] = top;
        definition["States"]["S"]["QueryLanguage"] = state;
        problems(&definition, MachineType::Standard)
    };
    for (top, state) in [("JSONPath", "JSONPath"), ("JSONPath", "JSONata"), ("JSONata", "JSONata")] {
        assert_eq!(machine(top.into(), state.into()), [], "{top} {state}");
    }
    assert_eq!(locations(&machine("JSONata".into(), "JSONPath".into())), ["States.S.QueryLanguage"]);
    assert_eq!(locations(&machine("JSONPath".into(), "jsonata".into())), ["States.S.QueryLanguage"]);
    assert_eq!(locations(&machine("Jsonata".into(), "JSONata".into())), ["QueryLanguage"]);
    assert_eq!(locations(&machine(5.into(), "JSONata".into())), ["QueryLanguage"]);
}

/// The states in a `Map` or `Parallel` are in the language of the machine, not of that state.
#[test]
fn inner_states_have_the_language_of_the_machine() {
    for outer in [map(&json!({})), parallel(&json!({}))] {
        let definition = json!({"StartAt": "S", "States": {"S": with(outer, &json!({"QueryLanguage": "JSONata"}))}});
        let problems = problems(&definition, MachineType::Standard);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].location.ends_with(".In.Output"), "{problems:#?}");
    }
    let processor = json!({"QueryLanguage": "JSONata", "StartAt": "In", "States": {"In": {"Type": "Succeed"}}});
    let problems = state_problems(&map(&json!({"ItemProcessor": processor})));
    assert_eq!(locations(&problems), ["States.S.ItemProcessor.QueryLanguage"]);
}

#[test]
fn rules_of_the_flow_apply_to_jsonata() {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "Begin", "States": {
        "Start": {"Type": "Choice", "Choices": [{"Condition": true, "Next": "Nowhere"}]},
        "Start again": {"Type": "Parallel", "Branches": [{"StartAt": "In", "States": {
            "In": {"Type": "Pass", "Next": "Start"},
            "Start": {"Type": "Pass", "Next": "In"}
        }}], "End": true}
    }});
    let problems = problems(&definition, MachineType::Standard);
    let expected = [
        "StartAt",
        "States.Start.Choices[0].Next",
        "States.Start again.Branches[0].States",
        "States.Start again.Branches[0].States.Start",
    ];
    assert_eq!(locations(&problems), expected);
}

#[test]
fn rules_of_retry_and_catch_apply_to_jsonata() {
    for field in ["Retry", "Catch"] {
        let entry = |names: &[&str]| json!({"ErrorEquals": names, "Next": "Then"});
        let catch = |first: &[&str], second: &[&str]| {
            let entries = Value::from(vec![entry(first), entry(second)]);
            let mut state = task(&json!({}));
            state[field] = entries;
            state["Next"] = "Then".into();
            state.as_object_mut().unwrap().remove("End");
            state_problems(&state)
        };
        let first = format!("States.S.{field}[0].ErrorEquals");
        for (names, is_good) in
            [(&["E"][..], true), (&["States.ALL"], false), (&["States.ALL", "E"], false), (&["States.X"], false)]
        {
            let found = catch(names, &["States.ALL"]);
            assert_eq!(locations(&found).contains(&first.as_str()), !is_good, "{names:?} {found:#?}");
        }
    }
}

#[test]
fn express_machine_supports_less_in_jsonata() {
    let state = task(&json!({"Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}));
    assert_eq!(problems(&machine(&state), MachineType::Standard), []);
    assert_eq!(locations(&problems(&machine(&state), MachineType::Express)), ["States.S.Resource"]);
}

/// The interpreter does not execute JSONata, even where the definition is valid.
#[test]
fn valid_jsonata_is_not_parsed() {
    let definition = machine(&pass(&json!({"Output": "{% 1 %}"})));
    assert_eq!(problems(&definition, MachineType::Standard), []);
    assert!(StateMachine::parse(&definition).unwrap_err().needs_jsonata());
}

proptest::proptest! {
    #[test]
    fn validation_never_panics(
        pointer in proptest::sample::select(vec![
            "/QueryLanguage", "/States/S", "/States/S/Type", "/States/S/Arguments", "/States/S/Output", "/States/S/Assign",
            "/States/S/TimeoutSeconds", "/States/S/Credentials", "/States/S/Catch", "/States/S/Catch/0/Output",
            "/States/S/Retry", "/States/S/Choices", "/States/S/Items", "/States/S/ItemProcessor", "/States/S/Branches",
        ]),
        kind in proptest::sample::select(vec!["Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"]),
        value in proptest::sample::select(vec![
            json!(null), json!(5), json!(""), json!("{%"), json!("{%}"), json!("{%%}"), json!("{% $x %}"), json!("JSONata"),
            json!([]), json!([5]), json!([{}]), json!({}), json!({"a": "{% a %}"}), json!({"RoleArn": "{% $x %}"}),
        ]),
    ) {
        let mut definition = machine(&task(&json!({
            "Type": kind, "Arguments": {}, "Output": 1, "Assign": {}, "TimeoutSeconds": 5, "Credentials": {}, "Retry": [],
            "Catch": [{"Output": 1}], "Choices": [{}], "Items": [], "ItemProcessor": {}, "Branches": [{}],
        })));
        *definition.pointer_mut(pointer).unwrap() = value;
        proptest::prop_assert!(validate(&definition, MachineType::Express).is_err());
    }
}
