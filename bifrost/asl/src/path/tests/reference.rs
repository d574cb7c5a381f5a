//! Reference paths.

use serde_json::json;

use crate::path::ReferencePath;

#[test]
fn reference_path_has_one_place() {
    for text in ["$", "$.a", "$.a.b", "$['a']", "$.a[0].b", "$$.Execution.Id", "$variable.x"] {
        assert!(ReferencePath::parse(text).is_ok(), "{text}");
    }
    for text in ["$.a[*]", "$.a[1:]", "$..a", "$.a[-1]", "$.a[0,1]", "$['a','b']", "$.a[?(@.b)]", "$.a.length()", "a"] {
        assert!(ReferencePath::parse(text).is_err(), "{text}");
    }
}

#[test]
fn value_is_inserted_at_the_path() {
    for (path, target, expected) in [
        ("$", json!(5), json!("new")),
        ("$.a", json!({"b": 1}), json!({"b": 1, "a": "new"})),
        ("$.a", json!({"a": {"x": 1}, "b": 2}), json!({"a": "new", "b": 2})),
        ("$.a.b.c", json!({}), json!({"a": {"b": {"c": "new"}}})),
        ("$.a.b", json!({"a": {"x": 1}}), json!({"a": {"x": 1, "b": "new"}})),
        ("$.a[1]", json!({"a": [1, 2]}), json!({"a": [1, "new"]})),
        ("$[0].x", json!([{}]), json!([{"x": "new"}])),
    ] {
        let mut value = target.clone();
        assert_eq!(ReferencePath::parse(path).unwrap().insert(&mut value, json!("new")), Ok(()), "{path} in {target}");
        assert_eq!(value, expected, "{path} in {target}");
    }
}

#[test]
fn failed_insert_changes_nothing() {
    for (path, target) in [
        ("$.a", json!(5)),
        ("$.a", json!(null)),
        ("$.a", json!([1])),
        ("$.a.b", json!({"a": 5})),
        ("$.a[2]", json!({"a": [1, 2]})),
        ("$.a[0]", json!({})),
        ("$[0]", json!({"0": 1})),
    ] {
        let mut value = target.clone();
        let failure = ReferencePath::parse(path).unwrap().insert(&mut value, json!("new")).expect_err(path);
        assert_eq!(failure.to_string(), format!("Unable to apply ReferencePath {path} to input {target}"));
        assert_eq!(value, target);
    }
}
