//! By which tags and paths a resource opts in to being used by a service.

use crate::cloud::Tags;
use crate::names::{CONFIG_NAME, PROJECT_NAME, SERVICE_NAME};
use crate::release::ServiceName;
use bifrost::release::Envelope;

/// The value of a tag, and the part of a path, that stands for any.
const ALL: &str = "_all";
/// Tag: the deployer that may use an image or a subnet.
const DEPLOY_WITH: &str = "DeployWith";
/// Tag of a target group: a service beside its owner that may use it, too.
const ALLOWED_SERVICE: &str = "AllowedService";

/// Who asks: a service of a project and config.
#[derive(Clone, Copy)]
pub(super) struct Requester<'a> {
    pub(super) release: &'a Envelope,
    pub(super) service: &'a ServiceName,
}

/// What keeps an image or a subnet from being used; nothing, if it carries `DeployWith=odin`.
pub(super) fn refuses_odin(tags: &Tags) -> Option<String> {
    match tags.get(DEPLOY_WITH).map(String::as_str) {
        Some("odin") => None,
        Some(other) => Some(format!("tag {DEPLOY_WITH} is {other:?}, needed \"odin\"")),
        None => Some(format!("tag {DEPLOY_WITH} is missing, needed \"odin\"")),
    }
}

impl Requester<'_> {
    /// What keeps a resource of a service from being used by this one; nothing, if its three tags say that it may.
    pub(super) fn is_refused(self, tags: &Tags) -> Option<String> {
        let wrong: Vec<_> = self.owner().iter().filter_map(|(key, value)| wrong_tag(tags, key, value)).collect();
        if wrong.is_empty() { None } else { Some(wrong.join("; ")) }
    }

    /// As [`is_refused`](Self::is_refused), for a target group: its owner may allow another service.
    pub(super) fn is_refused_by_target_group(self, tags: &Tags) -> Option<String> {
        let refusal = self.is_refused(tags)?;
        let Self { release: Envelope { project_name, config_name, .. }, service } = self;
        let allowed = format!("{project_name}::{config_name}::{service}");
        let has_owner = self.owner().iter().all(|(key, _)| tags.contains_key(*key));
        if has_owner && tags.get(ALLOWED_SERVICE) == Some(&allowed) {
            return None;
        }
        Some(format!("{refusal}; or, beside the three, tag {ALLOWED_SERVICE} = {allowed:?}"))
    }

    /// What keeps an instance profile with this path from being used; nothing, if the path is one of the service's.
    pub(super) fn is_refused_by_path(self, path: &str) -> Option<String> {
        let (project, config, service) =
            (self.release.project_name.as_str(), self.release.config_name.as_str(), self.service.as_str());
        let paths = [(project, config, service), (project, config, ALL), (project, ALL, ALL), (ALL, ALL, ALL)]
            .map(|(project, config, service)| format!("/odin/{project}/{config}/{service}/"));
        if paths.iter().any(|allowed| allowed == path) {
            return None;
        }
        Some(format!("its path is {path:?}, needed one of {}", paths.join(", ")))
    }

    fn owner(&self) -> [(&'static str, &str); 3] {
        [
            (PROJECT_NAME, self.release.project_name.as_str()),
            (CONFIG_NAME, self.release.config_name.as_str()),
            (SERVICE_NAME, self.service.as_str()),
        ]
    }
}

fn wrong_tag(tags: &Tags, key: &str, needed: &str) -> Option<String> {
    match tags.get(key) {
        Some(value) if value == needed || value == ALL => None,
        Some(value) => Some(format!("tag {key} is {value:?}, needed {needed:?} or {ALL:?}")),
        None => Some(format!("tag {key} is missing, needed {needed:?} or {ALL:?}")),
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

    fn asked<T>(ask: impl FnOnce(Requester<'_>) -> T) -> T {
        let (release, service) = (sample::release(), "web".parse().unwrap());
        ask(Requester { release: &release.envelope, service: &service })
    }

    #[test]
    fn an_image_opts_in_by_naming_the_deployer() {
        assert_eq!(refuses_odin(&tags(&[("DeployWith", "odin")])), None);
        assert_eq!(
            refuses_odin(&tags(&[("DeployWith", "fenrir")])).unwrap(),
            "tag DeployWith is \"fenrir\", needed \"odin\""
        );
        assert_eq!(refuses_odin(&tags(&[])).unwrap(), "tag DeployWith is missing, needed \"odin\"");
    }

    #[test]
    fn each_of_the_three_tags_is_the_services_or_all() {
        for right in [owner("coinbase/deploy-test", "development", "web"), owner("_all", "_all", "_all")] {
            assert_eq!(asked(|asker| asker.is_refused(&right)), None);
        }
        let wrong = tags(&[(PROJECT_NAME, "other/project"), (CONFIG_NAME, "development")]);
        insta::assert_snapshot!(
            asked(|asker| asker.is_refused(&wrong)).unwrap(),
            @r#"tag ProjectName is "other/project", needed "coinbase/deploy-test" or "_all"; tag ServiceName is missing, needed "web" or "_all""#
        );
    }

    #[test]
    fn a_target_group_may_allow_a_service_beside_its_owner() {
        let ask = |tags: &Tags| asked(|asker| asker.is_refused_by_target_group(tags));
        let mut group = owner("other/project", "production", "api");
        assert!(
            ask(&group)
                .unwrap()
                .ends_with("or, beside the three, tag AllowedService = \"coinbase/deploy-test::development::web\"")
        );
        group.insert("AllowedService".into(), "coinbase/deploy-test::development::web".into());
        assert_eq!(ask(&group), None);
        group.remove(SERVICE_NAME);
        assert!(ask(&group).is_some());
        assert_eq!(ask(&owner("coinbase/deploy-test", "development", "web")), None);
    }

    #[test]
    fn a_profile_opts_in_by_its_path() {
        let ask = |path: &str| asked(|asker| asker.is_refused_by_path(path));
        for right in [
            "coinbase/deploy-test/development/web",
            "coinbase/deploy-test/development/_all",
            "coinbase/deploy-test/_all/_all",
            "_all/_all/_all",
        ] {
            assert_eq!(ask(&format!("/odin/{right}/")), None, "{right}");
        }
        for wrong in [
            "/",
            "/odin/coinbase/deploy-test/_all/web/",
            "/odin/_all/_all/web/",
            "/coinbase/deploy-test/development/web/",
        ] {
            assert!(ask(wrong).is_some(), "{wrong}");
        }
    }
}
