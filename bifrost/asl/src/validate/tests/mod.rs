mod jsonata;

use serde_json::{Value, json};

use crate::{InvalidDefinition, MachineType, Problem, StateMachine, validate};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:111111111111:function:f";

/// A valid definition with every kind of flow.
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
    match definition.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} does not exist")) {
        Value::Object(fields) => drop(fields.insert(field.replace("~1", "/"), value)),
        Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
        other => panic!("{parent} is {other}"),
    }
    definition
}

fn problems(definition: &Value, machine_type: MachineType) -> Vec<Problem> {
    match StateMachine::parse_as(definition, machine_type) {
        Ok(_) => Vec::new(),
        Err(InvalidDefinition { problems }) => problems,
    }
}

fn locations(problems: &[Problem]) -> Vec<&str> {
    problems.iter().map(|problem| problem.location.as_str()).collect()
}

/// The location of the only problem of the definition after a change.
fn only_problem(pointer: &str, value: Value) -> String {
    let mut problems = problems(&change(pointer, value), MachineType::Standard);
    assert_eq!(problems.len(), 1, "{pointer}: {problems:#?}");
    problems.remove(0).location
}

#[test]
fn valid_definition_is_accepted() {
    assert_eq!(problems(&definition(), MachineType::Standard), []);
}

/// Each rule once, as users see its message.
#[test]
fn messages_of_all_rules() {
    let long = "x".repeat(81);
    let changes = [
        ("/States/Lock/Next", json!("Healthy")),
        ("/States/Each/ItemProcessor/States/One/Next", json!("Left")),
        ("/States/Lonely", json!({"Type": "Pass", "Next": "Lonely"})),
        ("/States/Both/Branches/0/States/Left", json!({"Type": "Pass", "Next": "Left"})),
        ("/States/Both/Branches/0", json!({"StartAt": "Failed", "States": {"Failed": {"Type": "Succeed"}}})),
        ("/States/Each/ItemProcessor", json!({"StartAt": long, "States": {long.as_str(): {"Type": "Succeed"}}})),
        ("/States/Lock/Retry/1/ErrorEquals", json!(["States.ALL", "LockError"])),
        ("/States/Lock/Retry/1/ErrorEquals", json!(["States.Timout"])),
        ("/States/Lock/Retry/0/ErrorEquals", json!(["States.ALL"])),
        ("/States/Lock/ResultPath", json!("$variable")),
        ("/States/Lock/ResultPath", json!("$.a[*]")),
        ("/States/Failed/ErrorPath", json!("States.MathAdd(1, 2)")),
        ("/States/Each/Assign", json!({"a b.$": "$.x"})),
        ("/States/Lock/Credentials", json!({})),
    ];
    let found =
        changes.iter().flat_map(|(pointer, value)| problems(&change(pointer, value.clone()), MachineType::Standard));
    let mut express = definition();
    express["States"]["Lock"]["Resource"] = "arn:aws:states:::sqs:sendMessage.waitForTaskToken".into();
    express["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED"});
    let messages = found.chain(problems(&express, MachineType::Express)).map(|problem| format!("{problem}\n"));
    insta::assert_snapshot!(messages.collect::<String>());
}

#[test]
fn transition_stays_in_its_flow() {
    for (pointer, target, expected) in [
        ("/StartAt", "lock", "StartAt"),
        ("/States/Lock/Next", "Healthy", "States.Lock.Next"),
        ("/States/Healthy?/Default", "", "States.Healthy?.Default"),
        ("/States/Each/ItemProcessor/States/One/Next", "Left", "States.Each.ItemProcessor.States.One.Next"),
        ("/States/Both/Branches/0/StartAt", "Right", "States.Both.Branches[0].StartAt"),
    ] {
        let problems = problems(&change(pointer, target.into()), MachineType::Standard);
        assert!(locations(&problems).contains(&expected), "{expected} is not in {problems:#?}");
    }
    let rule = json!({"Variable": "$.x", "IsNull": true, "Next": "Bot"});
    let problems = problems(&change("/States/Healthy?/Choices/0", rule), MachineType::Standard);
    assert!(locations(&problems).contains(&"States.Healthy?.Choices[0].Next"), "{problems:#?}");
}

#[test]
fn similar_names_are_proposed_first() {
    let problems = problems(&change("/States/Lock/Next", "Healthy".into()), MachineType::Standard);
    let message = &problems[0].message;
    assert!(message.find("\"Healthy?\"") < message.find("\"Both\""), "{message}");
}

#[test]
fn unknown_target_is_reported_beside_invalid_state() {
    let mut definition = change("/States/Lock/Catch/0/Next", "Faled".into());
    definition["States"]["Both"] = json!({"Type": "Parallel", "Next": "Each"});
    let problems = problems(&definition, MachineType::Standard);
    for location in ["States.Lock.Catch[0].Next", "States.Both"] {
        assert!(locations(&problems).contains(&location), "{location} is not in {problems:#?}");
    }
}

#[test]
fn unreachable_state_is_reported() {
    assert_eq!(only_problem("/States/Lonely", json!({"Type": "Pass", "Next": "Lonely"})), "States.Lonely");
    let pointer = "/States/Each/ItemProcessor/States/Three";
    let inner = only_problem(pointer, json!({"Type": "Pass", "Next": "Two"}));
    assert_eq!(inner, "States.Each.ItemProcessor.States.Three");
}

#[test]
fn endless_flow_is_reported() {
    let endless =
        json!({"Left": {"Type": "Pass", "Next": "Right"}, "Right": {"Type": "Wait", "Seconds": 1, "Next": "Left"}});
    assert_eq!(only_problem("/States/Both/Branches/0/States", endless), "States.Both.Branches[0].States");
}

#[test]
fn names_are_unique_in_the_whole_machine() {
    let mut definition = change("/States/Both/Branches/0/States", json!({"Failed": {"Type": "Pass", "End": true}}));
    definition["States"]["Both"]["Branches"][0]["StartAt"] = "Failed".into();
    let problems = problems(&definition, MachineType::Standard);
    assert_eq!(locations(&problems), ["States.Both.Branches[0].States.Failed"]);
}

#[test]
fn long_name_is_refused() {
    let long = "x".repeat(81);
    let processor = json!({"StartAt": long, "States": {long.as_str(): {"Type": "Succeed"}}});
    let location = only_problem("/States/Each/ItemProcessor", processor);
    assert_eq!(location, format!("States.Each.ItemProcessor.States.{long}"));
}

#[test]
fn states_all_is_alone_and_last() {
    for names in [json!(["States.ALL", "LockError"]), json!(["States.Timout"])] {
        assert_eq!(only_problem("/States/Lock/Retry/1/ErrorEquals", names), "States.Lock.Retry[1].ErrorEquals");
    }
    let first = only_problem("/States/Lock/Retry/0/ErrorEquals", json!(["States.ALL"]));
    assert_eq!(first, "States.Lock.Retry[0].ErrorEquals");
    let http = json!(["States.Http.StatusCode.503"]);
    assert_eq!(problems(&change("/States/Lock/Retry/0/ErrorEquals", http), MachineType::Standard), []);
}

#[test]
fn result_path_points_into_the_input() {
    for path in ["$$.Execution", "$variable"] {
        let location = only_problem("/States/Lock/Catch/0/ResultPath", path.into());
        assert_eq!(location, "States.Lock.Catch[0].ResultPath", "{path}");
    }
    assert_eq!(only_problem("/States/Lock/ResultPath", "$.a[*]".into()), "States.Lock.ResultPath");
}

#[test]
fn error_path_returns_a_string() {
    let location = only_problem("/States/Failed/ErrorPath", "States.MathAdd(1, 2)".into());
    assert_eq!(location, "States.Failed.ErrorPath");
}

#[test]
fn variable_names_are_checked() {
    for (name, is_good) in
        [("count", true), ("größe_2", true), ("_x", true), ("2x", false), ("a-b", false), ("states", false)]
    {
        let problems = problems(&change("/States/Both/Assign", json!({name: 1})), MachineType::Standard);
        assert_eq!(problems.is_empty(), is_good, "{name}: {problems:#?}");
    }
    assert_eq!(only_problem("/States/Each/Assign", json!({"a b.$": "$.x"})), "States.Each.Assign.a b");
}

#[test]
fn inner_flow_assigns_no_outer_variable() {
    let branch = "/States/Both/Branches/0/States/Left/Assign";
    let item = "/States/Each/ItemProcessor/States/One/Assign";
    let found = |inner: &str, outer: &str| {
        let (parent, field) = outer.rsplit_once('/').unwrap();
        let mut definition = change(inner, json!({"taken.$": "$.x", "free": 1}));
        definition.pointer_mut(parent).unwrap()[field] = json!({"taken": 1, "other": 2});
        let problems = problems(&definition, MachineType::Standard);
        locations(&problems).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let in_branch = "States.Both.Branches[0].States.Left.Assign.taken.$";
    for outer in [
        "/States/Lock/Assign",
        "/States/Lock/Catch/0/Assign",
        "/States/Healthy?/Assign",
        "/States/Healthy?/Choices/0/Assign",
        "/States/Each/Assign",
    ] {
        assert_eq!(found(branch, outer), [in_branch], "{outer}");
    }
    assert_eq!(found(item, "/States/Lock/Assign"), ["States.Each.ItemProcessor.States.One.Assign.taken.$"]);
    // Flows beside each other, states of one flow, and the state around the flow.
    for outer in [item, "/States/Both/Assign"] {
        assert_eq!(found(branch, outer), Vec::<String>::new(), "{outer}");
    }
    assert_eq!(found("/States/Lock/Assign", "/States/Healthy?/Assign"), Vec::<String>::new());
}

#[test]
fn credentials_need_a_role() {
    for credentials in [json!({}), json!({"roleArn": "arn:aws:iam::111111111111:role/r"})] {
        assert_eq!(only_problem("/States/Lock/Credentials", credentials), "States.Lock.Credentials");
    }
    let path = json!({"RoleArn.$": "$.role"});
    assert_eq!(problems(&change("/States/Lock/Credentials", path), MachineType::Standard), []);
}

#[test]
fn function_may_have_a_version_or_alias() {
    let function = |arn: &str| {
        let definition = change("/States/Lock/Resource", arn.into());
        let problems = problems(&definition, MachineType::Standard);
        locations(&problems).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for good in [
        FUNCTION,
        "arn:aws:lambda:us-east-1:111111111111:function:f:7",
        "arn:aws:lambda:us-east-1:111111111111:function:f:prod-1_a",
        "arn:aws-cn:lambda:cn-north-1:111111111111:function:f:$LATEST",
        "arn:aws:lambda:{{aws_region}}:{{aws_account}}:function:{{lambda_name}}",
        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Function}:${Alias}",
        "{{lambda_name}}",
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::aws-sdk:s3:getObject",
        "arn:aws:states:us-east-1:111111111111:activity:a",
    ] {
        assert_eq!(function(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "arn:aws:lambda:us-east-1:111111111111:function:",
        "arn:aws:lambda:us-east-1:111111111111:function:f g",
        "arn:aws:lambda:us-east-1:111111111111:function:f:",
        "arn:aws:lambda:us-east-1:111111111111:function:f:a b",
        "arn:aws:lambda:us-east-1:111111111111:function:f:$PROD",
        "arn:aws:lambda:us-east-1:111111111111:function:f:prod:1",
        "arn:aws:states:::lambda:invoke:prod",
        "arn:aws:states:::sqs:sendMessage:1.waitForTaskToken",
    ] {
        assert_eq!(function(bad), ["States.Lock.Resource"], "{bad}");
    }
}

/// Go's client of Step sends such definitions.
#[test]
fn definition_of_the_go_client_is_accepted() {
    let text = concat!(
        r#"{"Comment":"Step Function Deployer","StartAt":"Validate","States":{"#,
        r#""Validate":{"Type":"Task","Comment":"Validate and Set Defaults","#,
        r#""Resource":"arn:aws:lambda:us-east-1:111111111111:function:coinbase-step-deployer","#,
        r#""Parameters":{"Task":"Validate","Input.$":"$"},"Next":"Healthy?","#,
        r#""Retry":[{"ErrorEquals":["Lambda.Unknown"],"IntervalSeconds":15,"MaxAttempts":3,"BackoffRate":1.0}],"#,
        r#""Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"FailureClean"}]},"#,
        r#""Healthy?":{"Comment":"Check the release is $.healthy","Type":"Choice","#,
        r#""Choices":[{"Variable":"$.healthy","BooleanEquals":true,"Next":"Success"}],"Default":"FailureClean"},"#,
        r#""FailureClean":{"Comment":"Failed cleanly","Type":"Fail","Error":"NotifyError"},"#,
        r#""Success":{"Type":"Succeed"}}}"#,
    );
    let definition: Value = serde_json::from_str(text).unwrap();
    assert_eq!(validate(&definition, MachineType::Standard), Ok(()));
    assert!(StateMachine::parse(&definition).is_ok());
}

#[test]
fn express_machine_supports_less() {
    for resource in [
        "arn:aws:states:us-east-1:111111111111:activity:a",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
    ] {
        let definition = change("/States/Lock/Resource", resource.into());
        assert_eq!(problems(&definition, MachineType::Standard), []);
        assert_eq!(locations(&problems(&definition, MachineType::Express)), ["States.Lock.Resource"], "{resource}");
    }
    let config = json!({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"});
    let mut definition = change("/States/Each/ItemProcessor/ProcessorConfig", config);
    definition["States"]["Each"]["ItemProcessor"]["States"]["One"] =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "Two"});
    let standard = problems(&definition, MachineType::Standard);
    assert_eq!(locations(&standard)[0], "States.Each.ItemProcessor.States.One.Resource");
    let express = problems(&definition, MachineType::Express);
    assert_eq!(locations(&express)[1], "States.Each.ItemProcessor.ProcessorConfig");
}

#[test]
fn problems_are_sorted_by_location() {
    let mut definition = definition();
    definition["States"]["Lock"]["Nxt"] = "Healthy?".into();
    definition["States"]["Healthy?"]["Default"] = "Nowhere".into();
    definition["States"]["Both"]["Parameters"] = json!({"a.b": {"c[0].$": "no path"}});
    definition["States"]["Each"]["ResultPath"] = "$$".into();
    definition["States"]["Failed"]["Cause"] = 5.into();
    let problems = problems(&definition, MachineType::Standard);
    let expected = [
        "States.Lock.Nxt",
        "States.Healthy?.Default",
        "States.Both.Parameters.a.b.c[0].$",
        "States.Each.ResultPath",
        "States.Failed.CausePath",
        "States.Failed.Cause",
    ];
    assert_eq!(locations(&problems), expected);
}

proptest::proptest! {
    #[test]
    fn parser_never_panics(
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
