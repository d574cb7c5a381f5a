use super::*;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read")]
struct Known {
    name: String,
    #[serde(default, alias = "formerly")]
    inner: Option<Inner>,
    #[serde(default)]
    by_name: BTreeMap<String, Inner>,
    #[serde(default)]
    list: Vec<Inner>,
    #[serde(default)]
    outside: Option<Outside>,
    #[serde(default)]
    tagged: Option<Tagged>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read")]
struct Inner {
    size: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
#[allow(dead_code, reason = "only read")]
enum Outside {
    Sized { size: u32 },
    Held(Inner),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
#[allow(dead_code, reason = "only read")]
enum Tagged {
    Sized { size: u32 },
    Nested { one: Inner, other: Inner },
}

/// `outside`, and the sizes in `by_name`, need not be read.
fn unused(path: &[&str]) -> Option<usize> {
    match path {
        ["outside", ..] => Some(1),
        ["by_name", _, "size", ..] => Some(3),
        _ => None,
    }
}

/// What was read, without the unknown fields, and these.
fn read(value: &Value) -> Result<(Value, TakenOut), ReadError> {
    let (mut value, mut unknown) = (Cow::Borrowed(value), TakenOut::default());
    let Known { .. } = unknown.read_members(&mut value, |key| key != "others", unused)?;
    Ok((value.into_owned(), unknown))
}

fn paths(value: &Value) -> Vec<String> {
    let (_, unknown) = read(value).unwrap();
    let mut paths = unknown.unknown();
    paths.sort();
    paths
}

#[test]
fn fields_are_taken_out_at_every_depth() {
    let value = json!({
        "name": "a", "new": 1, "newer": null, "others": {"new": 1},
        "formerly": {"size": 1, "new": {"deep": []}},
        "by_name": {"new": {"size": 1, "new": 2}, "b": {"size": 2, "new": 3, "newer": 4}},
        "list": [{"size": 1}, {"size": 2, "new": 5}],
        "outside": {"sized": {"size": 1, "new": 6}},
    });
    let expected = [
        "by_name.b.new",
        "by_name.b.newer",
        "by_name.new.new",
        "formerly.new",
        "list[1].new",
        "new",
        "newer",
        "outside.sized.new",
    ];
    assert_eq!(paths(&value), expected);
    assert_eq!(paths(&json!({"name": "a", "outside": {"held": {"size": 1, "new": 7}}})), ["outside.held.new"]);
}

#[test]
fn value_that_is_known_is_not_copied() {
    let value = json!({"name": "a", "list": [{"size": 1}]});
    let (mut read, mut unknown) = (Cow::Borrowed(&value), TakenOut::default());
    let Known { .. } = unknown.read_members(&mut read, |_| true, unused).unwrap();
    assert!(matches!(read, Cow::Borrowed(_)) && unknown.fields.is_empty());
}

#[test]
fn field_of_a_tagged_enum_is_taken_out_if_it_is_the_only_one() {
    let value = |tagged: Value| json!({"name": "a", "tagged": tagged, "list": [{"size": 1, "new": 1}]});
    let sized = value(json!({"kind": "sized", "size": 1, "new": 2}));
    assert_eq!(paths(&sized), ["list[0].new", "tagged.new"]);
    let nested = value(json!({"kind": "nested", "one": {"size": 1, "new": 1}, "other": {"size": 1}}));
    assert_eq!(paths(&nested), ["list[0].new", "tagged.one.new"]);
    let twice = value(json!({"kind": "nested", "one": {"size": 1, "new": 1}, "other": {"size": 1, "new": 1}}));
    assert_eq!(read(&twice).unwrap_err().path, "tagged");
}

#[test]
fn other_faults_are_errors() {
    for (path, value) in [
        ("name", json!({"new": 1})),
        ("list[0].size", json!({"name": "a", "list": [{"size": "large", "new": 1}]})),
        ("by_name.b.size", json!({"name": "a", "by_name": {"b": {"size": "large"}}})),
        ("tagged.kind", json!({"name": "a", "tagged": {"kind": "heavy"}})),
    ] {
        assert_eq!(read(&value).unwrap_err().path, path);
    }
}

fn put_back(value: &Value, change: impl FnOnce(&mut Value)) -> (Value, Vec<String>) {
    let (input, unknown) = read(value).unwrap();
    let mut output = input.clone();
    change(&mut output);
    let lost = unknown.put_back(&input, &mut output);
    (output, lost)
}

#[test]
fn fields_are_put_back() {
    let value = json!({
        "name": "a", "new": 1, "by_name": {"b": {"size": 2, "new": {"deep": 3}}},
        "list": [{"size": 1, "new": 4, "newer": 5}, {"size": 2, "new": 6}],
    });
    assert_eq!(put_back(&value, |_| ()), (value.clone(), vec![]));
    let (output, lost) = put_back(&value, |output| output["by_name"]["b"]["size"] = json!(7));
    assert_eq!((&output["by_name"]["b"], lost.len()), (&json!({"size": 7, "new": {"deep": 3}}), 0));
}

#[test]
fn field_without_a_place_is_lost() {
    let value = json!({
        "name": "a", "by_name": {"b": {"size": 1, "new": 1}, "c": {"size": 2, "new": 2}},
        "list": [{"size": 1, "new": 3}, {"size": 2, "new": 4}],
    });
    let (output, lost) = put_back(&value, |output| {
        output["by_name"]["b"] = Value::Null;
        output["by_name"]["c"]["new"] = json!("its own");
        output["list"] = json!([{"size": 1}, {"size": 3}]);
    });
    assert_eq!(lost, ["by_name.b.new", "by_name.c.new", "list[1].new"]);
    assert_eq!(output["list"], json!([{"size": 1, "new": 3}, {"size": 3}]));
    assert_eq!(output["by_name"]["c"]["new"], "its own");
}

#[test]
fn unused_field_that_cannot_be_read_is_taken_out_and_put_back() {
    let heavy = json!({"name": "a", "outside": {"heavy": {}}, "new": 1});
    for value in [heavy, json!({"name": "a", "outside": {"sized": {}}}), json!({"name": "a", "outside": null})] {
        let (_, taken) = read(&value).unwrap();
        assert_eq!(taken.unreadable(), ["outside"], "{value}");
        let (output, lost) = put_back(&value, |output| output["outside"] = json!({"sized": {"size": 0}}));
        assert_eq!((&output["outside"], lost.len()), (&value["outside"], 0));
    }
    let value = json!({"name": "a", "outside": {"sized": {"new": 1, "size": "large"}}});
    assert_eq!(put_back(&value, |_| ()), (value, vec![]));
}
