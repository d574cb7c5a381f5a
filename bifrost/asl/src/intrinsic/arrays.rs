//! The functions on arrays.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::{java, numbers};

/// AWS's limit for `States.ArrayRange`.
const LONGEST_RANGE: i64 = 1000;

/// AWS compares texts: `true` is found in `["true"]`, an object only with its fields in the same order.
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
    // AWS gives null for any index into an empty array.
    if items.is_empty() { Some(Value::Null) } else { items.get(index).cloned() }
}

pub(super) fn partition(items: &[Value], size: &Value) -> Option<Value> {
    let size = usize::try_from(numbers::whole(size)?).ok().filter(|size| *size > 0)?;
    Some(items.chunks(size).map(Value::from).collect())
}

/// From `first` to `last`, both included if the steps meet it.
pub(super) fn range(first: &Value, last: &Value, step: &Value) -> Option<Value> {
    let (first, last, step) = (numbers::whole(first)?, numbers::whole(last)?, numbers::whole(step)?);
    let steps = last.checked_sub(first)?.checked_div(step)?;
    // A step away from `last` gives nothing, even where the division is cut off to zero.
    let away = first != last && (last > first) != (step > 0);
    if steps >= LONGEST_RANGE {
        return None;
    }
    let count = if away { 0 } else { steps + 1 };
    Some((0..count).map(|at| Value::from(first + at * step)).collect())
}

/// Without repetitions, in the order of Java's `HashSet`, in which AWS gives them.
pub(super) fn unique(items: &[Value]) -> Value {
    let mut seen: HashMap<i32, Vec<&Value>> = HashMap::new();
    let mut kept: Vec<(i32, &Value)> = Vec::new();
    for item in items {
        let hash = java::hash_code(item);
        let same_hash = seen.entry(hash).or_default();
        if !same_hash.contains(&item) {
            same_hash.push(item);
            kept.push((hash, item));
        }
    }
    kept.sort_by_key(|(hash, _)| java::bucket(*hash, items.len()));
    kept.into_iter().map(|(_, item)| item.clone()).collect()
}
