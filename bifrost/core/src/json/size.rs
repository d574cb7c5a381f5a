//! The size of a serialized value.

use serde_json::Value;

/// The bytes of a value in compact JSON, as `serde_json::to_vec` writes it, counted without writing it.
#[must_use]
pub fn size(value: &Value) -> usize {
    measure(value, string_size)
}

/// Whether a value in compact JSON has more than `limit` bytes.
#[must_use]
pub fn exceeds(value: &Value, limit: usize) -> bool {
    // Most values are so far below any limit that their strings need not be examined by character.
    measure(value, longest_string_size) > limit && size(value) > limit
}

fn measure(value: &Value, string_size: impl Fn(&str) -> usize + Copy) -> usize {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => string_size(text),
        Value::Array(elements) => enclosed(elements.iter().map(|element| measure(element, string_size))),
        Value::Object(members) => {
            enclosed(members.iter().map(|(key, value)| string_size(key) + 1 + measure(value, string_size)))
        }
    }
}

/// Brackets, and commas between the items.
fn enclosed(items: impl ExactSizeIterator<Item = usize>) -> usize {
    2 + items.len().saturating_sub(1) + items.sum::<usize>()
}

/// An upper bound: each byte may become the longest escape, `\u0001`.
fn longest_string_size(text: &str) -> usize {
    2 + text.len().saturating_mul(6)
}

fn string_size(text: &str) -> usize {
    2 + text.bytes().map(escaped_size).sum::<usize>()
}

fn escaped_size(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0x00..=0x1f => 6,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_equals_the_length_of_the_json() {
        for text in [
            "null",
            "[]",
            "{}",
            "[true,false,null]",
            r#"{"a":[1,2.50,-3e+7],"b":{"c":"\"\\\n\r\t\b\f\u0001ü€\u007f"}}"#,
            r#""""#,
        ] {
            let value = crate::json::parse(text.as_bytes()).unwrap();
            assert_eq!(size(&value), serde_json::to_vec(&value).unwrap().len(), "{text}");
        }
    }

    #[test]
    fn value_exceeds_a_limit_below_its_size() {
        for text in [r#"{"a":["plain",1.50,true]}"#, r#"{"a":"\u0001\n"}"#, "[]"] {
            let value = crate::json::parse(text.as_bytes()).unwrap();
            let size = serde_json::to_vec(&value).unwrap().len();
            assert!(exceeds(&value, size - 1) && !exceeds(&value, size), "{text}");
        }
    }
}
