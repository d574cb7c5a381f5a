//! A safe release changes code and nothing else: it is refused if it differs from the deployed one in what it runs on.

use crate::findings::Findings;
use crate::release::{OdinRelease, Service, ServiceName, fill_defaults};
use bifrost::cloud::{CloudError, Objects};
use bifrost::release::{Defaults, Envelope, ReleaseId};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What must stay as it is in each service, as it stands in a release. The order of lists means nothing.
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

/// All that a safe release must keep and does not.
#[must_use]
pub(crate) fn differences(release: &OdinRelease, deployed: &OdinRelease) -> Findings {
    let mut findings = Findings::default();
    compare(&mut findings, "subnets", told(&release.fields.subnets), told(&deployed.fields.subnets));
    compare(&mut findings, "timeout", told(&release.envelope.timeout), told(&deployed.envelope.timeout));
    let (new, old) = (names(release), names(deployed));
    for service in new.symmetric_difference(&old) {
        let what = if new.contains(service) { "is new" } else { "is gone" };
        findings.add(format!("services.{service}"), format!("safe_release: this service {what}"));
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
        let (new, old) = (told(&new.pointer(&pointer)), told(&old.pointer(&pointer)));
        compare(findings, &format!("{path}.{field}"), new, old);
    }
}

fn compare(findings: &mut Findings, path: &str, new: Option<Value>, old: Option<Value>) {
    if new != old {
        let shown = |value: Option<Value>| value.map_or_else(|| "absent".to_owned(), |value| value.to_string());
        let message = format!("safe_release: it is {}, and {} in the deployed release", shown(new), shown(old));
        findings.add(path, message);
    }
}

/// A value as a release has it, with lists in order of their elements; nothing, if it is absent.
fn told(value: &impl Serialize) -> Option<Value> {
    match json!(value) {
        Value::Null => None,
        Value::Array(mut elements) => {
            elements.sort_by_key(Value::to_string);
            Some(Value::Array(elements))
        }
        other => Some(other),
    }
}

/// The deployed release cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeployedReleaseError {
    /// S3 refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// It is not there, or no release.
    #[error("it cannot be compared with the deployed release {id:?}: {why}")]
    Unknown { id: String, why: String },
}

/// Reads a release of the same project and config as it was uploaded.
pub(crate) async fn read_deployed(
    objects: &dyn Objects,
    defaults: &Defaults,
    envelope: &Envelope,
    id: &str,
) -> Result<OdinRelease, DeployedReleaseError> {
    let unknown = |why: String| DeployedReleaseError::Unknown { id: id.to_owned(), why };
    let id: ReleaseId = id.parse().map_err(|error| unknown(format!("{error}")))?;
    let key = envelope.root_dir().release_dir(&id).release();
    let object = objects.get(&envelope.bucket, &key).await?;
    let object = object.ok_or_else(|| unknown(format!("there is no {key} in bucket {}", envelope.bucket)))?;
    let value = bifrost::json::parse(&object.body).map_err(|error| unknown(error.to_string()))?;
    let mut deployed = OdinRelease::read(&value, defaults).map_err(|error| unknown(error.to_string()))?;
    fill_defaults(&mut deployed);
    Ok(deployed)
}
