//! A safe release changes code and nothing else: it is refused if it differs from the deployed one in what it runs on.

use crate::findings::Findings;
use crate::release::{OdinRelease, Service, ServiceName};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All that a safe release must keep and does not.
#[must_use]
pub(crate) fn differences(release: &OdinRelease, deployed: &OdinRelease) -> Findings {
    let mut differences = Differences::default();
    differences.compare("subnets", set(&release.fields.subnets), set(&deployed.fields.subnets));
    differences.compare("timeout", release.envelope.timeout, deployed.envelope.timeout);
    let (new, old) = (names(release), names(deployed));
    for service in new.symmetric_difference(&old) {
        let told = if new.contains(service) { "is new" } else { "is gone" };
        differences.0.add(format!("services.{service}"), format!("safe_release: this service {told}"));
    }
    for (name, service) in &release.fields.services {
        if let Some(old) = deployed.fields.services.get(name) {
            differences.service(&format!("services.{name}"), service, old);
        }
    }
    differences.0
}

fn names(release: &OdinRelease) -> BTreeSet<&ServiceName> {
    release.fields.services.keys().collect()
}

#[derive(Default)]
struct Differences(Findings);

impl Differences {
    fn service(&mut self, path: &str, new: &Service, old: &Service) {
        let at = |field: &str| format!("{path}.{field}");
        self.compare(&at("instance_type"), &new.instance_type, &old.instance_type);
        self.compare(&at("security_groups"), set(&new.security_groups), set(&old.security_groups));
        self.compare(&at("profile"), &new.profile, &old.profile);
        self.compare(&at("elbs"), set(&new.elbs), set(&old.elbs));
        self.compare(&at("target_groups"), set(&new.target_groups), set(&old.target_groups));
        self.compare(&at("ebs_volume_size"), new.ebs_volume_size, old.ebs_volume_size);
        self.compare(&at("ebs_volume_type"), new.ebs_volume_type, old.ebs_volume_type);
        self.compare(&at("ebs_device_name"), &new.ebs_device_name, &old.ebs_device_name);
        self.compare(
            &at("associate_public_ip_address"),
            new.associate_public_ip_address,
            old.associate_public_ip_address,
        );
        let (new, old) = (&new.autoscaling, &old.autoscaling);
        let at = |field: &str| format!("{path}.autoscaling.{field}");
        self.compare(&at("min_size"), new.min_size, old.min_size);
        self.compare(&at("max_size"), new.max_size, old.max_size);
        self.compare(&at("max_terms"), new.max_terms, old.max_terms);
        self.compare(&at("default_cooldown"), new.default_cooldown, old.default_cooldown);
        self.compare(&at("health_check_grace_period"), new.health_check_grace_period, old.health_check_grace_period);
        self.compare(&at("spread"), new.spread, old.spread);
    }

    fn compare<T: PartialEq + Serialize>(&mut self, path: &str, new: T, old: T) {
        if new != old {
            let (new, old) = (told(&json!(new)), told(&json!(old)));
            self.0.add(path, format!("safe_release: it is {new}, and {old} in the deployed release"));
        }
    }
}

fn told(value: &Value) -> String {
    if value.is_null() { "absent".into() } else { value.to_string() }
}

/// Lists whose order means nothing.
fn set<T: Ord>(list: &[T]) -> BTreeSet<&T> {
    list.iter().collect()
}
