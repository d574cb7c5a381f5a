//! What shows through of the language that AWS's service is written in: how values print, and in which order a set
//! gives them.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// As Java prints it: `{Id=arn:…, Tags=[a, b]}`.
pub(super) fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => print_number(number, out),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (name, field)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(name);
                out.push('=');
                print(field, out);
            }
            out.push('}');
        }
    }
}

/// `Double.toString` for what is not a whole number: `1.0E10` from 10⁷ and below 10⁻³.
fn print_number(number: &Number, out: &mut String) {
    let text = number.as_str();
    let double = match text.parse::<f64>() {
        Ok(double) if text.contains(['.', 'e', 'E']) => double,
        _ => return out.push_str(text),
    };
    let _ = if double == 0.0 || (1e-3..1e7).contains(&double.abs()) {
        write!(out, "{double:?}")
    } else if double.is_infinite() {
        write!(out, "{}Infinity", if double < 0.0 { "-" } else { "" })
    } else {
        let text = format!("{double:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        write!(out, "{digits}{}E{exponent}", if digits.contains('.') { "" } else { ".0" })
    };
}

/// `Object.hashCode` of the value as Java holds it.
pub(super) fn hash_code(value: &Value) -> i32 {
    match value {
        Value::Null => 0,
        Value::Bool(flag) => 1237 - 6 * i32::from(*flag),
        Value::Number(number) => number_hash(number),
        Value::String(text) => text_hash(text),
        Value::Array(items) => {
            items.iter().fold(1_i32, |hash, item| hash.wrapping_mul(31).wrapping_add(hash_code(item)))
        }
        Value::Object(fields) => {
            fields.iter().fold(0_i32, |hash, (name, field)| hash.wrapping_add(text_hash(name) ^ hash_code(field)))
        }
    }
}

fn text_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn number_hash(number: &Number) -> i32 {
    match number.as_i64() {
        Some(whole) => i32::try_from(whole).unwrap_or_else(|_| folded(whole.cast_unsigned())),
        None => folded(number.as_f64().unwrap_or_default().to_bits()),
    }
}

/// The two halves of a 64-bit value in one.
fn folded(bits: u64) -> i32 {
    u32::try_from((bits ^ (bits >> 32)) & u64::from(u32::MAX)).unwrap_or_default().cast_signed()
}

/// In which bucket a `HashSet` made from `length` items keeps a hash.
pub(super) fn bucket(hash: i32, length: usize) -> usize {
    let capacity = (length.saturating_mul(4) / 3 + 1).max(16).next_power_of_two();
    let hash = hash.cast_unsigned();
    usize::try_from(hash ^ (hash >> 16)).unwrap_or_default() & (capacity - 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn java_hash_codes() {
        for (value, hash) in [
            (json!("hello"), 99_162_322),
            (json!("🚀"), 1_773_027),
            (json!(""), 0),
            (json!(-1), -1),
            (json!(3_000_000_000_i64), -1_294_967_296),
            (json!(1.5), 1_073_217_536),
            (json!([1, 2]), 994),
            (json!({"a": 1}), 96),
            (json!(true), 1231),
            (json!(null), 0),
        ] {
            assert_eq!(hash_code(&value), hash, "{value}");
        }
    }
}
