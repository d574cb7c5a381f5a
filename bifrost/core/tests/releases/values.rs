//! Random JSON values, and random ways to write them.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRng;
use serde_json::{Map, Number, Value};

pub(crate) fn any_number() -> impl Strategy<Value = Number> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?(e[+-]?[0-9]{1,20})?".prop_map(|text| text.parse().unwrap())
}

/// Random values, including `null`.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any_number().prop_map(Value::Number),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((any_key(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Keys of releases, so that reading gets past the first field, and any other keys.
fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![select(bifrost_core::release::Envelope::FIELDS).prop_map(str::to_owned), "[a-c.]{0,2}", any::<String>()]
}

/// The same value in another spelling: other key order, white space, numbers and escapes.
pub(crate) fn respell(value: &Value, rng: &mut TestRng) -> String {
    let space = |rng: &mut TestRng| ["", "", " ", "\n\t", "\r\n  "][rng.random_range(0..5)];
    let text = match value {
        Value::Number(number) => respell_number(number, rng),
        Value::String(text) => respell_string(text, rng),
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(|element| respell(element, rng)).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => respell_object(members, rng),
        Value::Null | Value::Bool(_) => value.to_string(),
    };
    let (before, after) = (space(rng), space(rng));
    // An empty object may contain white space, too.
    let text = if text == "{}" { format!("{{{before}}}") } else { text };
    format!("{before}{text}{after}")
}

fn respell_object(members: &Map<String, Value>, rng: &mut TestRng) -> String {
    let mut members: Vec<String> =
        members.iter().map(|(key, value)| format!("{} :{}", respell_string(key, rng), respell(value, rng))).collect();
    for last in (1..members.len()).rev() {
        members.swap(last, rng.random_range(0..=last));
    }
    format!("{{{}}}", members.join(","))
}

fn respell_string(text: &str, rng: &mut TestRng) -> String {
    let escaped = |c: char| {
        let units: Vec<String> = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04X}")).collect();
        units.concat()
    };
    let plain = |c: char| {
        let quoted = serde_json::to_string(&c).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let letters: String =
        text.chars().map(|c| if rng.random_range(0..4) == 0 { escaped(c) } else { plain(c) }).collect();
    format!("\"{letters}\"")
}

fn respell_number(number: &Number, rng: &mut TestRng) -> String {
    let text = number.as_str();
    if text.contains(['e', 'E']) {
        return text.replace('e', "E");
    }
    let zeros = "0".repeat(rng.random_range(1..4));
    match (rng.random_range(0..4), text.contains('.')) {
        (0, _) => text.to_owned(),
        (1, false) => format!("{text}.{zeros}"),
        (1, true) => format!("{text}{zeros}"),
        (2, false) if text.trim_start_matches('-') != "0" => format!("{text}{zeros}e-{}", zeros.len()),
        _ => format!("{text}e+00"),
    }
}
