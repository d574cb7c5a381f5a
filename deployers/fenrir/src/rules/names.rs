//! Generated names of resources.
//!
//! A resource is named `<prefix>-<project>-<config>-<logical id>`, with `-` for `/`, so that two releases never create
//! resources with the same name.

use super::Facts;
use bifrost::release::{ConfigName, ProjectName};
use sha1::{Digest as _, Sha1};

/// The number of hex digits of the SHA-1 at the end of a truncated name.
const DIGITS: usize = 8;

/// The rules for names of a resource type.
#[derive(Clone, Copy)]
pub(super) struct Naming {
    prefix: &'static str,
    /// The maximum length, in bytes.
    limit: usize,
    /// The characters that AWS accepts besides ASCII letters, digits and `-`.
    marks: &'static str,
    /// The suffix that every name needs.
    suffix: &'static str,
}

const NAMING: Naming = Naming { prefix: "fenrir", limit: 64, marks: "_", suffix: "" };

pub(super) const FUNCTION: Naming = NAMING;
pub(super) const LAYER: Naming = Naming { prefix: "layer", ..NAMING };
/// REST and HTTP APIs. AWS accepts any character.
pub(super) const API: Naming = Naming { limit: 128, marks: "_+=.@", ..NAMING };
pub(super) const TABLE: Naming = Naming { limit: 255, marks: "_.", ..NAMING };
/// Alarms. AWS accepts any character.
pub(super) const ALARM: Naming = Naming { limit: 255, marks: "_+=.@", ..NAMING };
pub(super) const QUEUE: Naming = Naming { limit: 80, ..NAMING };
pub(super) const FIFO_QUEUE: Naming = Naming { suffix: ".fifo", ..QUEUE };
/// Load balancers and target groups.
pub(super) const BALANCER: Naming = Naming { limit: 32, marks: "", ..NAMING };

/// The stack name of a project and config: `sam-<project>-<config>`, `/` and `_` as `-` (contract §8).
#[must_use]
pub fn stack_name_of(project: &ProjectName, config: &ConfigName) -> String {
    format!("sam-{project}-{config}").replace(['/', '_'], "-")
}

impl Naming {
    /// The name of a resource. A name that is too long keeps its head and ends in hex digits of the SHA-1 of the whole name. So
    /// does a name with characters that AWS does not accept, in which `-` replaces them.
    pub(super) fn name(self, facts: &Facts<'_>, logical_id: &str) -> String {
        let whole = format!("{}-{}-{}-{logical_id}", self.prefix, facts.project, facts.config).replace('/', "-");
        let max = self.limit - self.suffix.len();
        let is_accepted = |c: char| c.is_ascii_alphanumeric() || c == '-' || self.marks.contains(c);
        if whole.len() <= max && whole.chars().all(is_accepted) {
            return whole + self.suffix;
        }
        let digest: String = Sha1::digest(&whole).iter().map(|byte| format!("{byte:02x}")).take(DIGITS / 2).collect();
        let head = whole.chars().map(|c| if is_accepted(c) { c } else { '-' }).take(max - DIGITS);
        head.collect::<String>() + &digest + self.suffix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::facts_of;

    fn name(naming: Naming, project: &str, logical_id: &str) -> String {
        facts_of(project, |facts| naming.name(facts, logical_id))
    }

    #[test]
    fn name_has_project_config_and_logical_id() {
        assert_eq!(name(FUNCTION, "org/shop", "hello"), "fenrir-org-shop-development-hello");
        assert_eq!(name(LAYER, "org/shop", "hello"), "layer-org-shop-development-hello");
        assert_eq!(name(TABLE, "org/a/b_c.d", "t"), "fenrir-org-a-b_c.d-development-t");
    }

    /// The digests are by `sha1sum`, of the whole name before truncation.
    #[test]
    fn too_long_name_ends_in_its_sha_1() {
        let project = "organization/a-project-with-a-long-name";
        let truncated = name(FUNCTION, project, "thumbnails");
        assert_eq!(truncated, "fenrir-organization-a-project-with-a-long-name-developmee3bd8760");
        assert_eq!(truncated.len(), 64);
        assert_eq!(name(BALANCER, "org/shop", "balancer"), "fenrir-org-shop-developm5c55461a");
        assert_eq!(name(ALARM, project, "thumbnails").len(), 69);
    }

    #[test]
    fn name_of_the_maximum_length_is_kept() {
        let of_64 = "x".repeat(64 - "fenrir-org-shop-development-".len());
        assert_eq!(name(FUNCTION, "org/shop", &of_64).len(), 64);
        assert!(name(FUNCTION, "org/shop", &of_64).ends_with('x'));
        assert!(!name(FUNCTION, "org/shop", &(of_64 + "x")).ends_with('x'));
    }

    #[test]
    fn name_with_other_characters_is_hashed() {
        assert_eq!(name(BALANCER, "o/a_b", "x"), "fenrir-o-a-b-developmente1e5d7d3");
        assert_ne!(name(BALANCER, "o/a_b", "x"), name(BALANCER, "o/a-b", "x"));
    }

    #[test]
    fn name_of_a_fifo_queue_ends_in_fifo() {
        assert_eq!(name(FIFO_QUEUE, "org/shop", "jobs"), "fenrir-org-shop-development-jobs.fifo");
        let long = name(FIFO_QUEUE, &format!("org/{}", "shop".repeat(20)), "jobs");
        assert_eq!((long.len(), long.rsplit('.').next()), (80, Some("fifo")));
    }
}
