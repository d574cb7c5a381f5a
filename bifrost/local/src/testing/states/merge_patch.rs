//! The difference of two JSON documents as a merge patch (RFC 7396): a recorded cloud is stored as its difference from the one before
//! the deploy, which is small enough to review.

use serde_json::{Map, Value};

/// The patch that makes `after` of `before`. It cannot express a member of `after` that is `null`.
pub(super) fn diff(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return after.clone() };
    let mut patch = Map::new();
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in after {
        match before.get(key) {
            Some(same) if same == value => (),
            Some(other) if other.is_object() => drop(patch.insert(key.clone(), diff(other, value))),
            // As a patch of nothing: an object is merged, not copied.
            _ => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    patch.into()
}

/// Applies a patch.
pub(super) fn apply(value: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *value = patch;
        return;
    };
    if !value.is_object() {
        *value = Map::new().into();
    }
    let Value::Object(members) = value else { return };
    for (key, patch) in patch {
        if patch.is_null() {
            members.shift_remove(&key);
        } else {
            apply(members.entry(key).or_insert(Value::Null), patch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patch_makes_the_second_of_the_first() {
        let documents = [
            json!({}),
            json!({"a": 1}),
            json!({"a": {"b": [1, 2], "c": {}}, "d": "e"}),
            json!({"a": {"b": [1], "f": {"g": 0}}}),
            json!([{"a": 1}]),
        ];
        for before in &documents {
            for after in &documents {
                let mut patched = before.clone();
                apply(&mut patched, diff(before, after));
                assert_eq!(patched, *after, "{before}");
            }
        }
        assert_eq!(diff(&documents[2], &documents[2]), json!({}));
        assert_eq!(diff(&documents[1], &documents[3]), documents[3]);
    }
}
