use std::collections::BTreeMap;

use bifrost_core::json::{self, ParseProblem};
use proptest::prelude::*;
use proptest::sample::select;
use serde::Deserialize;
use serde_json::{Number, Value};

use crate::values::{any_number, any_value, respell};

/// A type with everything that the types of releases may contain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the value does not matter, only whether reading panics")]
struct Everything {
    a: Option<Vec<Everything>>,
    b: Option<(u8, i64, f64, bool)>,
    c: Option<Choice>,
    aa: Option<BTreeMap<String, Number>>,
    ab: Option<Box<Everything>>,
    ac: Option<char>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "the value does not matter, only whether reading panics")]
enum Choice {
    A,
    B(i8),
    C { a: u128 },
}

/// Pieces of JSON, in random order.
fn json_pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\"", "\\", "\\u00e9", "\\ud83d", "\\ude00", "0", "1", "-",
        ".", "e", "+", "5", "true", "null", "fals", " ", "\n", "/", "ü", "\u{0}", "\u{feff}",
    ];
    prop_oneof![prop::collection::vec(select(PIECES), 0..12).prop_map(|pieces| pieces.concat()), any::<String>()]
}

proptest! {
    #[test]
    fn written_value_is_parsed_as_the_same(value in any_value()) {
        let text = value.to_string();
        let parsed = json::parse(text.as_bytes()).unwrap();
        prop_assert!(json::same(&parsed, &value));
        prop_assert_eq!(json::size(&value), text.len());
    }

    #[test]
    fn respelt_value_is_the_same((value, text) in any_value().prop_perturb(|value, mut rng| {
        let text = respell(&value, &mut rng);
        (value, text)
    })) {
        let parsed = json::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(json::difference(&value, &parsed), None);
        prop_assert_eq!(json::difference(&parsed, &value), None);
    }

    #[test]
    fn same_is_symmetric(a in any_value(), b in any_value()) {
        prop_assert!(json::same(&a, &a));
        prop_assert_eq!(json::same(&a, &b), json::same(&b, &a));
    }

    #[test]
    fn last_digit_of_a_number_counts(number in any_number()) {
        let text = number.as_str();
        let (mantissa, exponent) = text.split_at(text.find('e').unwrap_or(text.len()));
        let point = if mantissa.contains('.') { "" } else { "." };
        let other: Number = format!("{mantissa}{point}00000000000000000000001{exponent}").parse().unwrap();
        prop_assert!(!json::same(&Value::Number(number), &Value::Number(other)));
    }

    #[test]
    fn parser_accepts_the_same_json_as_serde_json(text in json_pieces()) {
        let theirs = serde_json::from_str::<Value>(&text);
        match (json::parse(text.as_bytes()), theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert!(json::same(&ours, &theirs)),
            (Err(error), Ok(_)) => prop_assert_eq!(error.problem, ParseProblem::DuplicateKey),
            (ours, Err(_)) => prop_assert!(ours.is_err()),
        }
    }

    #[test]
    fn parser_never_panics(bytes in any::<Vec<u8>>()) {
        let _ = json::parse(&bytes);
    }

    #[test]
    fn reader_never_panics(value in any_value()) {
        if let Err(error) = json::read::<Everything>(&value) {
            prop_assert!(!error.message.is_empty());
        }
        let _ = json::read::<Value>(&value);
        let _ = json::read_members::<Everything>(&value, |key| key != "a", &["a"]);
    }
}
