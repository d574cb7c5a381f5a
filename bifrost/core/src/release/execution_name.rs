//! Names of executions.

use std::fmt;

use super::{ConfigName, Envelope, ProjectName, Sha256};

/// The name of the execution that deploys a release.
///
/// It derives from the release, and a state machine accepts a name only once in 90 days, so AWS itself refuses the same
/// release twice. Step Functions accepts all characters that release names may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionName(String);

/// From what the names of a deployer's executions are made: see [`Deployer::EXECUTION_NAMES`](crate::deployer::Deployer::EXECUTION_NAMES).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutionNames {
    /// `deploy-<project>-<config>-<time and random of the release id>`, with `/` of the project as `-`. If that is longer than 80
    /// characters, `deploy-<project>-<config>` is cut, and 8 hex digits of its SHA-256 follow.
    ProjectAndConfig,
    /// The release id.
    ReleaseId,
}

impl ExecutionName {
    /// The maximum length that Step Functions accepts.
    const MAX_LEN: usize = 80;

    /// The name of the execution that deploys the release.
    #[must_use]
    pub fn for_release(release: &Envelope, names: ExecutionNames) -> Self {
        match names {
            ExecutionNames::ProjectAndConfig => Self::of_project_and_config(release),
            // It has at most 64 bytes.
            ExecutionNames::ReleaseId => Self(release.release_id.to_string()),
        }
    }

    fn of_project_and_config(release: &Envelope) -> Self {
        let head = head(&release.project_name, &release.config_name);
        let tail = release.release_id.time_and_random();
        let name = format!("{head}-{tail}");
        if name.len() <= Self::MAX_LEN {
            return Self(name);
        }
        let digest = digest(&head);
        // A release id without its prefix has at most 56 bytes, so a part of the head always remains.
        let kept: String = head.chars().take(Self::MAX_LEN.saturating_sub(tail.len() + digest.len() + 2)).collect();
        Self(format!("{kept}-{digest}-{tail}"))
    }

    /// Whether an execution with this name may deploy this project and config. If `true`, compare the execution's input, too:
    /// `web/dev` and `web-dev` make the same name.
    #[must_use]
    pub fn may_be_of(name: &str, project: &ProjectName, config: &ConfigName) -> bool {
        let head = head(project, config);
        name.strip_prefix(&head).is_some_and(|rest| rest.starts_with('-'))
            || name.contains(&format!("-{}-", digest(&head)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn head(project: &ProjectName, config: &ConfigName) -> String {
    format!("deploy-{}-{config}", project.as_str().replace('/', "-"))
}

fn digest(head: &str) -> String {
    Sha256::of(head.as_bytes()).to_string().chars().take(8).collect()
}

impl fmt::Display for ExecutionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::envelope::tests::envelope;

    fn name(project: &str, config: &str, id: &str) -> String {
        let mut release = envelope();
        release.project_name = project.parse().unwrap();
        release.config_name = config.parse().unwrap();
        release.release_id = id.parse().unwrap();
        ExecutionName::for_release(&release, ExecutionNames::ProjectAndConfig).to_string()
    }

    #[test]
    fn name_may_be_the_release_id() {
        let release = envelope();
        let name = ExecutionName::for_release(&release, ExecutionNames::ReleaseId);
        assert_eq!(name.as_str(), release.release_id.as_str());
    }

    #[test]
    fn name_has_project_config_and_time() {
        assert_eq!(
            name("coinbase/deploy-test", "development", "release-2018-07-20T01-30-27Z-abcdefg"),
            "deploy-coinbase-deploy-test-development-2018-07-20T01-30-27Z-abcdefg"
        );
    }

    #[test]
    fn name_of_80_characters_is_not_cut() {
        let uncut = name(&"a".repeat(32), "development", "release-2018-07-20T01-30-27Z-abcdefg");
        assert_eq!(uncut.len(), 80);
        assert!(
            uncut.starts_with("deploy-aaa") && uncut.ends_with("a-development-2018-07-20T01-30-27Z-abcdefg"),
            "{uncut}"
        );
    }

    #[test]
    fn longer_name_is_cut_and_stays_unique() {
        let id = "release-2018-07-20T01-30-27Z-abcdefg";
        let cut = name(&"a".repeat(33), "development", id);
        assert_eq!(cut, "deploy-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-d-39785275-2018-07-20T01-30-27Z-abcdefg");
        assert_eq!(cut.len(), 80);
        assert_ne!(cut, name(&"a".repeat(33), "development2", id));
    }

    #[test]
    fn longest_names_fit() {
        let id = format!("release-2{}", "b".repeat(55));
        let cut = name(&"a".repeat(128), &"c".repeat(64), &id);
        assert_eq!(cut.len(), 80);
        assert!(cut.starts_with("deploy-aaaaaaa-"), "{cut}");
    }
}
