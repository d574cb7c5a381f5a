//! How long a JSON value is as text.

use serde_json::Value;

/// The longest payload that may travel between states, in bytes of JSON text.
pub(super) const LIMIT: usize = 262_144;

/// How many bytes one byte of a string may become: `\u0001`.
const MAX_ESCAPE: usize = 6;

/// How deep the values of a payload may stand inside each other. A state that wraps its input, in a loop, would nest
/// data until it exhausts the stack; and a checkpoint, which adds some levels of its own, can be read down to 128.
const MAX_DEPTH: usize = 100;

/// Whether a value is longer than [`LIMIT`] as compact JSON text, or deeper than any data should be. Counts without
/// writing the text, and no further than the limit.
pub(super) fn exceeds_limit(value: &Value) -> bool {
    // Most data is so far below the limit that it need not be looked at letter by letter.
    let longest = |text: &str| 2 + text.len().saturating_mul(MAX_ESCAPE);
    !fits(value, &mut { LIMIT }, 0, longest) && !fits(value, &mut { LIMIT }, 0, text_length)
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
        fn the_length_is_that_of_the_compact_text(texts in proptest::collection::vec(any::<String>(), 0..5), number: f64) {
            let value = json!({"texts": texts, "number": number, "rest": [true, false, null, {}, [], {"a": 1, "b": -2}]});
            prop_assert_eq!(length(&value), serde_json::to_string(&value).unwrap().len());
        }
    }

    #[test]
    fn data_is_at_most_a_hundred_deep() {
        let nested = |depth| (1..depth).fold(json!([]), |inner, _| json!([inner]));
        assert!(!exceeds_limit(&nested(100)));
        assert!(exceeds_limit(&nested(101)));
    }

    #[test]
    fn the_limit_itself_fits_and_one_more_does_not() {
        assert!(!exceeds_limit(&Value::String("x".repeat(LIMIT - 2))));
        assert!(exceeds_limit(&Value::String("x".repeat(LIMIT - 1))));
        assert!(exceeds_limit(&json!(["x".repeat(LIMIT), "y".repeat(LIMIT)])));
    }
}
