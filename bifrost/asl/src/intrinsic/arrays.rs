//! The functions on arrays.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Number, Value};

use super::numbers;

/// AWS's limit for `States.ArrayRange`.
const MAX_RANGE_LEN: i64 = 1000;

/// AWS compares strings: `["true"]` contains `true`; objects are equal only with their fields in the same order.
pub(super) fn contains(items: &[Value], wanted: &Value) -> bool {
    let wanted = text(wanted);
    items.iter().any(|item| text(item) == wanted)
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

pub(super) fn item(items: &[Value], index: &Value) -> Option<Value> {
    let index = usize::try_from(numbers::whole(index)?).ok()?;
    // AWS returns null for any index into an empty array.
    if items.is_empty() { Some(Value::Null) } else { items.get(index).cloned() }
}

pub(super) fn partition(items: &[Value], size: &Value) -> Option<Value> {
    let size = usize::try_from(numbers::whole(size)?).ok().filter(|size| *size > 0)?;
    Some(items.chunks(size).map(Value::from).collect())
}

/// From `first` to `last`, inclusive if a step reaches it.
pub(super) fn range(first: &Value, last: &Value, step: &Value) -> Option<Value> {
    let (first, last, step) = (numbers::whole(first)?, numbers::whole(last)?, numbers::whole(step)?);
    let steps = last.checked_sub(first)?.checked_div(step)?;
    // Steps away from `last` return nothing, even if the division truncates to zero.
    let away = first != last && (last > first) != (step > 0);
    if steps >= MAX_RANGE_LEN {
        return None;
    }
    let count = if away { 0 } else { steps + 1 };
    Some((0..count).map(|at| Value::from(first + at * step)).collect())
}

/// The distinct items in the order of Java's `HashSet`, as AWS returns them.
pub(super) fn unique(items: &[Value]) -> Value {
    let mut seen: HashMap<i32, Vec<&Value>> = HashMap::new();
    let mut kept: Vec<(i32, &Value)> = Vec::new();
    for item in items {
        let hash = hash_code(item);
        let same_hash = seen.entry(hash).or_default();
        if !same_hash.contains(&item) {
            same_hash.push(item);
            kept.push((hash, item));
        }
    }
    kept.sort_by_key(|(hash, _)| bucket(*hash, items.len()));
    kept.into_iter().map(|(_, item)| item.clone()).collect()
}

/// `Object.hashCode` of the value in Java.
fn hash_code(value: &Value) -> i32 {
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

/// Combines the two halves of a 64-bit value.
fn folded(bits: u64) -> i32 {
    u32::try_from((bits ^ (bits >> 32)) & u64::from(u32::MAX)).unwrap_or_default().cast_signed()
}

/// The bucket of a hash in a `HashSet` of `length` items.
fn bucket(hash: i32, length: usize) -> usize {
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
