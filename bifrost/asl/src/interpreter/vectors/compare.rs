//! Comparison with a recording, by the rules of the vectors' `compare.py`.

use serde_json::{Number, Value};

/// Whether `actual` matches `expected`, in which `<<name>>` matches anything.
pub(super) fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(pattern), _) if is_wildcard(pattern) => true,
        (Value::String(pattern), Value::String(text)) => matches(pattern, text),
        (Value::Number(expected), Value::Number(actual)) => same_number(expected, actual),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| same(expected, actual))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            let has_value = |(name, value): (&String, &Value)| match actual.get(name) {
                Some(found) => same(value, found),
                None => {
                    pieces(name).is_some()
                        && actual.iter().any(|(other, found)| matches(name, other) && same(value, found))
                }
            };
            expected.len() == actual.len() && expected.iter().all(has_value)
        }
        (expected, actual) => expected == actual,
    }
}

/// Whether a cause matches: a string with wildcards (`cause`), or a string that contains this JSON (`cause_json`).
pub(super) fn same_cause(expected: &Value, actual: Option<&str>) -> bool {
    let actual = actual.filter(|cause| !cause.is_empty());
    match (expected.get("cause"), expected.get("cause_json")) {
        (Some(cause), _) => actual.is_some_and(|actual| same(cause, &Value::from(actual))),
        (None, Some(json)) => {
            actual.and_then(|actual| serde_json::from_str(actual).ok()).is_some_and(|actual| same(json, &actual))
        }
        (None, None) => actual.is_none(),
    }
}

/// Whether an event matches; with `ids`, its id and the id of the previous event, too.
pub(super) fn same_event(expected: &Value, actual: &Value, ids: bool) -> bool {
    let fields = expected.as_object().into_iter().flatten();
    fields.into_iter().all(|(name, value)| match name.as_str() {
        "id" | "prev" => !ids || actual.get(name) == Some(value),
        "cause" | "cause_json" | "location" | "state" => true,
        name => actual.get(name).is_some_and(|found| same(value, found)),
    })
}

fn same_number(expected: &Number, actual: &Number) -> bool {
    match (expected.as_i128(), actual.as_i128()) {
        (Some(expected), Some(actual)) => expected == actual,
        _ => expected.as_f64() == actual.as_f64(),
    }
}

fn is_wildcard(pattern: &str) -> bool {
    pieces(pattern).is_some_and(|pieces| pieces.iter().all(String::is_empty) && pieces.len() == 2)
}

fn matches(pattern: &str, text: &str) -> bool {
    let Some(pieces) = pieces(pattern) else { return pattern == text };
    let [first, middle @ .., last] = pieces.as_slice() else { return false };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    middle.iter().all(|piece| match rest.split_once(piece.as_str()) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// The literal parts between the wildcards of a pattern; `None` without wildcards.
fn pieces(pattern: &str) -> Option<Vec<String>> {
    let (mut pieces, mut piece, mut rest) = (Vec::new(), String::new(), pattern);
    while let Some(start) = rest.find("<<") {
        let (before, from) = rest.split_at(start);
        let inner = &from[2..];
        match inner.find(['<', '>']) {
            Some(end) if end > 0 && inner[end..].starts_with(">>") => {
                piece.push_str(before);
                pieces.push(std::mem::take(&mut piece));
                rest = &inner[end + 2..];
            }
            _ => {
                piece.push_str(before);
                piece.push('<');
                rest = &from[1..];
            }
        }
    }
    if pieces.is_empty() {
        return None;
    }
    piece.push_str(rest);
    pieces.push(piece);
    Some(pieces)
}
