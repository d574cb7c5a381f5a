//! Equality of JSON values by meaning.

use serde_json::{Number, Value};

use super::decimal::Decimal;
use super::path::{self, Step};

/// The first difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its path, such as `services.web.subnets[0]`. Empty if the documents differ as a whole.
    pub path: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(path::or_document(&self.path))
    }
}

/// Whether two values are equal by meaning: members of objects in any order, numbers by their exact decimal value.
///
/// `1`, `1.0` and `1e0` are equal; `9007199254740993` and `9007199254740992` are not. Numbers whose exponents do not fit into
/// 64 bits are equal only if they are spelt the same.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    difference(a, b).is_none()
}

/// The first difference between two values in the order of `a`, or `None` if they are the [`same`].
#[must_use]
pub fn difference(a: &Value, b: &Value) -> Option<Difference> {
    steps(a, b).map(|innermost_first| Difference { path: path::render(&innermost_first) })
}

/// The steps to the first difference, innermost first, as the path is built on the way out.
fn steps(a: &Value, b: &Value) -> Option<Vec<Step>> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (!same_number(a, b)).then(Vec::new),
        (Value::Array(a), Value::Array(b)) => elements(a, b),
        (Value::Object(a), Value::Object(b)) => members(a, b),
        _ => (a != b).then(Vec::new),
    }
}

fn elements(a: &[Value], b: &[Value]) -> Option<Vec<Step>> {
    let unequal = a.iter().zip(b).enumerate().find_map(|(index, (a, b))| Some((index, steps(a, b)?)));
    let (index, mut steps) = match unequal {
        Some(found) => found,
        None if a.len() == b.len() => return None,
        None => (a.len().min(b.len()), Vec::new()),
    };
    steps.push(Step::Index(index));
    Some(steps)
}

fn members(a: &serde_json::Map<String, Value>, b: &serde_json::Map<String, Value>) -> Option<Vec<Step>> {
    let unequal = a.iter().find_map(|(key, value)| match b.get(key) {
        Some(other) => Some((key, steps(value, other)?)),
        None => Some((key, Vec::new())),
    });
    let only_in_b = || b.keys().find(|key| !a.contains_key(*key)).map(|key| (key, Vec::new()));
    let (key, mut steps) = unequal.or_else(only_in_b)?;
    steps.push(Step::Key(key.clone()));
    Some(steps)
}

fn same_number(a: &Number, b: &Number) -> bool {
    a == b || Decimal::parse(a.as_str()).is_some_and(|decimal| Some(decimal) == Decimal::parse(b.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn path(a: &str, b: &str) -> Option<String> {
        difference(&parse(a.as_bytes()).unwrap(), &parse(b.as_bytes()).unwrap()).map(|difference| difference.path)
    }

    #[test]
    fn key_order_and_spelling_of_numbers_do_not_matter() {
        assert_eq!(path(r#"{"a":1,"b":[0.80,{"c":1e0}]}"#, r#"{ "b": [0.8, {"c": 1.0}], "a": 1 }"#), None);
    }

    #[test]
    fn no_digit_is_rounded() {
        assert_eq!(path(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#), Some("a".into()));
        assert_eq!(path("[1e999999999]", "[1e999999998]"), Some("[0]".into()));
        assert_eq!(path("1e99999999999999999999", "1e99999999999999999998"), Some(String::new()));
        assert_eq!(path("1e99999999999999999999", "1e99999999999999999999"), None);
    }

    #[test]
    fn path_leads_to_the_first_difference() {
        let release = r#"{"services":{"web":{"subnets":["a","b"]}},"ami":"x"}"#;
        assert_eq!(
            path(release, r#"{"services":{"web":{"subnets":["a","c"]}},"ami":"x"}"#),
            Some("services.web.subnets[1]".into())
        );
        assert_eq!(
            path(release, r#"{"services":{"web":{"subnets":["a"]}},"ami":"x"}"#),
            Some("services.web.subnets[1]".into())
        );
        assert_eq!(path(release, r#"{"services":{"web":{"subnets":["a","b"]}}}"#), Some("ami".into()));
        assert_eq!(path("{}", r#"{"ami":"x"}"#), Some("ami".into()));
        assert_eq!(path(r#"{"a":"1"}"#, r#"{"a":1}"#), Some("a".into()));
    }
}
