use serde_json::{Value, json};

use crate::{InvalidDefinition, MachineType, StateMachine};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:f";

/// A valid definition with every kind of flow in it.
fn definition() -> Value {
    json!({
        "StartAt": "Lock",
        "States": {
            "Lock": {
                "Type": "Task",
                "Resource": FUNCTION,
                "Retry": [{"ErrorEquals": ["Lambda.SdkClientException"]}, {"ErrorEquals": ["States.ALL"]}],
                "Catch": [{"ErrorEquals": ["LockError"], "ResultPath": "$.error", "Next": "Failed"}],
                "Next": "Healthy?"
            },
            "Healthy?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.healthy", "BooleanEquals": true, "Next": "Both"}],
                "Default": "Lock"
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": true}}}],
                "Next": "Each"
            },
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "One",
                    "States": {"One": {"Type": "Pass", "Next": "Two"}, "Two": {"Type": "Succeed"}}
                },
                "End": true
            },
            "Failed": {"Type": "Fail", "CausePath": "States.Format('{}', $.error.Cause)"}
        }
    })
}

fn change(pointer: &str, value: Value) -> Value {
    let mut definition = definition();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match definition.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is not there")) {
        Value::Object(fields) => drop(fields.insert(field.replace("~1", "/"), value)),
        Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    definition
}

fn problems(definition: &Value, machine_type: MachineType) -> Vec<String> {
    match StateMachine::parse_as(definition, machine_type) {
        Ok(_) => Vec::new(),
        Err(InvalidDefinition { problems }) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// The only problem of the definition after a change.
fn only_problem(pointer: &str, value: Value) -> String {
    let mut problems = problems(&change(pointer, value), MachineType::Standard);
    assert_eq!(problems.len(), 1, "{pointer}: {problems:#?}");
    problems.remove(0)
}

#[test]
fn a_valid_definition_is_accepted() {
    assert_eq!(problems(&definition(), MachineType::Standard), Vec::<String>::new());
}

#[test]
fn a_transition_leads_to_a_state_of_its_own_flow() {
    for (pointer, target, expected) in [
        ("/StartAt", "lock", "StartAt: there is no state \"lock\": write one of \"Lock\", "),
        (
            "/States/Lock/Next",
            "Healthy",
            "States.Lock.Next: there is no state \"Healthy\": write one of \"Healthy?\", ",
        ),
        ("/States/Healthy?/Default", "", "States.Healthy?.Default: there is no state \"\": write one of "),
        (
            "/States/Each/ItemProcessor/States/One/Next",
            "Left",
            "States.Each.ItemProcessor.States.One.Next: \"Left\" stands in another flow, at \
             States.Both.Branches[0].States.Left, and cannot be entered from here: write one of \"One\", \"Two\"",
        ),
        (
            "/States/Both/Branches/0/StartAt",
            "Right",
            "States.Both.Branches[0].StartAt: there is no state \"Right\": write one of \"Left\"",
        ),
    ] {
        let problems = problems(&change(pointer, target.into()), MachineType::Standard);
        assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {problems:#?}");
    }
    let rule = json!({"Variable": "$.x", "IsNull": true, "Next": "Bot"});
    let problems = problems(&change("/States/Healthy?/Choices/0", rule), MachineType::Standard);
    let expected = "States.Healthy?.Choices[0].Next: there is no state \"Bot\": write one of \"Both\", ";
    assert!(problems.iter().any(|problem| problem.starts_with(expected)), "{problems:#?}");
}

#[test]
fn an_unknown_target_is_reported_even_where_another_state_cannot_be_read() {
    let mut definition = change("/States/Lock/Catch/0/Next", "Faled".into());
    definition["States"]["Both"] = json!({"Type": "Parallel", "Next": "Each"});
    let problems = problems(&definition, MachineType::Standard);
    assert!(
        problems.iter().any(|problem| problem.starts_with("States.Lock.Catch[0].Next: there is no state \"Faled\""))
    );
    assert!(problems.iter().any(|problem| problem.starts_with("States.Both: Branches is missing")));
}

#[test]
fn every_state_is_reachable_from_the_first() {
    let lonely = only_problem("/States/Lonely", json!({"Type": "Pass", "Next": "Lonely"}));
    assert_eq!(lonely, "States.Lonely: is never reached: let a Next, Default or Catch lead to it, or remove it");
    let island = json!({"Type": "Pass", "Next": "Two"});
    let inner = only_problem("/States/Each/ItemProcessor/States/Three", island);
    assert!(inner.starts_with("States.Each.ItemProcessor.States.Three: is never reached"), "{inner}");
}

#[test]
fn every_flow_ends_somewhere() {
    let endless =
        json!({"Left": {"Type": "Pass", "Next": "Right"}, "Right": {"Type": "Wait", "Seconds": 1, "Next": "Left"}});
    let problem = only_problem("/States/Both/Branches/0/States", endless);
    assert!(
        problem.starts_with("States.Both.Branches[0].States: no state ends this flow: write \"End\": true"),
        "{problem}"
    );
}

#[test]
fn names_are_unique_in_the_whole_machine() {
    let mut definition = change("/States/Both/Branches/0/States", json!({"Failed": {"Type": "Pass", "End": true}}));
    definition["States"]["Both"]["Branches"][0]["StartAt"] = "Failed".into();
    let problems = problems(&definition, MachineType::Standard);
    let expected = "States.Both.Branches[0].States.Failed: has the name of States.Failed: give it another, names are \
                    unique in the whole machine";
    assert_eq!(problems, [expected]);
    let long = "x".repeat(81);
    let problem =
        only_problem("/States/Each/ItemProcessor", json!({"StartAt": long, "States": {long: {"Type": "Succeed"}}}));
    assert!(problem.ends_with("has a name of 81 characters, write one of 1 to 80"), "{problem}");
}

#[test]
fn states_all_stands_alone_and_last() {
    for (names, expected) in [
        (json!(["States.ALL", "LockError"]), "\"States.ALL\" stands for all other names: write it alone"),
        (json!(["States.Timout"]), "\"States.Timout\" is no error of Step Functions, "),
    ] {
        let problem = only_problem("/States/Lock/Retry/1/ErrorEquals", names);
        assert!(problem.starts_with(&format!("States.Lock.Retry[1].ErrorEquals: {expected}")), "{problem}");
    }
    let problem = only_problem("/States/Lock/Retry/0/ErrorEquals", json!(["States.ALL"]));
    let expected = "\"States.ALL\" leaves nothing for the entries after it: make it the last one";
    assert_eq!(problem, format!("States.Lock.Retry[0].ErrorEquals: {expected}"));
    let http = json!(["States.Http.StatusCode.503"]);
    assert!(problems(&change("/States/Lock/Retry/0/ErrorEquals", http), MachineType::Standard).is_empty());
}

#[test]
fn a_result_can_only_be_put_into_the_input() {
    for path in ["$$.Execution", "$variable"] {
        let problem = only_problem("/States/Lock/Catch/0/ResultPath", path.into());
        assert!(
            problem.starts_with(&format!("States.Lock.Catch[0].ResultPath: `{path}` cannot be written to")),
            "{problem}"
        );
    }
    let problem = only_problem("/States/Lock/ResultPath", "$.a[*]".into());
    assert!(problem.starts_with("States.Lock.ResultPath: `$.a[*]` is not a valid reference path"), "{problem}");
}

#[test]
fn a_failure_is_told_in_text() {
    let problem = only_problem("/States/Failed/ErrorPath", "States.MathAdd(1, 2)".into());
    assert!(
        problem.starts_with("States.Failed.ErrorPath: `States.MathAdd(1, 2)` gives no text: write a path"),
        "{problem}"
    );
}

#[test]
fn variables_have_names_that_paths_can_hold() {
    for (name, is_good) in
        [("count", true), ("größe_2", true), ("_x", true), ("2x", false), ("a-b", false), ("states", false)]
    {
        let problems = problems(&change("/States/Both/Assign", json!({name: 1})), MachineType::Standard);
        assert_eq!(problems.is_empty(), is_good, "{name}: {problems:#?}");
    }
    let problem = only_problem("/States/Each/Assign", json!({"a b.$": "$.x"}));
    assert!(problem.starts_with("States.Each.Assign.a b: \"a b\" cannot name a variable"), "{problem}");
}

#[test]
fn credentials_name_a_role() {
    for credentials in [json!({}), json!({"roleArn": "arn:aws:iam::111111111111:role/r"})] {
        let problem = only_problem("/States/Lock/Credentials", credentials);
        assert!(problem.starts_with("States.Lock.Credentials: RoleArn is missing: "), "{problem}");
    }
    let looked_up = json!({"RoleArn.$": "$.role"});
    assert!(problems(&change("/States/Lock/Credentials", looked_up), MachineType::Standard).is_empty());
}

#[test]
fn an_express_machine_may_do_less() {
    for (resource, unfit) in [
        ("arn:aws:states:us-east-1:111111111111:activity:a", "no activities"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "no `.waitForTaskToken`"),
        ("arn:aws:states:::states:startExecution.sync:2", "no `.sync`"),
    ] {
        let definition = change("/States/Lock/Resource", resource.into());
        assert!(problems(&definition, MachineType::Standard).is_empty());
        let problems = problems(&definition, MachineType::Express);
        assert!(problems[0].starts_with(&format!("States.Lock.Resource: an express state machine supports {unfit}")));
        assert_eq!(problems.len(), 1);
    }
    let config = json!({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"});
    let mut definition = change("/States/Each/ItemProcessor/ProcessorConfig", config);
    definition["States"]["Each"]["ItemProcessor"]["States"]["One"] =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "Two"});
    let of = |machine_type| problems(&definition, machine_type);
    assert!(of(MachineType::Standard)[0].starts_with("States.Each.ItemProcessor.States.One.Resource: an express"));
    assert!(of(MachineType::Express)[1].starts_with("States.Each.ItemProcessor.ProcessorConfig: an express"));
}

#[test]
fn problems_come_in_the_order_of_the_definition() {
    let mut definition = definition();
    definition["States"]["Lock"]["Nxt"] = "Healthy?".into();
    definition["States"]["Healthy?"]["Default"] = "Nowhere".into();
    definition["States"]["Both"]["Parameters"] = json!({"a.b": {"c[0].$": "no path"}});
    definition["States"]["Each"]["ResultPath"] = "$$".into();
    definition["States"]["Failed"]["Cause"] = 5.into();
    let problems = problems(&definition, MachineType::Standard);
    let places: Vec<&str> = problems.iter().map(|problem| problem.split(": ").next().unwrap()).collect();
    let expected = [
        "States.Lock.Nxt",
        "States.Healthy?.Default",
        "States.Both.Parameters.a.b.c[0].$",
        "States.Each.ResultPath",
        "States.Failed.CausePath",
        "States.Failed.Cause",
    ];
    assert_eq!(places, expected);
}

proptest::proptest! {
    #[test]
    fn no_field_makes_the_reader_panic(
        pointer in proptest::sample::select(vec![
            "/StartAt", "/States", "/States/Lock", "/States/Lock/Type", "/States/Lock/Next", "/States/Lock/Catch",
            "/States/Lock/Retry", "/States/Lock/Parameters", "/States/Lock/ResultPath", "/States/Lock/Assign",
            "/States/Lock/TimeoutSeconds", "/States/Healthy?/Choices", "/States/Healthy?/Choices/0/Variable",
            "/States/Both/Branches", "/States/Each/ItemProcessor", "/States/Failed/CausePath",
        ]),
        value in proptest::sample::select(vec![
            json!(null), json!(5), json!(-1.5), json!(""), json!("$"), json!("$.a[*]"), json!("States.Array()"), json!([]),
            json!({}), json!([5]), json!([{}]), json!({"a": {}}), json!({"StartAt": "a", "States": {"a": {}}}),
        ]),
    ) {
        let _ = StateMachine::parse(&change(pointer, value));
    }
}
