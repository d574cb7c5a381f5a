//! Notes about fields of a release that Odin accepts, as Go Odin does, but does not use as they are.

use super::{OdinRelease, Service, ServiceName};
use crate::names::is_own_tag;

/// The notes of a release before its defaults are filled in, which also lowers what the notes are about.
#[must_use]
pub fn notes(release: &OdinRelease) -> Vec<String> {
    let timeout = release.envelope.timeout;
    release.fields.services.iter().flat_map(|(name, service)| service_notes(name, service, timeout)).collect()
}

fn service_notes(name: &ServiceName, service: &Service, timeout: u32) -> Vec<String> {
    let grace = service.autoscaling.health_check_grace_period.filter(|grace| *grace > timeout);
    let lowered = grace.map(|grace| {
        format!(
            "services.{name}.autoscaling.health_check_grace_period: {grace} s is longer than the timeout of the release, and is \
             lowered to {timeout} s"
        )
    });
    let ignored = service
        .tags
        .keys()
        .filter(|key| is_own_tag(key))
        .map(|key| format!("services.{name}.tags.{key}: ignored, because Odin sets this tag itself"));
    lowered.into_iter().chain(ignored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;
    use serde_json::json;

    #[test]
    fn sample_release_has_no_notes() {
        assert_eq!(notes(&sample::release()), Vec::<String>::new());
    }

    #[test]
    fn grace_period_above_the_timeout_is_noted() {
        let with =
            |grace: u32| notes(&sample::with("/services/web/autoscaling/health_check_grace_period", json!(grace)));
        assert_eq!(with(600).len(), 0);
        insta::assert_snapshot!(with(601).join("\n"), @"services.web.autoscaling.health_check_grace_period: 601 s is longer than the timeout of the release, and is lowered to 600 s");
    }

    #[test]
    fn each_tag_of_the_deployer_is_noted() {
        let tags = json!({ "Name": "my web", "name": "kept", "ReleaseID": "mine", "team": "infra" });
        insta::assert_snapshot!(notes(&sample::with("/services/web/tags", tags)).join("\n"), @r"
        services.web.tags.Name: ignored, because Odin sets this tag itself
        services.web.tags.ReleaseID: ignored, because Odin sets this tag itself
        ");
    }
}
