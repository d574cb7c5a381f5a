use std::collections::BTreeMap;

use serde_json::json;

use super::super::ReadErrorKind;
use super::*;

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    instance_type: String,
    min_size: Option<u32>,
    spread: Option<Number>,
    threshold: Option<f64>,
    strategy: Option<Strategy>,
    #[serde(default)]
    pair: Option<(u8, u8)>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
enum Strategy {
    AllAtOnce,
    OneThenAll { wait: u32 },
}

type Services = BTreeMap<String, Service>;

/// What is refused when `web`'s `field` has this value.
fn refused(field: &str, value: Value) -> String {
    let mut service = json!({"instance_type": "t3.nano"});
    service[field] = value;
    let error = read::<Services>(&json!({"web": service})).unwrap_err();
    format!("{:?} {error}", error.kind)
}

#[test]
fn a_value_becomes_the_type() {
    let value = json!({"web": {
        "instance_type": "t3.nano", "min_size": 3, "threshold": 50, "strategy": "AllAtOnce", "pair": [1, 2],
        "spread": serde_json::from_str::<Number>("0.800000000000000000000001").unwrap(),
    }});
    let services: Services = read(&value).unwrap();
    let web = &services["web"];
    assert_eq!(web.spread.as_ref().unwrap().as_str(), "0.800000000000000000000001");
    assert_eq!((web.min_size, web.threshold, web.pair), (Some(3), Some(50.0), Some((1, 2))));
    let strategy: Strategy = read(&json!({"OneThenAll": {"wait": 5}})).unwrap();
    assert_eq!(strategy, Strategy::OneThenAll { wait: 5 });
}

#[test]
fn a_whole_number_may_be_spelt_with_a_point() {
    for spelling in ["600", "600.0", "6e2", "6.00E+2"] {
        let number: Value = serde_json::from_str(spelling).unwrap();
        assert_eq!(read::<u32>(&number), Ok(600), "{spelling}");
        assert_eq!(read::<i64>(&number), Ok(600), "{spelling}");
    }
    assert_eq!(read::<i64>(&serde_json::from_str("-6e2").unwrap()), Ok(-600));
}

#[test]
fn a_message_names_path_and_kind_in_the_words_of_json() {
    insta::assert_snapshot!(refused("min_size", json!("3")), @"Type web.min_size: expected a whole number from 0 to 4294967295, found a string");
    insta::assert_snapshot!(refused("min_size", json!(1.5)), @"Type web.min_size: expected a whole number from 0 to 4294967295, found 1.5");
    insta::assert_snapshot!(refused("min_size", json!(-1)), @"Value web.min_size: expected a whole number from 0 to 4294967295, found -1");
    insta::assert_snapshot!(refused("min_size", json!(4_294_967_296_u64)), @"Value web.min_size: expected a whole number from 0 to 4294967295, found 4294967296");
    insta::assert_snapshot!(refused("min_size", serde_json::from_str("1e999999999").unwrap()), @"Value web.min_size: expected a whole number from 0 to 4294967295, found 1e+999999999");
    insta::assert_snapshot!(refused("min_size", json!({})), @"Type web.min_size: expected a whole number from 0 to 4294967295, found an object");
    insta::assert_snapshot!(refused("threshold", serde_json::from_str("1e400").unwrap()), @"Value web.threshold: expected a number, found 1e+400");
    insta::assert_snapshot!(refused("threshold", json!("50")), @"Type web.threshold: expected a number, found a string");
    insta::assert_snapshot!(refused("instance_type", serde_json::from_str("1e400").unwrap()), @"Type web.instance_type: expected a string, found 1e+400");
    insta::assert_snapshot!(refused("instance_type", json!(["secret"])), @"Type web.instance_type: expected a string, found an array");
    insta::assert_snapshot!(refused("strategy", json!("AllAtOnc")), @r#"Value web.strategy: "AllAtOnc" is none of AllAtOnce, OneThenAll; did you mean `AllAtOnce`?"#);
    insta::assert_snapshot!(refused("strategy", json!({"OneThenAll": {}})), @"Missing web.strategy.OneThenAll.wait: required, but absent");
    insta::assert_snapshot!(refused("strategy", json!({})), @"Value web.strategy: expected an object of one member, found an object");
    insta::assert_snapshot!(refused("strategy", json!(1)), @"Type web.strategy: expected a string, found 1");
    insta::assert_snapshot!(refused("pair", json!([1])), @"Value web.pair: expected an array of 2 elements, found 1");
    insta::assert_snapshot!(refused("pair", json!([1, 2, 3])), @"Value web.pair: expected an array of 2 elements, found 3");
    insta::assert_snapshot!(refused("pair", json!([1, 256])), @"Value web.pair[1]: expected a whole number from 0 to 255, found 256");
    insta::assert_snapshot!(refused("instance_typ", json!("x")), @"Unknown web.instance_typ: there is no such field; did you mean `instance_type`?");
    insta::assert_snapshot!(refused("min_size", Value::Null), @"Null web.min_size: null is refused: leave the field out");
}

#[test]
fn null_is_refused_also_where_anything_else_is_taken() {
    let error = read::<Value>(&json!({"a": [1, {"b": null}]})).unwrap_err();
    assert_eq!((error.path.as_str(), error.kind), ("a[1].b", ReadErrorKind::Null));
    assert_eq!(read::<Option<u32>>(&Value::Null).unwrap_err().kind, ReadErrorKind::Null);
    assert_eq!(read::<serde::de::IgnoredAny>(&json!([null])).unwrap_err().kind, ReadErrorKind::Null);
}

#[test]
fn any_value_is_read_with_all_its_digits() {
    let value: Value = serde_json::from_str(r#"{"a":[1,1.0,1e400,9007199254740993.0,"x",true]}"#).unwrap();
    assert_eq!(read::<Value>(&value), Ok(value.clone()));
}

#[test]
fn members_are_shared_out_between_two_types() {
    let value = json!({"a": 1, "instance_type": "x"});
    let service: Service = read_members(&value, |key| key != "a", &["a"]).unwrap();
    assert_eq!(service.instance_type, "x");
    let error = read_members::<Service>(&json!({"metadta": 1}), |_| true, &["metadata"]).unwrap_err();
    insta::assert_snapshot!(error, @"metadta: there is no such field; did you mean `metadata`?");
    for value in [json!(1), json!("x"), json!(true), json!([]), Value::Null] {
        assert!(read_members::<Service>(&value, |_| true, &[]).is_err());
    }
    insta::assert_snapshot!(read_members::<Service>(&json!([]), |_| true, &[]).unwrap_err(), @"the document: expected an object, found an array");
}
