//! Checks that the bucket policy denies requests without TLS.

use super::DoctorFinding;
use super::remediation::{Remediation, shell_quoted};
use bifrost_core::cloud::BucketSettings;
use bifrost_core::release::BucketName;
use serde_json::{Value, json};

const CHECK: &str = "bucket: TLS only";

pub(super) fn check(settings: &BucketSettings, name: &BucketName, remediation: &Remediation<'_>) -> DoctorFinding {
    let policy = match &settings.policy {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(policy) => policy.as_ref(),
    };
    if policy.is_some_and(requires_tls) {
        return DoctorFinding::good(CHECK, "the bucket policy denies requests without TLS");
    }
    let statement = statement(name, remediation);
    let next_step = match with_statement(policy, &statement) {
        Some(policy) => {
            let policy = shell_quoted(&policy.to_string());
            remediation.aws(&format!("s3api put-bucket-policy --bucket {name} --policy {policy}"))
        }
        // A complete policy would replace statements that are not understood here.
        None => format!("add this statement to the bucket policy of {name}: {statement}"),
    };
    DoctorFinding::bad(CHECK, "the bucket policy allows requests without TLS", next_step)
}

/// Without a `Sid`, which must be unique in a policy.
fn statement(name: &BucketName, remediation: &Remediation<'_>) -> Value {
    let partition = remediation.identity().region.partition();
    json!({
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [partition.s3_arn(name.as_str()), partition.s3_arn(&format!("{name}/*"))],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    })
}

/// The policy with one more statement; `None` if it has no list of statements. `put-bucket-policy` replaces the whole
/// policy.
fn with_statement(policy: Option<&Value>, statement: &Value) -> Option<Value> {
    let Some(policy) = policy else {
        return Some(json!({"Version": "2012-10-17", "Statement": [statement]}));
    };
    let statements: Vec<&Value> = listed(policy.get("Statement")?).into_iter().chain([statement]).collect();
    let mut policy = policy.as_object()?.clone();
    policy.insert("Statement".into(), json!(statements));
    Some(policy.into())
}

/// Whether a statement denies all principals all actions without TLS.
pub(super) fn requires_tls(policy: &Value) -> bool {
    let statements = policy.get("Statement").map(listed).unwrap_or_default();
    statements.into_iter().any(|statement| {
        let has = |field: &str, wanted: &[&str]| statement.get(field).is_some_and(|value| holds(value, wanted));
        denies_everybody(statement) && has("Action", &["*", "s3:*"]) && is_without_tls(statement)
    })
}

/// Whether a statement denies something to all principals.
pub(super) fn denies_everybody(statement: &Value) -> bool {
    let has = |field: &str, wanted: &[&str]| statement.get(field).is_some_and(|value| holds(value, wanted));
    let all_principals =
        has("Principal", &["*"]) || statement.pointer("/Principal/AWS").is_some_and(|value| holds(value, &["*"]));
    has("Effect", &["Deny"]) && all_principals
}

/// IAM ignores the case of condition keys.
fn is_without_tls(statement: &Value) -> bool {
    let condition = statement.pointer("/Condition/Bool").and_then(Value::as_object);
    let mut keys = condition.into_iter().flatten();
    keys.any(|(key, value)| {
        key.eq_ignore_ascii_case("aws:SecureTransport") && (holds(value, &["false"]) || is_false(value))
    })
}

/// IAM accepts a boolean without quotes.
fn is_false(value: &Value) -> bool {
    listed(value).contains(&&Value::Bool(false))
}

/// A policy may write a single element without a list.
pub(super) fn listed(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

pub(super) fn holds(value: &Value, wanted: &[&str]) -> bool {
    listed(value).into_iter().filter_map(Value::as_str).any(|text| wanted.contains(&text))
}
