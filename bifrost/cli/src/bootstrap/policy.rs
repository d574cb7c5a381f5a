//! IAM policies in CloudFormation templates.

use bifrost_core::deployer::Permission;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone)]
pub(super) struct Statement(Map<String, Value>);

/// Allows these actions on these resources.
pub(super) fn allow<R: AsRef<str>>(sid: &str, actions: &[&str], resources: &[R]) -> Statement {
    statement(sid, "Allow", actions).with("Resource", list(resources))
}

/// Denies these actions on these resources, even if another statement allows them.
pub(super) fn deny<R: AsRef<str>>(sid: &str, actions: &[&str], resources: &[R]) -> Statement {
    statement(sid, "Deny", actions).with("Resource", list(resources))
}

/// Denies these actions on all other resources, even if another statement allows them.
pub(super) fn deny_elsewhere<R: AsRef<str>>(sid: &str, actions: &[&str], resources: &[R]) -> Statement {
    statement(sid, "Deny", actions).with("NotResource", list(resources))
}

/// Lets a principal assume the role that has this trust policy.
pub(super) fn trust(sid: &str, action: &str, principal: Value) -> Statement {
    statement(sid, "Allow", &[action]).of(principal)
}

fn statement(sid: &str, effect: &str, actions: &[&str]) -> Statement {
    Statement(Map::new()).with("Sid", sid.into()).with("Effect", effect.into()).with("Action", json!(actions))
}

impl Statement {
    /// The statement with a principal, which resource-based policies require.
    pub(super) fn of(self, principal: Value) -> Self {
        self.with("Principal", principal)
    }

    /// The statement with one more condition. All conditions must hold.
    pub(super) fn when(mut self, operator: &str, key: &str, values: &[&str]) -> Self {
        let conditions = self.0.entry("Condition").or_insert_with(|| json!({}));
        if let Value::Object(conditions) = conditions
            && let Value::Object(keys) = conditions.entry(operator).or_insert_with(|| json!({}))
        {
            keys.insert(key.into(), list(values));
        }
        self
    }

    /// The fields of the statement.
    pub(super) fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.0.insert(field.into(), value);
        self
    }
}

impl From<&Permission> for Statement {
    fn from(permission: &Permission) -> Self {
        let Permission { sid, actions, resources, conditions, .. } = permission;
        conditions.iter().fold(allow(sid, actions, resources), |statement, (operator, key, values)| {
            statement.when(operator, key, values)
        })
    }
}

pub(super) fn document(statements: impl IntoIterator<Item = Statement>) -> Value {
    let statements: Vec<Value> = statements.into_iter().map(|statement| statement.0.into()).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A text in which CloudFormation replaces each `${…}`, except for IAM's own variables, such as `${aws:PrincipalTag/…}`.
pub(super) fn substituted(text: &str) -> Value {
    const OF_IAM: &str = "${aws:";
    if text.replace(OF_IAM, "").contains("${") {
        json!({"Fn::Sub": text.replace(OF_IAM, "${!aws:")})
    } else {
        text.into()
    }
}

fn list<T: AsRef<str>>(texts: &[T]) -> Value {
    match texts {
        [text] => substituted(text.as_ref()),
        _ => texts.iter().map(|text| substituted(text.as_ref())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_iam_are_left_to_iam() {
        for (text, expected) in [
            ("*", json!("*")),
            ("${aws:PrincipalTag/A}", json!("${aws:PrincipalTag/A}")),
            ("${AWS::AccountId}", json!({"Fn::Sub": "${AWS::AccountId}"})),
            (
                "a:${AWS::AccountId}:${aws:PrincipalTag/A}",
                json!({"Fn::Sub": "a:${AWS::AccountId}:${!aws:PrincipalTag/A}"}),
            ),
        ] {
            assert_eq!(substituted(text), expected);
        }
    }
}
