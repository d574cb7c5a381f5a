use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::values::same;
use super::*;

/// A definition with every kind of transition and flow.
fn definition() -> Value {
    json!({
        "Comment": "Deploys",
        "StartAt": "Lock",
        "TimeoutSeconds": 600,
        "States": {
            "Lock": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f",
                "Parameters": {"Task": "Lock", "Input.$": "$"},
                "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 3}],
                "Catch": [
                    {"ErrorEquals": ["LockError", "HaltError"], "Next": "Failed"},
                    {"ErrorEquals": ["States.ALL"], "Next": "Failed"}
                ],
                "Next": "Healthy?"
            },
            "Healthy?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.a", "BooleanEquals": true, "Next": "Both"},
                    {"Variable": "$.b", "BooleanEquals": true, "Next": "Each"}
                ],
                "Default": "Lock"
            },
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": true}}},
                    {"StartAt": "Right", "States": {"Right": {"Type": "Wait", "Seconds": 5, "Next": "Stop"}, "Stop": {"Type": "Succeed"}}}
                ],
                "Next": "Each"
            },
            "Each": {
                "Type": "Map",
                "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "Next": "Two"}, "Two": {"Type": "Succeed"}}},
                "End": true
            },
            "Failed": {"Type": "Fail"}
        }
    })
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut definition = definition();
    change(&mut definition);
    definition
}

/// The lines of the difference after a change.
fn lines(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let diff = DefinitionDiff::between(&definition(), &changed(change));
    diff.changes().iter().map(ToString::to_string).collect()
}

#[test]
fn equal_definitions_have_no_difference() {
    assert!(DefinitionDiff::between(&definition(), &definition()).is_empty());
    let spelt = lines(|new| {
        new["TimeoutSeconds"] = serde_json::from_str("6.00e2").unwrap();
        let states = new["States"].as_object_mut().unwrap();
        states.sort_keys();
    });
    assert_eq!(spelt, Vec::<String>::new());
}

#[test]
fn fields_of_the_machine_are_compared() {
    let lines = lines(|new| {
        new["StartAt"] = "Healthy?".into();
        new["TimeoutSeconds"] = 900.into();
        new["Version"] = "1.0".into();
        new.as_object_mut().unwrap().shift_remove("Comment");
    });
    let expected = [
        "StartAt changed: \"Lock\" → \"Healthy?\"",
        "TimeoutSeconds changed: 600 → 900",
        "Version added: \"1.0\"",
        "Comment removed: \"Deploys\"",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn added_and_removed_states_have_transitions() {
    let lines = lines(|new| {
        new["States"]["Pause"] = json!({"Type": "Wait", "Seconds": 5, "Next": "Healthy?"});
        new["States"]["Healthy?"]["Default"] = "Pause".into();
        new["States"]["Each"]["ItemProcessor"]["States"]["One"] = json!({"Type": "Pass", "End": true});
        new["States"]["Each"]["ItemProcessor"]["States"].as_object_mut().unwrap().remove("Two");
    });
    let expected = [
        "state Each.One changed: End",
        "state Pause added (Wait)",
        "state Each.Two removed (Succeed)",
        "transition Healthy? → Lock (Default) removed",
        "transition Each.One → Each.Two (Next) removed",
        "transition Healthy? → Pause (Default) added",
        "transition Pause → Healthy? (Next) added",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn changed_fields_have_short_paths() {
    let lines = lines(|new| {
        let lock = &mut new["States"]["Lock"];
        lock["Retry"][0]["MaxAttempts"] = 6.into();
        lock["Parameters"]["Execution.$"] = "$$.Execution.Id".into();
        lock["TimeoutSeconds"] = 310.into();
        lock.as_object_mut().unwrap().shift_remove("Resource");
        new["States"]["Both"]["Branches"][0]["StartAt"] = "Last".into();
        new["States"]["Both"]["Branches"][1]["States"]["Right"]["Seconds"] = 6.into();
        new["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "INLINE"});
    });
    let expected = [
        "state Lock changed: Parameters.Execution.$, Retry[0].MaxAttempts, TimeoutSeconds, Resource",
        "state Both changed: Branches[0].StartAt",
        "state Both.Right changed: Seconds",
        "state Each changed: ItemProcessor.ProcessorConfig",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn transitions_have_reasons() {
    let lines = lines(|new| {
        new["States"]["Lock"]["Next"] = "Both".into();
        new["States"]["Lock"]["Catch"][0]["ErrorEquals"] = json!(["LockError"]);
        new["States"]["Healthy?"]["Choices"][0]["Next"] = "Each".into();
    });
    let expected = [
        "state Lock changed: Catch[0].ErrorEquals",
        "transition Lock → Healthy? (Next) removed",
        "transition Lock → Failed (Catch LockError, HaltError) removed",
        "transition Healthy? → Both (Choices[0]) removed",
        "transition Lock → Both (Next) added",
        "transition Lock → Failed (Catch LockError) added",
        "transition Healthy? → Each (Choices[0]) added",
    ];
    assert_eq!(lines, expected);
}

/// The results of a `Parallel` have the order of its branches.
#[test]
fn order_of_branches_is_compared() {
    let lines = lines(|new| new["States"]["Both"]["Branches"].as_array_mut().unwrap().reverse());
    let fields = "Branches[0].StartAt, Branches[1].StartAt, Branches[0].States, Branches[1].States";
    assert_eq!(lines, [format!("state Both changed: {fields}")]);
}

#[test]
fn catchers_of_one_error_are_compared() {
    let catchers = |first: &str, second: &str| {
        changed(|new| {
            let catcher = |next: &str| json!({"ErrorEquals": ["E"], "Next": next});
            new["States"]["Lock"]["Catch"] = json!([catcher(first), catcher(second)]);
        })
    };
    let diff = DefinitionDiff::between(&catchers("Failed", "Lock"), &catchers("Lock", "Failed"));
    assert_eq!(diff.changes().len(), 4, "{diff:#?}");
}

#[test]
fn each_change_is_one_line() {
    let name = "a\nb\u{1b}\u{2028}";
    let new = json!({"StartAt": name, "States": {name: {"Type": "Pass", "Next": name, "Catch": "x".repeat(500)}}});
    let diff = DefinitionDiff::between(&json!({"Long": "x".repeat(500)}), &new);
    for change in diff {
        let line = change.to_string();
        assert!(!line.contains(char::is_control) && !line.contains('\u{2028}'), "{line:?}");
        assert!(line.chars().count() < 200, "{line:?}");
    }
}

#[test]
fn definition_need_not_be_valid() {
    let strange = [
        json!(null),
        json!(5),
        json!([]),
        json!({}),
        json!({"States": []}),
        json!({"States": {}}),
        json!({"States": {"A": 5}}),
        json!({"States": {"A": {"Next": 5, "Catch": 5, "Choices": [5], "Branches": [5], "ItemProcessor": 5}}}),
        json!({"States": {"A": {"Type": "Choice", "Choices": [{"Next": "A"}, {"Next": 5}], "Default": "B"}}}),
        json!({"States": {"A": {"Iterator": {"States": {"B": {}}}, "ItemProcessor": {"States": {"B": {}}}}}}),
        json!({"States": {"A": {"Branches": [{"States": {"B": {}}}, {"States": {"B": 5}}]}}}),
        json!({"States": {"A": {"Branches": [{"States": {"B": 5}}, {"States": {"B": {}}}]}}}),
        definition(),
    ];
    for old in &strange {
        for new in &strange {
            assert_eq!(DefinitionDiff::between(old, new).is_empty(), old == new, "{old} {new}");
        }
    }
}

/// What the change is in the other direction.
fn mirrored(change: DefinitionChange) -> DefinitionChange {
    match change {
        DefinitionChange::Field { field, old, new } => DefinitionChange::Field { field, old: new, new: old },
        DefinitionChange::StateAdded { state, kind } => DefinitionChange::StateRemoved { state, kind },
        DefinitionChange::StateRemoved { state, kind } => DefinitionChange::StateAdded { state, kind },
        DefinitionChange::StateChanged { state, mut fields } => {
            fields.sort();
            DefinitionChange::StateChanged { state, fields }
        }
        DefinitionChange::EdgeAdded(edge) => DefinitionChange::EdgeRemoved(edge),
        DefinitionChange::EdgeRemoved(edge) => DefinitionChange::EdgeAdded(edge),
    }
}

fn sorted(changes: impl Iterator<Item = DefinitionChange>) -> Vec<String> {
    let mut changes: Vec<String> = changes.map(|change| format!("{change:?}")).collect();
    changes.sort();
    changes
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["A", "B", "C", "A.B"]).prop_map(str::to_owned)
}

/// Values of fields: valid, invalid, and equal ones that are spelt differently.
fn scalar() -> impl Strategy<Value = Value> {
    let numbers = ["1", "1.0", "10e-1", "2", "9007199254740993", "9007199254740992"];
    prop::sample::select(numbers.to_vec()).prop_map(|number| serde_json::from_str(number).unwrap()).boxed()
}

fn catcher() -> impl Strategy<Value = Value> {
    (prop::sample::select(vec![json!(["E"]), json!(["F", "E"]), json!([5]), json!(5)]), name())
        .prop_map(|(errors, next)| json!({"ErrorEquals": errors, "Next": next}))
}

fn state(depth: u32) -> BoxedStrategy<Value> {
    let fields = prop::collection::hash_map(
        prop::sample::select(vec!["Next", "Default", "End", "Comment", "Catch[0].Next"]).prop_map(str::to_owned),
        prop_oneof![name().prop_map(Value::from), scalar()],
        0..3,
    );
    let kind = prop::sample::select(vec!["Task", "Choice", "Parallel", "Map"]);
    let catch = prop::option::of(prop::collection::vec(catcher(), 0..3));
    let choices = prop::option::of(prop::collection::vec(name().prop_map(|next| json!({"Next": next})), 0..3));
    let inner =
        if depth == 0 { Just(Vec::new()).boxed() } else { prop::collection::vec(flow(depth - 1), 0..3).boxed() };
    let state =
        (fields, kind, catch, choices, inner, any::<bool>()).prop_map(|(fields, kind, catch, choices, inner, map)| {
            let mut state: Map<String, Value> = fields.into_iter().collect();
            state.insert("Type".to_owned(), kind.into());
            catch.map(|catch| state.insert("Catch".to_owned(), catch.into()));
            choices.map(|choices| state.insert("Choices".to_owned(), choices.into()));
            match (inner.first(), map) {
                (Some(flow), true) => drop(state.insert("ItemProcessor".to_owned(), flow.clone())),
                (Some(_), false) => drop(state.insert("Branches".to_owned(), inner.into())),
                (None, _) => {}
            }
            Value::Object(state)
        });
    prop_oneof![9 => state, 1 => scalar()].boxed()
}

fn flow(depth: u32) -> BoxedStrategy<Value> {
    let states = prop::collection::hash_map(name(), state(depth), 0..4);
    let states = prop_oneof![9 => states.prop_map(|states| Value::Object(states.into_iter().collect())), 1 => scalar()];
    (states, prop::option::of(name()), prop::option::of(scalar()))
        .prop_map(|(states, start, timeout)| {
            let mut flow = Map::from_iter([("States".to_owned(), states)]);
            start.map(|start| flow.insert("StartAt".to_owned(), start.into()));
            timeout.map(|timeout| flow.insert("TimeoutSeconds".to_owned(), timeout));
            Value::Object(flow)
        })
        .boxed()
}

/// Sorts all keys: the order of keys does not matter.
fn with_sorted_keys(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

/// The JSON pointers of all values without values inside of them.
fn leaves(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, field)| leaves(field, format!("{pointer}/{name}"), pointers));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, item)| leaves(item, format!("{pointer}/{at}"), pointers));
        }
        _ => pointers.push(pointer),
    }
}

proptest! {
    #[test]
    fn difference_to_itself_is_empty(definition in flow(2)) {
        let other = with_sorted_keys(definition.clone());
        prop_assert_eq!(DefinitionDiff::between(&definition, &other), DefinitionDiff { changes: Vec::new() });
    }

    #[test]
    fn difference_is_empty_only_between_equal_definitions(old in flow(2), new in flow(2)) {
        prop_assert_eq!(DefinitionDiff::between(&old, &new).is_empty(), same(&old, &new));
    }

    #[test]
    fn any_small_change_is_found(
        old in flow(2), at in any::<prop::sample::Index>(), value in prop_oneof![name().prop_map(Value::from), scalar()],
    ) {
        let mut new = old.clone();
        let mut pointers = Vec::new();
        leaves(&old, String::new(), &mut pointers);
        let pointer: &String = at.get(&pointers);
        *new.pointer_mut(pointer).unwrap() = value;
        prop_assert_eq!(DefinitionDiff::between(&old, &new).is_empty(), same(&old, &new));
    }

    #[test]
    fn difference_backwards_is_mirrored(old in flow(2), new in flow(2)) {
        let there = DefinitionDiff::between(&old, &new).into_iter().map(mirrored);
        let back = DefinitionDiff::between(&new, &old).into_iter().map(mirrored).map(mirrored);
        prop_assert_eq!(sorted(there), sorted(back));
    }
}
