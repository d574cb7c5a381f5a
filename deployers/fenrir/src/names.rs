//! Names that a release is known by in CloudFormation.

use bifrost::release::{ConfigName, Envelope, ProjectName, Sha256};

/// How many characters CloudFormation takes for the name of a stack or a change set.
const MAX_LEN: usize = 128;

/// How many hexadecimal digits tell apart names that lost a character.
const DIGITS: usize = 8;

/// The stack of a project's config: `sam-<project>-<config>`, `/` and `_` as `-` (contract §8).
#[must_use]
pub fn stack_name(envelope: &Envelope) -> String {
    stack_name_of(&envelope.project_name, &envelope.config_name)
}

/// The same, by the names.
#[must_use]
pub fn stack_name_of(project: &ProjectName, config: &ConfigName) -> String {
    format!("sam-{project}-{config}").replace(['/', '_'], "-")
}

/// The change set of a release, which is its client token, too: the same whenever a task runs again. CloudFormation
/// takes letters, digits and `-`.
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

/// Whether CloudFormation takes it as the name of a stack: a letter, then letters, digits and `-`, 128 characters in all.
#[must_use]
pub fn is_stack_name(name: &str) -> bool {
    name.len() <= MAX_LEN
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
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
    fn a_stack_is_named_after_project_and_config() {
        let envelope = envelope("coinbase/deploy_test", "dev", "release-1");
        assert_eq!(stack_name(&envelope), "sam-coinbase-deploy-test-dev");
    }

    #[test]
    fn a_change_set_is_named_after_its_release_and_two_releases_never_share_one() {
        let name = |id: &str| change_set_name(&envelope("a/b", "dev", id));
        assert_eq!(name("release-2026-11-21T12-00-00Z-abc"), "changeset-release-2026-11-21T12-00-00Z-abc");
        assert!(name("release-1.b").starts_with("changeset-release-1-b-"));
        assert_ne!(name("release-1.b"), name("release-1_b"));
        let longest = format!("release-1{}", ".".repeat(55));
        assert!(name(&longest).len() + "-cancel".len() <= MAX_LEN);
    }

    #[test]
    fn cloud_formation_takes_letters_digits_and_dashes() {
        assert!(is_stack_name("sam-a-b"));
        for wrong in ["", "1a", "sam-a.b", &"s".repeat(129)] {
            assert!(!is_stack_name(wrong), "{wrong}");
        }
    }
}
