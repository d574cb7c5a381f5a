//! The policy of the bucket: does it refuse who comes without TLS?

use super::DoctorFinding;
use bifrost_core::cloud::BucketSettings;
use bifrost_core::release::{BucketName, Region};
use serde_json::{Value, json};

const CHECK: &str = "bucket: TLS only";

pub(super) fn check(settings: &BucketSettings, name: &BucketName, region: &Region) -> DoctorFinding {
    match &settings.policy {
        Err(error) => DoctorFinding::unchecked(CHECK, error),
        Ok(policy) if policy.as_ref().is_some_and(wants_tls) => {
            DoctorFinding::good(CHECK, "its policy refuses all else")
        }
        Ok(_) => {
            let partition = region.partition();
            let statement = json!({
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [partition.s3_arn(name.as_str()), partition.s3_arn(&format!("{name}/*"))],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            });
            let next_step = format!("add to its policy, with `aws s3api put-bucket-policy`: {statement}");
            DoctorFinding::bad(CHECK, "its policy lets in who comes without TLS", next_step)
        }
    }
}

/// Whether a statement denies everybody everything without TLS.
fn wants_tls(policy: &Value) -> bool {
    let statements = policy.get("Statement").map(listed).unwrap_or_default();
    statements.into_iter().any(|statement| {
        let has = |field: &str, wanted: &[&str]| statement.get(field).is_some_and(|value| holds(value, wanted));
        let everybody =
            has("Principal", &["*"]) || statement.pointer("/Principal/AWS").is_some_and(|who| holds(who, &["*"]));
        has("Effect", &["Deny"]) && everybody && has("Action", &["*", "s3:*"]) && is_without_tls(statement)
    })
}

/// The keys of conditions are written in any case.
fn is_without_tls(statement: &Value) -> bool {
    let condition = statement.pointer("/Condition/Bool").and_then(Value::as_object);
    let mut keys = condition.into_iter().flatten();
    keys.any(|(key, value)| {
        key.eq_ignore_ascii_case("aws:SecureTransport") && (holds(value, &["false"]) || refuses(value))
    })
}

/// A boolean may stand without quotes.
fn refuses(value: &Value) -> bool {
    listed(value).contains(&&Value::Bool(false))
}

/// Policies write one thing as itself, and several as a list.
fn listed(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn holds(value: &Value, wanted: &[&str]) -> bool {
    listed(value).into_iter().filter_map(Value::as_str).any(|text| wanted.contains(&text))
}
