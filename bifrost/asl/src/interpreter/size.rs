//! The size of a JSON value as text.

use serde_json::Value;

/// AWS's limit for the data between states, in bytes of JSON text.
pub(super) const LIMIT: usize = 262_144;

/// AWS's limit for all variables of an execution, in bytes of JSON text.
const VARIABLES_LIMIT: usize = 10 * 1024 * 1024;

/// The longest escape of one byte of a string: `\u0001`.
const MAX_ESCAPE: usize = 6;

/// The deepest nesting of data. Without it, a state that wraps its input in a loop would exhaust the stack; and a
/// checkpoint, which adds levels of its own, can be parsed only up to 128 levels.
const MAX_DEPTH: usize = 100;

/// Whether a value is longer than [`LIMIT`] as compact JSON text, or nested deeper than [`MAX_DEPTH`]. Counts without
/// rendering the text, and stops at the limit.
pub(super) fn exceeds_limit(value: &Value) -> bool {
    // Most data is so far below the limit that its characters need not be counted.
    let longest = |text: &str| 2 + text.len().saturating_mul(MAX_ESCAPE);
    !fits(value, &mut { LIMIT }, 0, longest) && !fits(value, &mut { LIMIT }, 0, text_length)
}

/// Whether the variables that one `Assign` sets are longer than [`LIMIT`], each or together, or nested too deep.
pub(super) fn exceeds_assign_limit<'v>(values: impl Iterator<Item = &'v Value>) -> bool {
    exceeds(values, LIMIT)
}

/// Whether all variables of an execution are longer than [`VARIABLES_LIMIT`].
pub(super) fn exceeds_variables_limit<'v>(values: impl Iterator<Item = &'v Value>) -> bool {
    exceeds(values, VARIABLES_LIMIT)
}

fn exceeds<'v>(mut values: impl Iterator<Item = &'v Value>, mut room: usize) -> bool {
    values.any(|value| !fits(value, &mut room, 0, text_length))
}

fn fits(value: &Value, room: &mut usize, depth: usize, text_length: impl Fn(&str) -> usize + Copy) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => false,
        Value::Null | Value::Bool(true) => take(room, 4),
        Value::Bool(false) => take(room, 5),
        Value::Number(number) => take(room, number.as_str().len()),
        Value::String(text) => take(room, text_length(text)),
        Value::Array(items) => {
            take(room, 2 + items.len().saturating_sub(1))
                && items.iter().all(|item| fits(item, room, depth + 1, text_length))
        }
        Value::Object(fields) => {
            take(room, 2 + fields.len().saturating_sub(1))
                && fields
                    .iter()
                    .all(|(name, value)| take(room, text_length(name) + 1) && fits(value, room, depth + 1, text_length))
        }
    }
}

fn take(room: &mut usize, length: usize) -> bool {
    let rest = room.checked_sub(length);
    *room = rest.unwrap_or(0);
    rest.is_some()
}

/// The length of a string with its quotes and escapes.
fn text_length(text: &str) -> usize {
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
            0x00..=0x1f => 5,
            _ => 0,
        })
        .sum();
    text.len() + 2 + escapes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn length(value: &Value) -> usize {
        let mut room = LIMIT;
        assert!(fits(value, &mut room, 0, text_length));
        LIMIT - room
    }

    proptest! {
        #[test]
        fn length_is_that_of_compact_json(texts in proptest::collection::vec(any::<String>(), 0..5), number: f64) {
            let value = json!({"texts": texts, "number": number, "rest": [true, false, null, {}, [], {"a": 1, "b": -2}]});
            prop_assert_eq!(length(&value), serde_json::to_string(&value).unwrap().len());
        }
    }

    #[test]
    fn data_has_at_most_100_levels() {
        let nested = |depth| (1..depth).fold(json!([]), |inner, _| json!([inner]));
        assert!(!exceeds_limit(&nested(100)));
        assert!(exceeds_limit(&nested(101)));
    }

    #[test]
    fn limit_itself_fits() {
        assert!(!exceeds_limit(&Value::String("x".repeat(LIMIT - 2))));
        assert!(exceeds_limit(&Value::String("x".repeat(LIMIT - 1))));
        assert!(exceeds_limit(&json!(["x".repeat(LIMIT), "y".repeat(LIMIT)])));
    }
}
