use std::collections::BTreeMap;

use serde_json::json;

use super::super::ReadErrorKind;
use super::*;
use crate::error_code::Coded;

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

/// The error if `web`'s `field` has this value.
fn error(field: &str, value: Value) -> ReadError {
    let mut service = json!({"instance_type": "t3.nano"});
    service[field] = value;
    read::<Services>(&json!({"web": service})).unwrap_err()
}

/// Values that are refused, each as `field`, value, kind and path.
fn refused() -> Vec<(&'static str, Value, ReadErrorKind, &'static str)> {
    use ReadErrorKind::{Missing, Null, Type, Unknown, Value as Invalid};
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    vec![
        ("min_size", json!("3"), Type, "web.min_size"),
        ("min_size", json!(1.5), Type, "web.min_size"),
        ("min_size", json!(-1), Invalid, "web.min_size"),
        ("min_size", json!(4_294_967_296_u64), Invalid, "web.min_size"),
        ("min_size", number("1e999999999"), Invalid, "web.min_size"),
        ("min_size", json!({}), Type, "web.min_size"),
        ("threshold", number("1e400"), Invalid, "web.threshold"),
        ("threshold", json!("50"), Type, "web.threshold"),
        ("instance_type", number("1e400"), Type, "web.instance_type"),
        ("instance_type", json!(["secret"]), Type, "web.instance_type"),
        ("strategy", json!("AllAtOnc"), Invalid, "web.strategy"),
        ("strategy", json!({"OneThenAll": {}}), Missing, "web.strategy.OneThenAll.wait"),
        ("strategy", json!({}), Invalid, "web.strategy"),
        ("strategy", json!(1), Type, "web.strategy"),
        ("pair", json!([1]), Invalid, "web.pair"),
        ("pair", json!([1, 2, 3]), Invalid, "web.pair"),
        ("pair", json!([1, 256]), Invalid, "web.pair[1]"),
        ("instance_typ", json!("x"), Unknown, "web.instance_typ"),
        ("min_size", Value::Null, Null, "web.min_size"),
    ]
}

#[test]
fn value_is_read_as_the_type() {
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
fn whole_number_may_have_a_decimal_point() {
    for spelling in ["600", "600.0", "6e2", "6.00E+2"] {
        let number: Value = serde_json::from_str(spelling).unwrap();
        assert_eq!(read::<u32>(&number), Ok(600), "{spelling}");
        assert_eq!(read::<i64>(&number), Ok(600), "{spelling}");
    }
    assert_eq!(read::<i64>(&serde_json::from_str("-6e2").unwrap()), Ok(-600));
}

#[test]
fn error_has_kind_and_path() {
    for (field, value, kind, path) in refused() {
        let error = error(field, value.clone());
        assert_eq!((error.kind, error.path.as_str()), (kind, path), "{field}: {value}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

#[test]
fn messages() {
    let messages = refused().into_iter().map(|(field, value, ..)| {
        let error = error(field, value);
        format!("{}: {error}", error.code())
    });
    insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n"));
}

#[test]
fn null_is_refused_for_every_type() {
    let error = read::<Value>(&json!({"a": [1, {"b": null}]})).unwrap_err();
    assert_eq!((error.path.as_str(), error.kind), ("a[1].b", ReadErrorKind::Null));
    assert_eq!(read::<Option<u32>>(&Value::Null).unwrap_err().kind, ReadErrorKind::Null);
    assert_eq!(read::<serde::de::IgnoredAny>(&json!([null])).unwrap_err().kind, ReadErrorKind::Null);
}

#[test]
fn digits_of_any_value_are_kept() {
    let value: Value = serde_json::from_str(r#"{"a":[1,1.0,1e400,9007199254740993.0,"x",true]}"#).unwrap();
    assert_eq!(read::<Value>(&value), Ok(value.clone()));
}

#[test]
fn members_can_be_read_as_two_types() {
    let value = json!({"a": 1, "instance_type": "x"});
    let service: Service = read_members(&value, |key| key != "a", &["a"]).unwrap();
    assert_eq!(service.instance_type, "x");
    let error = read_members::<Service>(&json!({"metadta": 1}), |_| true, &["metadata"]).unwrap_err();
    assert_eq!((error.kind, error.path.as_str()), (ReadErrorKind::Unknown, "metadta"));
    assert!(error.message.contains("`metadata`"), "{error}");
    for value in [json!(1), json!("x"), json!(true), json!([]), Value::Null] {
        assert!(read_members::<Service>(&value, |_| true, &[]).is_err());
    }
    let error = read_members::<Service>(&json!([]), |_| true, &[]).unwrap_err();
    assert_eq!((error.kind, error.path.as_str()), (ReadErrorKind::Type, ""));
}

#[test]
fn keys_may_be_whole_numbers() {
    assert_eq!(
        read(&json!({"0": "a", "17": "b"})),
        Ok(BTreeMap::from([(0_u64, "a".to_owned()), (17, "b".to_owned())]))
    );
    assert_eq!(read(&json!({"-1": true})), Ok(BTreeMap::from([(-1_i32, true)])));
    for key in ["", "01", "+1", " 1", "1.0", "-1", "256"] {
        let refused = read::<BTreeMap<u8, bool>>(&json!({key: true})).unwrap_err();
        assert_eq!(refused.kind, ReadErrorKind::Type, "{key}");
    }
}
