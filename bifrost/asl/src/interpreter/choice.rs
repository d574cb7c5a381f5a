//! The `Choice` state.

use std::cmp::Ordering as Order;

use serde_json::{Number, Value};

use super::failure::StateError;
use super::frame::{Frame, Visit};
use super::run::{Run, Step};
use crate::{Choice, Comparison, Condition, Ordering, Path, Scope, Sort, Transition, ValueOrPath, timestamp};

impl Run<'_> {
    pub(super) fn choice(&self, visit: &Visit<'_>, frame: &mut Frame<'_>, choice: &Choice) -> Result<Step, StateError> {
        let input = visit.effective_input(frame)?;
        let scope = frame.scope(visit.state, &input);
        let mut chosen = None;
        for rule in &choice.choices {
            if is_true(&rule.condition, &scope).map_err(|cause| visit.runtime(cause))? {
                chosen = Some((&rule.next, &rule.assign));
                break;
            }
        }
        let default = choice.default.as_ref().map(|default| (default, &choice.assign));
        let Some((next, assign)) = chosen.or(default) else {
            let cause = "Failed to transition out of the state. The state does not point to a next state.";
            return Err(visit.runtime(cause));
        };
        let output = self.input_as_output(visit, frame, &input, assign)?;
        Ok(Step { output, transition: Transition::Next(next.clone()) })
    }
}

/// Whether a condition is true; an error if it refers to a missing value.
fn is_true(condition: &Condition, scope: &Scope<'_>) -> Result<bool, String> {
    match condition {
        Condition::And(conditions) => all(conditions, scope),
        Condition::Or(conditions) => any(conditions, scope),
        Condition::Not(condition) => Ok(!is_true(condition, scope)?),
        Condition::Test { variable, comparison: Comparison::Is(Sort::Present, expected) } => {
            Ok(variable.evaluate(scope).is_ok() == *expected)
        }
        Condition::Test { variable, comparison } => compare(&*look_up(variable, scope)?, comparison, scope),
    }
}

fn all(conditions: &[Condition], scope: &Scope<'_>) -> Result<bool, String> {
    for condition in conditions {
        if !is_true(condition, scope)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(conditions: &[Condition], scope: &Scope<'_>) -> Result<bool, String> {
    for condition in conditions {
        if is_true(condition, scope)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn look_up<'s>(path: &Path, scope: &Scope<'s>) -> Result<std::borrow::Cow<'s, Value>, String> {
    let invalid = "The choice state's condition path references an invalid value.";
    path.evaluate(scope).map_err(|_| format!("Invalid path '{}': {invalid}", path.as_str()))
}

/// Compares a value. A value whose type is not the operator's never matches.
fn compare(value: &Value, comparison: &Comparison, scope: &Scope<'_>) -> Result<bool, String> {
    Ok(match comparison {
        Comparison::String(ordering, ValueOrPath::Value(expected)) => fits(*ordering, compare_texts(value, expected)),
        Comparison::String(ordering, ValueOrPath::Path(path)) => {
            let expected = look_up(path, scope)?;
            fits(*ordering, expected.as_str().and_then(|expected| compare_texts(value, expected)))
        }
        Comparison::Numeric(ordering, ValueOrPath::Value(expected)) => {
            fits(*ordering, compare_to_number(value, expected))
        }
        Comparison::Numeric(ordering, ValueOrPath::Path(path)) => {
            let expected = look_up(path, scope)?;
            fits(*ordering, expected.as_number().and_then(|expected| compare_to_number(value, expected)))
        }
        Comparison::Timestamp(ordering, ValueOrPath::Value(expected)) => {
            fits(*ordering, moment(value).map(|at| at.cmp(expected)))
        }
        Comparison::Timestamp(ordering, ValueOrPath::Path(path)) => {
            let expected = moment(&*look_up(path, scope)?);
            fits(*ordering, moment(value).zip(expected).map(|(at, expected)| at.cmp(&expected)))
        }
        Comparison::Boolean(ValueOrPath::Value(expected)) => value.as_bool() == Some(*expected),
        Comparison::Boolean(ValueOrPath::Path(path)) => {
            let expected = look_up(path, scope)?;
            value.is_boolean() && value.as_bool() == expected.as_bool()
        }
        Comparison::StringMatches(pattern) => value.as_str().is_some_and(|text| matches_pattern(text, pattern)),
        Comparison::Is(sort, expected) => is(value, *sort) == *expected,
    })
}

fn is(value: &Value, sort: Sort) -> bool {
    match sort {
        Sort::Null => value.is_null(),
        Sort::Present => true,
        Sort::Numeric => value.is_number(),
        Sort::String => value.is_string(),
        Sort::Boolean => value.is_boolean(),
        Sort::Timestamp => moment(value).is_some(),
    }
}

fn fits(ordering: Ordering, order: Option<Order>) -> bool {
    order.is_some_and(|order| match ordering {
        Ordering::Equals => order.is_eq(),
        Ordering::LessThan => order.is_lt(),
        Ordering::LessThanEquals => order.is_le(),
        Ordering::GreaterThan => order.is_gt(),
        Ordering::GreaterThanEquals => order.is_ge(),
    })
}

fn compare_texts(value: &Value, expected: &str) -> Option<Order> {
    // By UTF-16 code units, as Java compares strings.
    value.as_str().map(|text| text.encode_utf16().cmp(expected.encode_utf16()))
}

fn compare_to_number(value: &Value, expected: &Number) -> Option<Order> {
    let number = value.as_number()?;
    if let (Some(number), Some(expected)) = (number.as_i128(), expected.as_i128()) {
        return Some(number.cmp(&expected));
    }
    number.as_f64()?.partial_cmp(&expected.as_f64()?)
}

fn moment(value: &Value) -> Option<chrono::DateTime<chrono::Utc>> {
    value.as_str().and_then(timestamp::parse)
}

/// `*` matches any string; a backslash escapes the next character.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    let (mut pieces, mut piece, mut characters) = (Vec::new(), String::new(), pattern.chars());
    while let Some(character) = characters.next() {
        match character {
            '*' => pieces.push(std::mem::take(&mut piece)),
            '\\' => piece.push(characters.next().unwrap_or('\\')),
            other => piece.push(other),
        }
    }
    let last = piece;
    let Some((first, middle)) = pieces.split_first() else { return text == last };
    let Some(rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
    // The leftmost match is sufficient: it leaves the longest rest.
    middle.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = rest.get(at + piece.len()..).unwrap_or_default();
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisk_matches_any_string() {
        let table = [
            ("log-*.txt", "log-2026.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "log-2026.txt.gz", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            (r"a\\*", r"a\x", true),
            ("**", "x", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches_pattern(text, pattern), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn numbers_compare_exactly() {
        let compared = |left: &str, right: &str| {
            let value: Value = serde_json::from_str(left).unwrap();
            compare_to_number(&value, &serde_json::from_str::<Number>(right).unwrap())
        };
        assert_eq!(compared("1", "1.0"), Some(Order::Equal));
        assert_eq!(compared("9007199254740993", "9007199254740992"), Some(Order::Greater));
        assert_eq!(compared("0.1", "0.2"), Some(Order::Less));
        assert_eq!(compared("\"1\"", "1"), None);
    }
}
