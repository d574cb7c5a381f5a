//! Digests, which SAM appends to the logical ids of resources that it replaces instead of changing them.

use serde_json::Value;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The SHA-1 of the text, as 40 hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    Sha1::digest(text.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// The first digits of the digest: at most 40.
pub(crate) fn short(text: &str, digits: usize) -> String {
    digest(text).chars().take(digits).collect()
}

/// The first ten digits of the digest of a value, which SAM appends to logical ids.
pub(super) fn suffix(value: &Value) -> String {
    short(&canonical(value), 10)
}

/// What SAM appends to a logical id for a text that a user wrote: the text if it has only letters and digits, else its digest.
pub(super) fn text_suffix(text: &str) -> String {
    if text.chars().all(char::is_alphanumeric) { text.to_owned() } else { short(text, 10) }
}

/// The value as Python writes it: compact JSON with sorted keys, and only ASCII.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let member =
                |(key, value): (&String, &Value)| format!("{}:{}", ascii(&Value::from(key.as_str())), canonical(value));
            format!("{{{}}}", sorted.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => ascii(plain),
    }
}

fn ascii(plain: &Value) -> String {
    let text = plain.to_string();
    if text.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
        return text;
    }
    text.chars().fold(String::new(), |mut escaped, c| {
        if c.is_ascii() && c != '\x7f' {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
        escaped
    })
}
