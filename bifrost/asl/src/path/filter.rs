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
    /// `@.x`: the path leads to a value that is not null; `!@.x`: it does not.
    Exists {
        path: ItemPath,
        expected: bool,
    },
    Compare(ItemPath, Comparison, Operand),
    /// `@.x =~ /pattern/`
    Matches(ItemPath, Pattern),
}

/// A definite path in a filter, and whether it starts at the item (`@`).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ItemPath {
    pub(super) path: Path,
    pub(super) at_item: bool,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Path(ItemPath),
    /// Quoted or not, a literal is text, which is compared as the type of the value.
    Text(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
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
            Self::Exists { path, expected } => {
                path.value(item, scope).is_some_and(|value| !value.is_null()) == *expected
            }
            // What is missing fits no comparison, not even `!=`.
            Self::Compare(left, comparison, right) => match (left.value(item, scope), right.value(item, scope)) {
                (Some(left), Some(right)) => comparison.holds(&left, &right),
                _ => false,
            },
            Self::Matches(path, pattern) => {
                path.value(item, scope).is_some_and(|value| text(&value).is_some_and(|text| pattern.0.is_match(&text)))
            }
        }
    }
}

impl ItemPath {
    fn value<'a>(&self, item: &'a Value, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
        evaluate::in_filter(&self.path, self.at_item, item, scope)
    }
}

impl Operand {
    fn value<'a>(&'a self, item: &'a Value, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
        match self {
            Self::Path(path) => path.value(item, scope),
            Self::Text(text) => Some(Cow::Borrowed(text)),
        }
    }
}

impl Comparison {
    fn holds(self, value: &Value, expected: &Value) -> bool {
        let is_equality = matches!(self, Self::Equal | Self::NotEqual);
        if !is_equality && value.is_null() != expected.is_null() {
            return false;
        }
        let Some(order) = order(value, expected) else { return false };
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// Jayway's order of a value and what it is compared with. `None` if their types do not fit: no comparison holds then.
fn order(value: &Value, expected: &Value) -> Option<Ordering> {
    match (value, expected) {
        _ if is_null(value) || is_null(expected) => Some(is_null(expected).cmp(&is_null(value))),
        (Value::String(value), Value::String(expected)) => Some(value.encode_utf16().cmp(expected.encode_utf16())),
        (Value::Number(value), Value::Number(expected)) => compare(value, expected),
        (Value::Number(value), Value::String(expected)) => compare(value, &expected.parse().ok()?),
        (Value::Bool(value), Value::Bool(expected)) => Some(value.cmp(expected)),
        // Java reads any text other than `true` as false.
        (Value::Bool(value), Value::String(expected)) => Some(value.cmp(&expected.eq_ignore_ascii_case("true"))),
        _ => None,
    }
}

/// `null`, or the text `null`: literals are text. Both are less than any other value.
fn is_null(value: &Value) -> bool {
    value.is_null() || value == "null"
}

fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
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
