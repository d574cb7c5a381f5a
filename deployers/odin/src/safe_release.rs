//! `safe_release`: a release that may change code, but not what the code runs on.

use crate::release::{OdinRelease, Service, ServiceName, fill_defaults};
use crate::rules;
use bifrost::cloud::{CloudError, Objects, limit_bytes};
use bifrost::findings::Findings;
use bifrost::json::{ParseError, ReadError};
use bifrost::release::{BucketName, Defaults, Envelope, InvalidName, ObjectKey, ReleaseId};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields of a service that a safe release must not change, besides the grace period, which has a default. The order of lists
/// does not matter.
const UNCHANGED_FIELDS: [&str; 17] = [
    "security_groups",
    "profile",
    "elbs",
    "target_groups",
    "ebs_volume_size",
    "ebs_volume_type",
    "ebs_device_name",
    "ebs_encrypted",
    "ebs_iops",
    "ebs_throughput",
    "associate_public_ip_address",
    "instance_type",
    "autoscaling.min_size",
    "autoscaling.max_size",
    "autoscaling.max_terms",
    "autoscaling.default_cooldown",
    "autoscaling.spread",
];

/// Every difference that a safe release must not have.
#[must_use]
pub(crate) fn differences(release: &OdinRelease, deployed: &OdinRelease) -> Findings {
    let mut findings = Findings::default();
    compare(&mut findings, "subnets", comparable(&release.fields.subnets), comparable(&deployed.fields.subnets));
    compare(&mut findings, "timeout", comparable(&release.envelope.timeout), comparable(&deployed.envelope.timeout));
    let (new, old) = (names(release), names(deployed));
    for service in new.symmetric_difference(&old) {
        let (change, undo) = if new.contains(service) { ("is new", "remove it") } else { ("is missing", "add it") };
        let message =
            format!("the service {change}, compared with the deployed release: {undo}, or remove safe_release");
        findings.add(rules::UNSAFE_CHANGE, format!("services.{service}"), message);
    }
    for (name, service) in &release.fields.services {
        if let Some(old) = deployed.fields.services.get(name) {
            let path = format!("services.{name}");
            compare_services(&mut findings, &path, service, old);
            let grace = |of: &OdinRelease, service: &Service| {
                comparable(&service.autoscaling.grace_period_seconds(of.envelope.timeout))
            };
            let path = format!("{path}.autoscaling.health_check_grace_period");
            compare(&mut findings, &path, grace(release, service), grace(deployed, old));
        }
    }
    findings
}

fn names(release: &OdinRelease) -> BTreeSet<&ServiceName> {
    release.fields.services.keys().collect()
}

fn compare_services(findings: &mut Findings, path: &str, new: &Service, old: &Service) {
    let (new, old) = (json!(new), json!(old));
    for field in UNCHANGED_FIELDS {
        let pointer = format!("/{}", field.replace('.', "/"));
        let (new, old) = (comparable(&new.pointer(&pointer)), comparable(&old.pointer(&pointer)));
        compare(findings, &format!("{path}.{field}"), new, old);
    }
}

fn compare(findings: &mut Findings, path: &str, new: Option<Value>, old: Option<Value>) {
    if new != old {
        let shown = |value: Option<Value>| value.map_or_else(|| "absent".to_owned(), |value| value.to_string());
        let message = format!(
            "{} differs from the deployed release, which has {}: undo the change, or remove safe_release",
            shown(new),
            shown(old)
        );
        findings.add(rules::UNSAFE_CHANGE, path, message);
    }
}

/// A value of a release with its lists sorted; `None` if it is absent.
fn comparable(value: &impl Serialize) -> Option<Value> {
    match json!(value) {
        Value::Null => None,
        Value::Array(mut elements) => {
            elements.sort_by_key(Value::to_string);
            Some(Value::Array(elements))
        }
        other => Some(other),
    }
}

/// The deployed release was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployedReleaseError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Unreadable(#[from] UnreadableRelease),
}

/// The deployed release does not exist in S3, or is not valid.
#[derive(Debug, thiserror::Error)]
#[error("cannot compare with the deployed release {id:?}: {reason}")]
pub(crate) struct UnreadableRelease {
    id: String,
    reason: UnreadableReason,
}

#[derive(Debug, thiserror::Error)]
enum UnreadableReason {
    #[error(transparent)]
    Id(#[from] InvalidName),
    #[error("bucket {bucket} has no {key}")]
    Missing { bucket: BucketName, key: ObjectKey },
    #[error(transparent)]
    Json(#[from] ParseError),
    #[error(transparent)]
    Release(#[from] ReadError),
}

impl UnreadableRelease {
    /// The finding of a safe release: it cannot be compared.
    pub(crate) fn finding(&self) -> Findings {
        let mut findings = Findings::default();
        let message = format!("{self}; remove safe_release for this deploy");
        findings.add(rules::DEPLOYED_UNREADABLE, "safe_release", message);
        findings
    }
}

/// Reads a release of the same project and config from S3.
pub(crate) async fn read_deployed(
    objects: &dyn Objects,
    defaults: &Defaults,
    envelope: &Envelope,
    id: &str,
) -> Result<OdinRelease, DeployedReleaseError> {
    let unreadable = |reason: UnreadableReason| UnreadableRelease { id: id.to_owned(), reason };
    let id: ReleaseId = id.parse().map_err(|error: InvalidName| unreadable(error.into()))?;
    let key = envelope.root_dir().release_dir(&id).release();
    let Some(object) = objects.get(&envelope.bucket, &key, limit_bytes::RELEASE).await? else {
        return Err(unreadable(UnreadableReason::Missing { bucket: envelope.bucket.clone(), key }).into());
    };
    let value = bifrost::json::parse(&object.body).map_err(|error| unreadable(error.into()))?;
    let mut deployed = OdinRelease::read(&value, defaults).map_err(|error| unreadable(error.into()))?;
    fill_defaults(&mut deployed);
    Ok(deployed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    /// The paths of the differences between two releases that set the field at the JSON pointer, or do not set it (`null`).
    fn paths(pointer: &str, deployed: &Value, new: &Value) -> Vec<String> {
        let with = |value: &Value| {
            let mut sent = sample::sent();
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let fields = sent.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            fields.shift_remove(key);
            fields.extend((!value.is_null()).then(|| (key.to_owned(), value.clone())));
            let mut release = sample::read(&sent);
            fill_defaults(&mut release);
            release
        };
        differences(&with(new), &with(deployed)).iter().map(|finding| finding.path.clone()).collect()
    }

    #[test]
    fn each_field_of_a_volume_is_compared() {
        for (field, old, new) in [
            ("ebs_volume_size", json!(20), json!(21)),
            ("ebs_volume_type", json!("gp2"), Value::Null),
            ("ebs_device_name", json!("/dev/sdf"), Value::Null),
            ("ebs_encrypted", Value::Null, json!(true)),
            ("ebs_iops", Value::Null, json!(4_000)),
            ("ebs_throughput", json!(200), json!(250)),
        ] {
            let pointer = format!("/services/web/{field}");
            assert_eq!(paths(&pointer, &old, &new), [format!("services.web.{field}")]);
            assert_eq!(paths(&pointer, &new, &new), Vec::<String>::new());
        }
        assert_eq!(paths("/services/web/detailed_monitoring", &Value::Null, &json!(true)), Vec::<String>::new());
    }

    /// A release that does not set the grace period has that of its timeout, 600 s, during the deploy.
    #[test]
    fn unset_grace_period_is_the_timeout() {
        let grace = |old: Value, new: Value| paths("/services/web/autoscaling/health_check_grace_period", &old, &new);
        for same in [Value::Null, json!(600), json!(601)] {
            assert_eq!(grace(Value::Null, same.clone()), Vec::<String>::new(), "{same}");
            assert_eq!(grace(same.clone(), Value::Null), Vec::<String>::new(), "{same}");
        }
        let path = "services.web.autoscaling.health_check_grace_period";
        assert_eq!(grace(Value::Null, json!(300)), [path]);
        assert_eq!(grace(json!(300), Value::Null), [path]);
    }
}
