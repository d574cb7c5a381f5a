//! The defaults that Validate fills in.

use super::service::DEFAULT_DEVICE_NAME;
use super::{OdinRelease, ResourceName, Service, VolumeType};
use crate::pace::seconds_until_next_check;

/// Fills in the defaults that depend on other fields, and lowers a grace period above the timeout. Reading fills in the others.
///
/// A grace period that the release does not set stays so: it is the timeout during the deploy, and another one afterwards.
pub(crate) fn fill_defaults(release: &mut OdinRelease) {
    let timeout = release.envelope.timeout;
    let fields = &mut release.fields;
    fields.wait_for_healthy = seconds_until_next_check(0);
    for (name, hook) in &mut fields.lifecycle {
        hook.name = Some(name.clone());
    }
    for (name, service) in &mut fields.services {
        service.service_name = Some(name.clone());
        if let Some(grace) = &mut service.autoscaling.health_check_grace_period {
            *grace = (*grace).min(timeout);
        }
        fill_volume(service);
    }
}

fn fill_volume(service: &mut Service) {
    if service.ebs_volume_size.is_none() {
        return;
    }
    service.ebs_volume_type.get_or_insert(VolumeType::Gp3);
    if service.ebs_device_name.is_none() {
        service.ebs_device_name = ResourceName::try_from(DEFAULT_DEVICE_NAME.to_owned()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;
    use serde_json::json;

    fn filled(pointer: &str, value: serde_json::Value) -> OdinRelease {
        let mut release = sample::with(pointer, value);
        fill_defaults(&mut release);
        release
    }

    #[test]
    fn grace_period_is_lowered_to_the_timeout() {
        for (set, lowered) in [(0, 0), (30, 30), (600, 600), (601, 600), (u32::MAX, 600)] {
            let release = filled("/services/web/autoscaling/health_check_grace_period", json!(set));
            let grace =
                |name: &str| release.fields.services[&name.parse().unwrap()].autoscaling.health_check_grace_period;
            assert_eq!((grace("web"), grace("worker")), (Some(lowered), None));
        }
    }

    #[test]
    fn volume_gets_its_type_and_device() {
        let mut sent = sample::sent();
        let web = sent["services"]["web"].as_object_mut().unwrap();
        web.shift_remove("ebs_volume_type");
        web.shift_remove("ebs_device_name");
        let mut release = sample::read(&sent);
        fill_defaults(&mut release);
        let service = |name: &str| release.fields.services[&name.parse().unwrap()].clone();
        assert_eq!(service("web").ebs_volume_type, Some(VolumeType::Gp3));
        assert_eq!(service("web").ebs_device_name.unwrap().as_str(), "/dev/xvda");
        assert_eq!(service("worker").ebs_volume_type, None);
        assert_eq!(service("worker").ebs_device_name, None);
    }
}
