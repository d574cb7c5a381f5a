//! `safe_release`: a release that may change code, but not what the code runs on.

use crate::findings::Findings;
use crate::release::{OdinRelease, Service, ServiceName, fill_defaults};
use crate::rules;
use bifrost::cloud::{CloudError, Objects, limit_bytes};
use bifrost::json::{ParseError, ReadError};
use bifrost::release::{BucketName, Defaults, Envelope, InvalidName, ObjectKey, ReleaseId};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields of a service that a safe release must not change. The order of lists does not matter.
const UNCHANGED_FIELDS: [&str; 15] = [
    "security_groups",
    "profile",
    "elbs",
    "target_groups",
    "ebs_volume_size",
    "ebs_volume_type",
    "ebs_device_name",
    "associate_public_ip_address",
    "instance_type",
    "autoscaling.min_size",
    "autoscaling.max_size",
    "autoscaling.max_terms",
    "autoscaling.default_cooldown",
    "autoscaling.health_check_grace_period",
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
            compare_services(&mut findings, &format!("services.{name}"), service, old);
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
