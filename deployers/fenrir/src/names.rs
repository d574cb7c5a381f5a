//! Names that a release is known by in CloudFormation.

use bifrost::release::{ConfigName, Envelope, ProjectName, Sha256};

/// How many characters CloudFormation takes for the name of a stack or a change set.
const LONGEST: usize = 128;

/// How many hexadecimal digits tell shortened names apart.
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
    let name = format!("changeset-{plain}");
    if plain == id && name.len() <= LONGEST - "-cancel".len() {
        return name;
    }
    let digest = Sha256::of(id.as_bytes()).to_string();
    let head: String = name.chars().take(LONGEST - DIGITS - "-".len() - "-cancel".len()).collect();
    format!("{head}-{}", digest.chars().take(DIGITS).collect::<String>())
}

/// Whether CloudFormation takes it as the name of a stack: a letter, then letters, digits and `-`, 128 characters in all.
#[must_use]
pub fn is_stack_name(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
