//! Labels of arrows.

use serde_json::Value;

use crate::model::{Catcher, Comparison, Condition, Ordering, Sort, ValueOrPath};

pub(super) fn errors(catcher: &Catcher) -> String {
    catcher
        .error_equals
        .iter()
        .map(|name| if name == "States.ALL" { "any error" } else { name })
        .collect::<Vec<_>>()
        .join(", ")
}

/// A condition for readers: `$.healthy == true and not ($.halted is present)`.
pub(super) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::And(parts) => joined(parts, " and "),
        Condition::Or(parts) => joined(parts, " or "),
        Condition::Not(part) => format!("not ({})", self::condition(part)),
        Condition::Test { variable, comparison } => format!("{variable} {}", self::comparison(comparison)),
    }
}

fn joined(parts: &[Condition], separator: &str) -> String {
    let part = |part: &Condition| match part {
        Condition::And(_) | Condition::Or(_) => format!("({})", condition(part)),
        Condition::Not(_) | Condition::Test { .. } => condition(part),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(separator)
}

fn comparison(comparison: &Comparison) -> String {
    match comparison {
        Comparison::String(ordering, right) => {
            format!("{} {}", sign(*ordering), setting(right, |text| Value::from(text.as_str()).to_string()))
        }
        Comparison::Numeric(ordering, right) => format!("{} {}", sign(*ordering), setting(right, ToString::to_string)),
        Comparison::Timestamp(ordering, right) => {
            format!("{} {}", sign(*ordering), setting(right, chrono::DateTime::to_rfc3339))
        }
        Comparison::Boolean(right) => format!("== {}", setting(right, ToString::to_string)),
        Comparison::StringMatches(pattern) => format!("matches {}", Value::from(pattern.as_str())),
        Comparison::Is(sort, wanted) => format!("is {}{}", if *wanted { "" } else { "not " }, sort_name(*sort)),
    }
}

fn setting<T>(setting: &ValueOrPath<T>, written: impl Fn(&T) -> String) -> String {
    match setting {
        ValueOrPath::Value(value) => written(value),
        ValueOrPath::Path(path) => path.to_string(),
    }
}

fn sign(ordering: Ordering) -> &'static str {
    match ordering {
        Ordering::Equals => "==",
        Ordering::LessThan => "<",
        Ordering::LessThanEquals => "<=",
        Ordering::GreaterThan => ">",
        Ordering::GreaterThanEquals => ">=",
    }
}

fn sort_name(sort: Sort) -> &'static str {
    match sort {
        Sort::Null => "null",
        Sort::Present => "present",
        Sort::Numeric => "a number",
        Sort::String => "a string",
        Sort::Boolean => "a boolean",
        Sort::Timestamp => "a timestamp",
    }
}
