//! `Choice`: every operator, nested conditions, and missing values.

use serde_json::{Value, json};

use super::fixture::Fixture;

/// Whether a rule is true for an input.
fn is_true(rule: Value, input: Value) -> bool {
    let mut rule = rule;
    rule["Next"] = "Yes".into();
    let fixture = Fixture::new(json!({"StartAt": "Ask", "States": {
        "Ask": {"Type": "Choice", "Choices": [rule], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": true, "End": true},
        "No": {"Type": "Pass", "Result": false, "End": true},
    }}));
    fixture.output(input) == json!(true)
}

fn test(operator: &str, operand: Value, value: Value) -> bool {
    let mut rule = json!({"Variable": "$.x"});
    rule[operator] = operand;
    is_true(rule, json!({"x": value, "text": "m", "number": 5, "time": "2026-01-01T00:00:00Z", "truth": true}))
}

#[test]
fn ordered_operators_need_their_own_type() {
    let table = [
        ("String", json!("m"), "$.text", [json!("l"), json!("m"), json!("n")]),
        ("Numeric", json!(5), "$.number", [json!(4.9), json!(5.0), json!(6)]),
        (
            "Timestamp",
            json!("2026-01-01T00:00:00Z"),
            "$.time",
            [json!("2025-12-31T23:59:59Z"), json!("2026-01-01T01:00:00+01:00"), json!("2026-01-01T00:00:00.001Z")],
        ),
    ];
    let orders = [
        ("Equals", [false, true, false]),
        ("LessThan", [true, false, false]),
        ("LessThanEquals", [true, true, false]),
        ("GreaterThan", [false, false, true]),
        ("GreaterThanEquals", [false, true, true]),
    ];
    for (kind, operand, path, values) in &table {
        for (order, expected) in orders {
            for (value, expected) in values.iter().zip(expected) {
                let operator = format!("{kind}{order}");
                assert_eq!(test(&operator, operand.clone(), value.clone()), expected, "{operator} {value}");
                let operator = format!("{kind}{order}Path");
                assert_eq!(test(&operator, json!(path), value.clone()), expected, "{operator} {value}");
            }
            assert!(!test(&format!("{kind}{order}"), operand.clone(), json!({})), "{kind}{order} of an object");
        }
    }
}

#[test]
fn booleans_and_patterns_are_compared() {
    assert!(test("BooleanEquals", json!(false), json!(false)));
    assert!(!test("BooleanEquals", json!(false), json!(0)));
    assert!(test("BooleanEqualsPath", json!("$.truth"), json!(true)));
    assert!(!test("BooleanEqualsPath", json!("$.text"), json!(true)));
    assert!(test("StringMatches", json!("web-*-v?"), json!("web-api-v?")));
    assert!(!test("StringMatches", json!("web-*"), json!("api-web")));
    assert!(!test("StringMatches", json!("*"), json!(1)));
    assert!(test("StringMatches", json!(r"a\*b"), json!("a*b")));
}

#[test]
fn value_types_are_distinguished() {
    let values = [json!(null), json!(1.5), json!("x"), json!("2026-01-01T00:00:00Z"), json!(true), json!([])];
    let table = [
        ("IsNull", [true, false, false, false, false, false]),
        ("IsNumeric", [false, true, false, false, false, false]),
        ("IsString", [false, false, true, true, false, false]),
        ("IsTimestamp", [false, false, false, true, false, false]),
        ("IsBoolean", [false, false, false, false, true, false]),
        ("IsPresent", [true, true, true, true, true, true]),
    ];
    for (operator, expected) in table {
        for (value, expected) in values.iter().zip(expected) {
            assert_eq!(test(operator, json!(true), value.clone()), expected, "{operator} {value}");
            assert_eq!(test(operator, json!(false), value.clone()), !expected, "{operator} false {value}");
        }
    }
}

#[test]
fn conditions_nest() {
    let at_least = |number: i64| json!({"Variable": "$.n", "NumericGreaterThanEquals": number});
    let rule = json!({"Or": [
        {"And": [at_least(10), {"Not": at_least(20)}]},
        {"Not": {"Or": [at_least(0), {"Variable": "$.n", "IsNull": true}]}},
    ]});
    for (number, expected) in [(15, true), (20, false), (5, false), (-1, true)] {
        assert_eq!(is_true(rule.clone(), json!({"n": number})), expected, "{number}");
    }
}

#[test]
fn conditions_short_circuit() {
    let guarded = json!({"And": [
        {"Variable": "$.n", "IsPresent": true},
        {"Variable": "$.n", "NumericEquals": 1},
    ]});
    assert!(!is_true(guarded.clone(), json!({})));
    assert!(is_true(guarded, json!({"n": 1})));
    let either =
        json!({"Or": [{"Variable": "$.a", "BooleanEquals": true}, {"Variable": "$.b", "BooleanEquals": true}]});
    assert!(is_true(either, json!({"a": true})));
}

#[test]
fn missing_value_ends_the_execution() {
    let machine = |rule: Value| {
        Fixture::new(json!({"StartAt": "Ask", "States": {
            "Ask": {"Type": "Choice", "Choices": [rule], "Default": "Yes"},
            "Yes": {"Type": "Succeed"},
        }}))
    };
    let place = "An error occurred while executing the state 'Ask' (entered at the event id #2).";
    let invalid = "The choice state's condition path references an invalid value.";
    let variable = machine(json!({"Variable": "$.x", "NumericEquals": 1, "Next": "Yes"}));
    let expected = ("States.Runtime".to_owned(), format!("{place} Invalid path '$.x': {invalid}"));
    assert_eq!(variable.failure(json!({})), expected);
    let operand = machine(json!({"Variable": "$.x", "NumericEqualsPath": "$.y", "Next": "Yes"}));
    let expected = ("States.Runtime".to_owned(), format!("{place} Invalid path '$.y': {invalid}"));
    assert_eq!(operand.failure(json!({"x": 1})), expected);
}

#[test]
fn no_match_without_default_fails() {
    let fixture = Fixture::new(json!({"StartAt": "Ask", "States": {
        "Ask": {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "Yes"}]},
        "Yes": {"Type": "Succeed"},
    }}));
    let (error, cause) = fixture.failure(json!({"x": 2}));
    assert_eq!(error, "States.Runtime");
    assert!(cause.ends_with("Failed to transition out of the state. The state does not point to a next state."));
}

#[test]
fn rules_and_default_set_their_variables() {
    let fixture = |input: Value| {
        let fixture = Fixture::new(json!({"StartAt": "Ask", "States": {
            "Ask": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Assign": {"who.$": "$.x"}, "Next": "Tell"}],
                "Assign": {"who": "default"},
                "Default": "Tell",
            },
            "Tell": {"Type": "Pass", "Parameters": {"who.$": "$who"}, "End": true},
        }}));
        fixture.output(input)
    };
    assert_eq!(fixture(json!({"x": 1})), json!({"who": 1}));
    assert_eq!(fixture(json!({"x": 2})), json!({"who": "default"}));
}
