//! How long a value is when rendered.

use serde_json::Value;

/// The bytes of a value's compact rendering (that of `serde_json::to_vec`), counted without rendering.
#[must_use]
pub fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => string_size(text),
        Value::Array(elements) => enclosed(elements.iter().map(size)),
        Value::Object(members) => enclosed(members.iter().map(|(key, value)| string_size(key) + 1 + size(value))),
    }
}

/// Brackets, and a comma between each two items.
fn enclosed(items: impl ExactSizeIterator<Item = usize>) -> usize {
    2 + items.len().saturating_sub(1) + items.sum::<usize>()
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
    fn the_size_is_that_of_the_rendering() {
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
}
