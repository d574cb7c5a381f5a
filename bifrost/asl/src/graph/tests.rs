use serde_json::json;

use super::*;

fn machine() -> StateMachine {
    let definition = json!({
        "StartAt": "Lock",
        "States": {
            "Lock": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f",
                "Catch": [
                    {"ErrorEquals": ["LockExistsError", "LockError"], "Next": "Failed \"badly\""},
                    {"ErrorEquals": ["States.ALL"], "Next": "Failed \"badly\""}
                ],
                "Next": "Healthy?"
            },
            "Healthy?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.healthy", "BooleanEquals": true, "Next": "Both"},
                    {
                        "And": [
                            {"Variable": "$.name", "StringLessThanPath": "$.other"},
                            {"Or": [
                                {"Variable": "$.n", "NumericGreaterThanEquals": 1.5},
                                {"Not": {"Variable": "$.x", "IsPresent": false}}
                            ]}
                        ],
                        "Next": "Each"
                    }
                ],
                "Default": "Pause"
            },
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Healthy?"},
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": true}}},
                    {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "Next": "Stop"}, "Stop": {"Type": "Succeed"}}}
                ],
                "End": true
            },
            "Each": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": true}}},
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed \"badly\""}],
                "End": true
            },
            "Failed \"badly\"": {"Type": "Fail"}
        }
    });
    StateMachine::parse(&definition).unwrap()
}

#[test]
fn diagram_in_mermaid() {
    insta::assert_snapshot!(mermaid(&machine()));
}

#[test]
fn diagram_in_dot() {
    insta::assert_snapshot!(dot(&machine()));
}

#[test]
fn names_are_escaped() {
    let name = "a\"]\n}; x -> y #1 `<b>` \\";
    let definition = json!({"StartAt": name, "States": {name: {"Type": "Succeed"}}});
    let machine = StateMachine::parse(&definition).unwrap();
    let mermaid = mermaid(&machine);
    let escaped = "a#quot;#93;#10;#125;#59; x #45;#62; y #35;1 #96;#60;b#62;#96; #92;";
    assert!(mermaid.contains(&format!("state \"{escaped}\" as s0\n")), "{mermaid}");
    let dot = dot(&machine);
    assert!(dot.contains("s0 [label=\"a\\\"]\\n}; x -> y #1 `<b>` \\\\\", peripheries=2]\n"), "{dot}");
}
