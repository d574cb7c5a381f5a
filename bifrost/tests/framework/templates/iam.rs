//! The semantics of IAM policies, as far as the templates use them.

use serde_json::Value;

/// The statements with this effect, at any depth.
pub(super) fn statements(template: &Value, effect: &str) -> Vec<Value> {
    match template {
        Value::Object(fields) if fields.get("Effect").is_some_and(|found| found == effect) => vec![template.clone()],
        Value::Object(fields) => fields.values().flat_map(|value| statements(value, effect)).collect(),
        Value::Array(values) => values.iter().flat_map(|value| statements(value, effect)).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        value => value.as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}

/// Whether a statement allows an action. IAM ignores case, and `*` and `?` are wildcards.
pub(super) fn allows(statement: &Value, action: &str) -> bool {
    statement.get("NotAction").is_some()
        || texts(&statement["Action"]).iter().any(|pattern| matches(&pattern.to_lowercase(), &action.to_lowercase()))
}

/// The ARNs of a statement.
pub(super) fn objects(resources: &Value) -> Vec<String> {
    match resources {
        Value::Array(values) => values.iter().flat_map(objects).collect(),
        value => value.get("Fn::Sub").unwrap_or(value).as_str().map(ToOwned::to_owned).into_iter().collect(),
    }
}

/// Whether a text matches a pattern with the wildcards `*` and `?`.
fn matches(pattern: &str, text: &str) -> bool {
    fn covers(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => (0..=text.len()).any(|skipped| covers(rest, &text[skipped..])),
            ([one, rest @ ..], [first, others @ ..]) => (*one == b'?' || one == first) && covers(rest, others),
            ([], []) => true,
            _ => false,
        }
    }
    covers(pattern.as_bytes(), text.as_bytes())
}

/// A request, as IAM sees it.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    action: String,
    resource: String,
    context: Vec<(String, String)>,
}

impl Request {
    pub(super) fn new(action: &str, resource: &str) -> Self {
        Self { action: action.into(), resource: resource.into(), context: Vec::new() }
    }

    /// The request with one more condition key.
    pub(super) fn with(mut self, key: &str, value: &str) -> Self {
        self.context.push((key.to_lowercase(), value.into()));
        self
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.context.iter().find(|(name, _)| *name == key.to_lowercase()).map(|(_, value)| value.as_str())
    }

    fn applies(&self, statement: &Value) -> bool {
        let is_listed = |arns: &Value| objects(arns).iter().any(|arn| matches(arn, &self.resource));
        let is_resource = match statement.get("NotResource") {
            Some(others) => !is_listed(others),
            None => is_listed(&statement["Resource"]),
        };
        let conditions = statement.get("Condition").and_then(Value::as_object).into_iter().flatten();
        let mut conditions = conditions.flat_map(|(operator, keys)| {
            keys.as_object().unwrap().iter().map(move |(key, expected)| (operator.as_str(), key.as_str(), expected))
        });
        allows(statement, &self.action)
            && is_resource
            && conditions.all(|(operator, key, expected)| holds(operator, self.value(key), &objects(expected)))
    }
}

/// Whether a condition holds for the value of its key in the request.
fn holds(operator: &str, value: Option<&str>, expected: &[String]) -> bool {
    let (is_any, operator) = operator.strip_prefix("ForAnyValue:").map_or((false, operator), |rest| (true, rest));
    let (is_optional, operator) = operator.strip_suffix("IfExists").map_or((false, operator), |rest| (true, rest));
    let Some(value) = value else {
        return match operator {
            "Null" => expected == ["true"],
            // Negated operators match a key that is absent.
            "StringNotEquals" | "ArnNotLike" | "ArnNotEquals" => !is_any,
            _ => is_optional,
        };
    };
    let any = |matched: &dyn Fn(&str) -> bool| expected.iter().any(|expected| matched(expected));
    match operator {
        "Null" => expected == ["false"],
        "StringEquals" | "Bool" | "ArnEquals" => any(&|expected| expected == value),
        "StringNotEquals" | "ArnNotEquals" => !any(&|expected| expected == value),
        "StringLike" | "ArnLike" => any(&|pattern| matches(pattern, value)),
        "ArnNotLike" => !any(&|pattern| matches(pattern, value)),
        "NumericLessThan" => any(&|expected| value.parse::<u64>().unwrap() < expected.parse().unwrap()),
        other => panic!("unknown operator {other}"),
    }
}

/// The `Sid` of the first statement with this effect, at any depth, that applies to a request.
fn applying(policy: &Value, effect: &str, request: &Request) -> Option<String> {
    let applying = statements(policy, effect).into_iter().find(|statement| request.applies(statement));
    applying.map(|statement| statement["Sid"].as_str().unwrap().to_owned())
}

/// The `Sid` of a statement that denies a request.
pub(super) fn denied_by(policy: &Value, request: &Request) -> Option<String> {
    applying(policy, "Deny", request)
}

/// Whether a policy allows a request, and does not deny it.
pub(super) fn permits(policy: &Value, request: &Request) -> bool {
    applying(policy, "Allow", request).is_some() && denied_by(policy, request).is_none()
}
