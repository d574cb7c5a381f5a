//! Names and tags of the resources that a release creates.

use crate::cloud::Tags;
use crate::release::{OdinRelease, Policy, Service, ServiceName};
use bifrost::release::{Envelope, Sha256};
use chrono::SecondsFormat;

/// The tags that the deployer sets on groups, instances and launch templates.
pub const OWN_TAGS: [&str; 6] = [PROJECT_NAME, CONFIG_NAME, SERVICE_NAME, RELEASE_ID, RELEASE_UUID, NAME];

/// Tag: the project that a resource belongs to.
pub const PROJECT_NAME: &str = "ProjectName";
/// Tag: the config that it belongs to.
pub const CONFIG_NAME: &str = "ConfigName";
/// Tag: the service that it belongs to.
pub const SERVICE_NAME: &str = "ServiceName";
/// Tag: the release that created it.
pub const RELEASE_ID: &str = "ReleaseID";
/// Tag that the oldest versions of Go Odin used for [`RELEASE_ID`].
pub const OLD_RELEASE_ID: &str = "ReleaseId";
/// Tag: the execution that created it.
pub const RELEASE_UUID: &str = "ReleaseUUID";
/// Tag: its name.
pub const NAME: &str = "Name";

/// Tag of a launch template: the placement group that was created with it, and that is deleted with it.
pub const PLACEMENT_GROUP: &str = "OdinPlacementGroup";
/// Beginning of tags of a group: launch configurations of groups that it replaced, while these cannot be deleted yet.
pub const LAUNCH_CONFIGURATION: &str = "OdinLaunchConfiguration";
/// Tag of a group that is being replaced: the desired capacity that it had at that time.
pub const DESIRED_CAPACITY: &str = "OdinDesiredCapacity";

/// Whether the deployer sets the tag with this key itself. Keys are case-sensitive.
#[must_use]
pub fn is_own_tag(key: &str) -> bool {
    OWN_TAGS.contains(&key) || key == DESIRED_CAPACITY || key.starts_with(LAUNCH_CONFIGURATION)
}

/// The longest name of a launch template.
const MAX_TEMPLATE_NAME_LENGTH: usize = 128;

/// `<project>-<config>-<created_at in UTC, whole seconds, colons as dashes>-<service>`.
#[must_use]
pub fn group_name(envelope: &Envelope, service: &ServiceName) -> String {
    let created = envelope.created_at.to_rfc3339_opts(SecondsFormat::Secs, true).replace(':', "-");
    format!("{}-{}-{created}-{service}", envelope.project_name, envelope.config_name)
}

/// The name of a policy and of its alarm: `<group>-<type>[-<name>]`.
#[must_use]
pub fn policy_name(group: &str, policy: &Policy) -> String {
    let kind = policy.kind.as_str();
    policy.name.as_ref().map_or_else(|| format!("{group}-{kind}"), |name| format!("{group}-{kind}-{name}"))
}

/// The name of a group's launch template: that of the group, if EC2 accepts it. A name that is too long, or has
/// characters that EC2 does not accept, is shortened and cleaned, and ends with 16 hex digits of its SHA-256.
#[must_use]
pub fn template_name(group: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '(' | ')' | '.' | '-' | '/' | '_');
    if group.len() <= MAX_TEMPLATE_NAME_LENGTH && group.chars().all(allowed) {
        return group.to_owned();
    }
    let digest: String = Sha256::of(group.as_bytes()).to_string().chars().take(16).collect();
    let head = group.chars().map(|c| if allowed(c) { c } else { '_' });
    let head: String = head.take(MAX_TEMPLATE_NAME_LENGTH - digest.len() - 1).collect();
    format!("{head}-{digest}")
}

/// The tags by which a resource is found again: its project, config and service, and the execution that created it.
#[must_use]
pub fn own_tags(release: &OdinRelease, service: &ServiceName, name: &str) -> Tags {
    let envelope = &release.envelope;
    let uuid = envelope.uuid.as_ref().map_or_else(String::new, ToString::to_string);
    [
        (PROJECT_NAME, envelope.project_name.to_string()),
        (CONFIG_NAME, envelope.config_name.to_string()),
        (SERVICE_NAME, service.to_string()),
        (RELEASE_ID, envelope.release_id.to_string()),
        (RELEASE_UUID, uuid),
        (NAME, name.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// The tags of a group: those of the service, overridden by those of the deployer.
#[must_use]
pub fn group_tags(release: &OdinRelease, service_name: &ServiceName, service: &Service) -> Tags {
    let mut tags = service.tags.clone();
    tags.extend(own_tags(release, service_name, &group_name(&release.envelope, service_name)));
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn group_name_has_project_config_time_and_service() {
        let release = sample::with("/created_at", json!("2026-11-21T11:59:59.999+02:00"));
        assert_eq!(
            group_name(&release.envelope, &"web".parse().unwrap()),
            "coinbase/deploy-test-development-2026-11-21T09-59-59Z-web"
        );
    }

    #[test]
    fn policy_name_has_group_type_and_name() {
        let mut policy = sample::release().fields.services[&"web".parse().unwrap()].autoscaling.policies[0].clone();
        assert_eq!(policy_name("group", &policy), "group-cpu_scale_up");
        policy.name = Some("fast".into());
        assert_eq!(policy_name("group", &policy), "group-cpu_scale_up-fast");
    }

    #[test]
    fn template_has_the_name_of_its_group() {
        let group = "coinbase/deploy-test-development-2026-11-21T09-59-59Z-web";
        assert_eq!(template_name(group), group);
        assert_eq!(template_name("a+b"), format!("a_b-{:.16}", Sha256::of(b"a+b").to_string()));
    }

    #[test]
    fn service_tags_never_override_the_deployers() {
        let mut release = sample::release();
        let name = "web".parse().unwrap();
        let service = release.fields.services.get_mut(&name).unwrap();
        service.tags = [("Team", "infra"), (RELEASE_ID, "another")].map(|(k, v)| (k.into(), v.into())).into();
        let service = service.clone();
        let tags = group_tags(&release, &name, &service);
        assert_eq!(tags[RELEASE_ID], "release-2026-11-21T10-00-00Z-abcdefgh");
        assert_eq!(tags["Team"], "infra");
        assert_eq!(tags.len(), 7);
    }

    proptest! {
        #[test]
        fn template_names_are_legal_and_unique(a in "[ -~]{1,300}", b in "[ -~]{1,300}") {
            for name in [template_name(&a), template_name(&b)] {
                prop_assert!(name.len() <= MAX_TEMPLATE_NAME_LENGTH);
                prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "().-/_".contains(c)));
            }
            prop_assert_eq!(a == b, template_name(&a) == template_name(&b));
        }
    }
}
