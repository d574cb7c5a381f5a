//! Compares the resources of two runs.

use chrono::DateTime;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The first difference: its JSON pointer and both values. `None` if there is none.
pub(super) fn difference(pointer: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let added = right.keys().filter(|key| !left.contains_key(*key));
            left.keys().chain(added).find_map(|key| {
                let value = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_default();
                difference(&format!("{pointer}/{}", key.replace('/', "~1")), &value(left), &value(right))
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut both = left.iter().zip(right).enumerate();
            both.find_map(|(index, (left, right))| difference(&format!("{pointer}/{index}"), left, right))
        }
        _ => (left != right).then(|| format!("{pointer} is {}, not {}", shortened(right), shortened(left))),
    }
}

fn shortened(value: &Value) -> String {
    if value.is_null() { "absent".into() } else { crate::shortened(&value.to_string()).into_owned() }
}

/// The value without what is random, or depends on how long a deploy took: times, UUIDs, and ids such as those of
/// instances.
pub(super) fn without_random(value: &Value) -> Value {
    match value {
        Value::String(text) => masked(text).map_or_else(|| without_uuids(text), ToOwned::to_owned).into(),
        Value::Array(items) => items.iter().map(without_random).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().enumerate().map(|(index, (key, value))| {
                let key = masked(key).map_or_else(|| without_uuids(key), |mask| format!("{mask} {index}"));
                (key, without_random(value))
            });
            fields.collect()
        }
        other => other.clone(),
    }
}

/// The text without the UUIDs that it has in it, such as an ARN.
fn without_uuids(text: &str) -> String {
    let (mut rest, mut kept) = (text, String::new());
    while let Some(next) = rest.chars().next() {
        let is_uuid = rest.get(..36).is_some_and(|part| Uuid::parse_str(part).is_ok());
        let (taken, after) = rest.split_at(if is_uuid { 36 } else { next.len_utf8() });
        kept.push_str(if is_uuid { "(a UUID)" } else { taken });
        rest = after;
    }
    kept
}

fn masked(text: &str) -> Option<&'static str> {
    let is_id = || {
        let digits = text.rsplit_once('-').map(|(_, digits)| digits);
        digits.is_some_and(|digits| digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if DateTime::parse_from_rfc3339(text).is_ok() {
        Some("(a time)")
    } else if Uuid::parse_str(text).is_ok() {
        Some("(a UUID)")
    } else {
        is_id().then_some("(an id)")
    }
}

#[cfg(test)]
mod tests {
    use super::{difference, without_random};
    use serde_json::json;

    #[test]
    fn difference_names_its_place() {
        let found = difference("", &json!({"a/b": {"c": [1, 2]}}), &json!({"a/b": {"c": [1, 3]}}));
        assert_eq!(found.as_deref(), Some("/a~1b/c/1 is 3, not 2"));
        let found = difference("", &json!({"a": 1}), &json!({"a": 1, "b": "x"}));
        assert_eq!(found.as_deref(), Some("/b is \"x\", not absent"));
        assert_eq!(difference("", &json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1})), None);
    }

    #[test]
    fn random_values_are_equal() {
        let value = |time: &str, uuid: u128, id: &str| {
            let uuid = uuid::Uuid::from_u128(uuid);
            let token = format!("{uuid}-web");
            without_random(&json!({"since": time, "owner": uuid, "token": token, "instances": { id: {"name": "web"} }}))
        };
        let (left, right) = (
            value("2026-01-01T00:00:00Z", 1, "i-0000000000000000a"),
            value("2026-01-01T00:00:09Z", 2, "i-0000000000000000b"),
        );
        assert_eq!(left, right);
        assert_ne!(left, without_random(&json!({"since": "today"})));
    }
}
