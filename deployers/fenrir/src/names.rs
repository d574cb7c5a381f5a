//! The names of the stack and the change set of a release.

use crate::rules::Tags;
pub use crate::rules::stack_name_of;
use bifrost::release::{ConfigName, Envelope, ProjectName, Sha256};

/// The maximum length of the name of a stack or change set, by CloudFormation.
const MAX_LEN: usize = 128;

/// The number of hex digits that keep names distinct in which characters were replaced.
const DIGITS: usize = 8;

/// The stack name of a release: `sam-<project>-<config>`, `/` and `_` as `-` (contract §8).
#[must_use]
pub fn stack_name(envelope: &Envelope) -> String {
    stack_name_of(&envelope.project_name, &envelope.config_name)
}

/// The change set name of a release. It is also the client token, and the same each time that a task runs. CloudFormation
/// accepts letters, digits and `-`.
#[must_use]
pub fn change_set_name(envelope: &Envelope) -> String {
    let id = envelope.release_id.as_str();
    let plain: String = id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if plain == id {
        return format!("changeset-{id}");
    }
    let digest: String = Sha256::of(id.as_bytes()).to_string().chars().take(DIGITS).collect();
    format!("changeset-{plain}-{digest}")
}

/// Whether CloudFormation accepts a stack name: a letter, then letters, digits and `-`, at most 128 characters.
#[must_use]
pub fn is_stack_name(name: &str) -> bool {
    name.len() <= MAX_LEN
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Whether the tags of a stack, or of a change set, name this project and config. Two projects can have the same stack name,
/// such as `a/b-c` and `a-b/c`, so the tags decide whose it is.
pub(crate) fn owned_by(tags: &Tags, project: &ProjectName, config: &ConfigName) -> bool {
    let tag = |key: &str| tags.get(key).map_or("", String::as_str);
    tag("ProjectName") == project.as_str() && tag("ConfigName") == config.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    fn envelope(project: &str, config: &str, id: &str) -> Envelope {
        let mut envelope = sample::release().envelope;
        envelope.project_name = project.parse().unwrap();
        envelope.config_name = config.parse().unwrap();
        envelope.release_id = id.parse().unwrap();
        envelope
    }

    #[test]
    fn stack_name_has_project_and_config() {
        let envelope = envelope("coinbase/deploy_test", "dev", "release-1");
        assert_eq!(stack_name(&envelope), "sam-coinbase-deploy-test-dev");
    }

    #[test]
    fn change_set_names_of_releases_differ() {
        let name = |id: &str| change_set_name(&envelope("a/b", "dev", id));
        assert_eq!(name("release-2026-11-21T12-00-00Z-abc"), "changeset-release-2026-11-21T12-00-00Z-abc");
        assert!(name("release-1.b").starts_with("changeset-release-1-b-"));
        assert_ne!(name("release-1.b"), name("release-1_b"));
        let longest = format!("release-1{}", ".".repeat(55));
        assert!(name(&longest).len() + "-cancel".len() <= MAX_LEN);
    }

    #[test]
    fn stack_name_has_letters_digits_and_dashes() {
        assert!(is_stack_name("sam-a-b"));
        for wrong in ["", "1a", "sam-a.b", &"s".repeat(129)] {
            assert!(!is_stack_name(wrong), "{wrong}");
        }
    }
}
