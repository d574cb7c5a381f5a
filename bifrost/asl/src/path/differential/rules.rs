//! What a path selects, by Jayway's rules, written independently of the evaluation that is tested.

use std::cmp::Ordering;

use serde_json::Value;

use super::syntax::{Condition, Literal, Part};

/// Why nothing is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing is found.
    Missing,
    /// A step does not apply to the type of a value.
    Misfit,
}

/// What a path selects, or why it fails.
pub(super) fn selected(parts: &[Part], input: &Value) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    select(parts, 0, input, &mut found).map(|()| found)
}

/// Adds what the parts from the one at `at` select, also if they fail later: an item under a wildcard keeps what was
/// found until then.
fn select(parts: &[Part], at: usize, value: &Value, found: &mut Vec<Value>) -> Result<(), Failure> {
    let Some(part) = parts.get(at) else {
        found.push(value.clone());
        return Ok(());
    };
    let is_definite = |part: &Part| matches!(part, Part::Name(_) | Part::Index(_) | Part::FromEnd(_));
    let must_exist = at + 1 == parts.len() || parts[at.saturating_sub(1)..].iter().all(is_definite);
    let mut each = |values: Vec<Value>| values.iter().try_for_each(|value| select(parts, at + 1, value, found));
    let items = || value.as_array().cloned().ok_or(if value.is_null() { Failure::Missing } else { Failure::Misfit });
    let item = |items: &[Value], index: Option<usize>| {
        index.and_then(|index| items.get(index)).cloned().ok_or(Failure::Missing)
    };
    let between = |items: Vec<Value>, from: usize, to: usize| items.into_iter().take(to).skip(from).collect();
    match part {
        Part::Name(name) => match value.as_object().ok_or(Failure::Missing)?.get(name) {
            Some(next) => each(vec![next.clone()]),
            None if must_exist => Err(Failure::Missing),
            None => Ok(()),
        },
        Part::Index(index) => each(vec![item(&items()?, Some(*index))?]),
        Part::FromEnd(index) => {
            let items = items()?;
            each(vec![item(&items, items.len().checked_sub(*index))?])
        }
        Part::Union(indices) => {
            let items = items()?;
            indices.iter().try_for_each(|index| each(vec![item(&items, Some(*index))?]))
        }
        Part::From(from) => each(between(items()?, *from, usize::MAX)),
        Part::Last(last) => items().and_then(|items| {
            let from = items.len().saturating_sub(*last);
            each(between(items, from, usize::MAX))
        }),
        Part::Before(to) => each(between(items()?, 0, *to)),
        Part::Without(last) => items().and_then(|items| {
            let to = items.len().saturating_sub(*last);
            each(between(items, 0, to))
        }),
        Part::Between(from, to) => each(between(items()?, *from, *to)),
        Part::Wildcard if value.is_array() => children(value).into_iter().try_for_each(|item| match each(vec![item]) {
            Err(Failure::Missing) => Ok(()),
            result => result,
        }),
        Part::Wildcard => each(children(value)),
        Part::Filter(condition) if value.is_object() => {
            if holds(condition, value) {
                each(vec![value.clone()])
            } else {
                Ok(())
            }
        }
        Part::Filter(condition) if value.is_array() => {
            each(children(value).into_iter().filter(|item| holds(condition, item)).collect())
        }
        Part::Filter(_) => Err(Failure::Misfit),
        Part::ScanName(name) => each(all(value).iter().filter_map(|value| value.get(name)).cloned().collect()),
        Part::ScanAll => each(all(value).iter().flat_map(children).collect()),
        Part::ScanFilter(condition) => {
            each(all(value).into_iter().filter(|value| value.is_object() && holds(condition, value)).collect())
        }
    }
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Object(fields) => fields.values().cloned().collect(),
        _ => Vec::new(),
    }
}

fn all(value: &Value) -> Vec<Value> {
    let below = children(value);
    std::iter::once(value.clone()).chain(below.iter().flat_map(all)).collect()
}

fn holds(condition: &Condition, item: &Value) -> bool {
    let at = |names: &[String]| names.iter().try_fold(item, |value, name| value.as_object()?.get(name));
    match condition {
        Condition::Exists(names, expected) => at(names).is_some_and(|value| !value.is_null()) == *expected,
        Condition::Compare(names, operator, literal) => {
            at(names).is_some_and(|value| compares(value, operator, literal))
        }
        Condition::Matches(names, pattern) => at(names).is_some_and(|value| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let is_text = !(value.is_null() || value.is_array() || value.is_object());
            is_text
                && match *pattern {
                    "/x.*/" => text.starts_with('x'),
                    "/X/i" => text == "x",
                    _ => true,
                }
        }),
        Condition::And(left, right) => holds(left, item) && holds(right, item),
        Condition::Or(left, right) => holds(left, item) || holds(right, item),
    }
}

fn compares(value: &Value, operator: &str, literal: &Literal) -> bool {
    let is_equality = matches!(operator, "==" | "!=");
    let order = match (value, literal) {
        // A literal is text, and null is neither less nor greater than a text.
        (Value::Null, _) if !is_equality => None,
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Null, _) => Some(Ordering::Less),
        (_, Literal::Null) => Some(Ordering::Greater),
        (Value::Number(number), Literal::Number(expected)) => {
            number.as_f64().unwrap().partial_cmp(&f64::from(*expected))
        }
        (Value::String(text), Literal::Text(expected)) => Some(text.cmp(expected)),
        (Value::String(text), Literal::Number(expected)) => Some(text.cmp(&expected.to_string())),
        (Value::String(text), Literal::Bool(expected)) => Some(text.cmp(&expected.to_string())),
        (Value::Bool(flag), Literal::Bool(expected)) => Some(flag.cmp(expected)),
        (Value::Bool(flag), _) => Some(flag.cmp(&false)),
        _ => None,
    };
    order.is_some_and(|order| match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        other => panic!("{other}"),
    })
}
