//! Filters: `[?(@.status == 'running' && @.port > 1024)]`.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::{Number, Value};

use super::{Path, Scope, evaluate};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// `@.x`: the path selects something.
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    /// `@.x =~ /pattern/`
    Matches(Operand, Pattern),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// A path, and whether it starts at the item (`@`).
    Path {
        path: Path,
        at_item: bool,
    },
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Contains,
}

/// A regular expression that must match the whole string.
#[derive(Debug, Clone)]
pub(super) struct Pattern(pub(super) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Filter {
    pub(super) fn matches<'a>(&self, item: &'a Value, scope: &Scope<'a>) -> bool {
        match self {
            Self::Or(parts) => parts.iter().any(|part| part.matches(item, scope)),
            Self::And(parts) => parts.iter().all(|part| part.matches(item, scope)),
            Self::Not(part) => !part.matches(item, scope),
            Self::Exists(operand) => match operand {
                // An indefinite path exists if it finds anything.
                Operand::Path { path, .. } if !path.is_definite() => {
                    operand.value(item, scope).is_some_and(|found| found.as_array().is_some_and(|all| !all.is_empty()))
                }
                _ => operand.value(item, scope).is_some(),
            },
            Self::Compare(left, comparison, right) => {
                comparison.holds(left.value(item, scope).as_deref(), right.value(item, scope).as_deref())
            }
            Self::Matches(operand, pattern) => operand
                .value(item, scope)
                .is_some_and(|value| text(&value).is_some_and(|text| pattern.0.is_match(&text))),
        }
    }
}

impl Operand {
    fn value<'a>(&'a self, item: &'a Value, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
        match self {
            Self::Path { path, at_item } => evaluate::in_filter(path, *at_item, item, scope),
            Self::Literal(value) => Some(Cow::Borrowed(value)),
        }
    }
}

impl Comparison {
    fn holds(self, left: Option<&Value>, right: Option<&Value>) -> bool {
        let order = || left.zip(right).and_then(|(left, right)| order(left, right));
        let contains = |all: Option<&Value>, one: Option<&Value>| match (all, one) {
            (Some(Value::Array(all)), Some(one)) => all.iter().any(|item| equal(item, one)),
            (Some(Value::String(all)), Some(Value::String(one))) => all.contains(one.as_str()),
            _ => false,
        };
        let equals = || left.zip(right).is_some_and(|(left, right)| equal(left, right));
        match self {
            Self::Equal => equals(),
            Self::NotEqual => !equals(),
            Self::Less => order() == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order() == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
            Self::In => contains(right, left),
            Self::NotIn => !contains(right, left),
            Self::Contains => contains(left, right),
        }
    }
}

/// Jayway's equality: numbers by value, and a string that contains a number equals that number.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            text.parse::<Number>().is_ok_and(|parsed| compare(&parsed, number) == Some(Ordering::Equal))
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
