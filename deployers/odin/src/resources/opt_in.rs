//! The tags and paths with which a resource opts in to being used by a service.

use crate::cloud::Tags;
use crate::names::{CONFIG_NAME, PROJECT_NAME, SERVICE_NAME};
use crate::release::ServiceName;
use bifrost::release::Envelope;

/// Tag value and path segment that match any name.
const ALL: &str = "_all";
/// Tag: the deployer that may use an image or a subnet.
const DEPLOY_WITH: &str = "DeployWith";
/// Tag of a target group: another service that may use it.
const ALLOWED_SERVICE: &str = "AllowedService";

/// The service that wants to use a resource.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) release: &'a Envelope,
    pub(super) service: &'a ServiceName,
}

/// Why Odin may not use an image or a subnet; `None` if it has the tag `DeployWith=odin`.
pub(super) fn deployer_refusal(tags: &Tags) -> Option<String> {
    match tags.get(DEPLOY_WITH).map(String::as_str) {
        Some("odin") => None,
        Some(other) => Some(format!("tag {DEPLOY_WITH} is {other:?}, must be \"odin\"")),
        None => Some(format!("tag {DEPLOY_WITH} is missing, must be \"odin\"")),
    }
}

impl Requester<'_> {
    /// Why the service may not use a resource; `None` if the three tags of its owner match.
    pub(super) fn tag_refusal(self, tags: &Tags) -> Option<String> {
        let wrong: Vec<_> = self.owner().iter().filter_map(|(key, value)| wrong_tag(tags, key, value)).collect();
        if wrong.is_empty() { None } else { Some(wrong.join("; ")) }
    }

    /// As [`tag_refusal`](Self::tag_refusal), for a target group, whose owner may allow another service.
    pub(super) fn target_group_refusal(self, tags: &Tags) -> Option<String> {
        let refusal = self.tag_refusal(tags)?;
        let Self { release: Envelope { project_name, config_name, .. }, service } = self;
        let allowed = format!("{project_name}::{config_name}::{service}");
        let has_owner = self.owner().iter().all(|(key, _)| tags.contains_key(*key));
        if has_owner && tags.get(ALLOWED_SERVICE) == Some(&allowed) {
            return None;
        }
        Some(format!("{refusal}; or keep the owner's tags and add tag {ALLOWED_SERVICE} = {allowed:?}"))
    }

    /// Why the service may not use an instance profile with this path; `None` if the path is allowed.
    pub(super) fn path_refusal(self, path: &str) -> Option<String> {
        let (project, config, service) =
            (self.release.project_name.as_str(), self.release.config_name.as_str(), self.service.as_str());
        let paths = [(project, config, service), (project, config, ALL), (project, ALL, ALL), (ALL, ALL, ALL)]
            .map(|(project, config, service)| format!("/odin/{project}/{config}/{service}/"));
        if paths.iter().any(|allowed| allowed == path) {
            return None;
        }
        Some(format!("its path is {path:?}, must be one of {}", paths.join(", ")))
    }

    fn owner(&self) -> [(&'static str, &str); 3] {
        [
            (PROJECT_NAME, self.release.project_name.as_str()),
            (CONFIG_NAME, self.release.config_name.as_str()),
            (SERVICE_NAME, self.service.as_str()),
        ]
    }
}

fn wrong_tag(tags: &Tags, key: &str, expected: &str) -> Option<String> {
    match tags.get(key) {
        Some(value) if value == expected || value == ALL => None,
        Some(value) => Some(format!("tag {key} is {value:?}, must be {expected:?} or {ALL:?}")),
        None => Some(format!("tag {key} is missing, must be {expected:?} or {ALL:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    fn tags(tags: &[(&str, &str)]) -> Tags {
        tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    fn owner(project: &str, config: &str, service: &str) -> Tags {
        tags(&[(PROJECT_NAME, project), (CONFIG_NAME, config), (SERVICE_NAME, service)])
    }

    fn as_web<T>(check: impl FnOnce(Requester<'_>) -> T) -> T {
        let (release, service) = (sample::release(), "web".parse().unwrap());
        check(Requester { release: &release.envelope, service: &service })
    }

    #[test]
    fn image_opts_in_with_the_deployers_name() {
        assert_eq!(deployer_refusal(&tags(&[("DeployWith", "odin")])), None);
        assert!(deployer_refusal(&tags(&[("DeployWith", "fenrir")])).unwrap().contains("DeployWith is \"fenrir\""));
        assert!(deployer_refusal(&tags(&[])).unwrap().contains("DeployWith is missing"));
    }

    #[test]
    fn owner_tags_match_the_service_or_all() {
        for right in [owner("coinbase/deploy-test", "development", "web"), owner("_all", "_all", "_all")] {
            assert_eq!(as_web(|web| web.tag_refusal(&right)), None);
        }
        let wrong = tags(&[(PROJECT_NAME, "other/project"), (CONFIG_NAME, "development")]);
        insta::assert_snapshot!(
            as_web(|web| web.tag_refusal(&wrong)).unwrap(),
            @r#"tag ProjectName is "other/project", must be "coinbase/deploy-test" or "_all"; tag ServiceName is missing, must be "web" or "_all""#
        );
    }

    #[test]
    fn target_group_may_allow_another_service() {
        let refusal = |tags: &Tags| as_web(|web| web.target_group_refusal(tags));
        let mut group = owner("other/project", "production", "api");
        assert!(refusal(&group).unwrap().ends_with("AllowedService = \"coinbase/deploy-test::development::web\""));
        group.insert("AllowedService".into(), "coinbase/deploy-test::development::web".into());
        assert_eq!(refusal(&group), None);
        group.remove(SERVICE_NAME);
        assert!(refusal(&group).is_some());
        assert_eq!(refusal(&owner("coinbase/deploy-test", "development", "web")), None);
    }

    #[test]
    fn profile_opts_in_with_its_path() {
        let refusal = |path: &str| as_web(|web| web.path_refusal(path));
        for right in [
            "coinbase/deploy-test/development/web",
            "coinbase/deploy-test/development/_all",
            "coinbase/deploy-test/_all/_all",
            "_all/_all/_all",
        ] {
            assert_eq!(refusal(&format!("/odin/{right}/")), None, "{right}");
        }
        for wrong in [
            "/",
            "/odin/coinbase/deploy-test/_all/web/",
            "/odin/_all/_all/web/",
            "/coinbase/deploy-test/development/web/",
        ] {
            assert!(refusal(wrong).is_some(), "{wrong}");
        }
    }
}
