//! What an execution is called.

use std::fmt;

use super::{ConfigName, Envelope, ProjectName, Sha256};

/// The name of the execution that deploys a release.
///
/// It follows from the release, and a state machine takes a name but once in 90 days: so AWS itself refuses the same
/// release twice.
/// What names are made of is what Step Functions takes here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionName(String);

impl ExecutionName {
    /// The longest name that Step Functions takes.
    const MAX_LEN: usize = 80;

    /// `deploy-<project>-<config>-<time and random of the release id>`, with `/` of the project as `-`.
    ///
    /// Where that is longer than 80 characters, `deploy-<project>-<config>` is cut and ends in 8 hex digits of its
    /// SHA-256.
    #[must_use]
    pub fn for_release(release: &Envelope) -> Self {
        let head = head(&release.project_name, &release.config_name);
        let tail = release.release_id.time_and_random();
        let name = format!("{head}-{tail}");
        if name.len() <= Self::MAX_LEN {
            return Self(name);
        }
        let digest = digest(&head);
        // A release id without its prefix has 56 bytes at most: something of the head always remains.
        let kept: String = head.chars().take(Self::MAX_LEN.saturating_sub(tail.len() + digest.len() + 2)).collect();
        Self(format!("{kept}-{digest}-{tail}"))
    }

    /// Whether an execution of that name may deploy this project's config. If not, it does not; if so, its input tells:
    /// `web/dev` and `web-dev` look the same.
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
        ExecutionName::for_release(&release).to_string()
    }

    #[test]
    fn the_name_says_what_is_deployed() {
        assert_eq!(
            name("coinbase/deploy-test", "development", "release-2018-07-20T01-30-27Z-abcdefg"),
            "deploy-coinbase-deploy-test-development-2018-07-20T01-30-27Z-abcdefg"
        );
    }

    #[test]
    fn a_name_of_80_characters_is_whole() {
        let whole = name(&"a".repeat(32), "development", "release-2018-07-20T01-30-27Z-abcdefg");
        assert_eq!(whole.len(), 80);
        assert!(
            whole.starts_with("deploy-aaa") && whole.ends_with("a-development-2018-07-20T01-30-27Z-abcdefg"),
            "{whole}"
        );
    }

    #[test]
    fn a_longer_name_is_cut_and_stays_unique() {
        let id = "release-2018-07-20T01-30-27Z-abcdefg";
        let cut = name(&"a".repeat(33), "development", id);
        assert_eq!(cut, "deploy-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-d-39785275-2018-07-20T01-30-27Z-abcdefg");
        assert_eq!(cut.len(), 80);
        assert_ne!(cut, name(&"a".repeat(33), "development2", id));
    }

    #[test]
    fn the_longest_names_fit() {
        let id = format!("release-2{}", "b".repeat(55));
        let cut = name(&"a".repeat(128), &"c".repeat(64), &id);
        assert_eq!(cut.len(), 80);
        assert!(cut.starts_with("deploy-aaaaaaa-"), "{cut}");
    }
}
