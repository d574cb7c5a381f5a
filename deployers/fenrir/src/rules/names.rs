//! The names that Fenrir gives to what it makes.
//!
//! A resource is called `<prefix>-<project>-<config>-<logical id>`, with `-` for `/`, so that no two releases make
//! things of one name.

use super::Facts;
use sha1::{Digest as _, Sha1};

/// How many hex digits of its SHA-1 a cut name ends in.
const DIGITS: usize = 8;

/// What a type of resource may be called.
#[derive(Clone, Copy)]
pub(super) struct Naming {
    prefix: &'static str,
    /// The longest name, in bytes.
    limit: usize,
    /// What AWS takes beside ASCII letters, digits and `-`.
    marks: &'static str,
    /// What every name has to end in.
    suffix: &'static str,
}

const NAMING: Naming = Naming { prefix: "fenrir", limit: 64, marks: "_", suffix: "" };

/// Functions.
pub(super) const FUNCTION: Naming = NAMING;
/// Layers.
pub(super) const LAYER: Naming = Naming { prefix: "layer", ..NAMING };
/// REST and HTTP APIs: any character will do.
pub(super) const API: Naming = Naming { limit: 128, marks: "_+=.@", ..NAMING };
/// Tables of DynamoDB.
pub(super) const TABLE: Naming = Naming { limit: 255, marks: "_.", ..NAMING };
/// Alarms: any character will do.
pub(super) const ALARM: Naming = Naming { limit: 255, marks: "_+=.@", ..NAMING };
/// Queues.
pub(super) const QUEUE: Naming = Naming { limit: 80, ..NAMING };
/// FIFO queues.
pub(super) const FIFO_QUEUE: Naming = Naming { suffix: ".fifo", ..QUEUE };
/// Load balancers and target groups.
pub(super) const BALANCER: Naming = Naming { limit: 32, marks: "", ..NAMING };

impl Naming {
    /// The name of a resource. One that is too long keeps its head and ends in hex digits of the SHA-1 of all of it; so
    /// does one with characters that AWS does not take there, with `-` in their place.
    pub(super) fn name(self, facts: &Facts<'_>, logical_id: &str) -> String {
        let whole = format!("{}-{}-{}-{logical_id}", self.prefix, facts.project, facts.config).replace('/', "-");
        let room = self.limit - self.suffix.len();
        let taken = |c: char| c.is_ascii_alphanumeric() || c == '-' || self.marks.contains(c);
        if whole.len() <= room && whole.chars().all(taken) {
            return whole + self.suffix;
        }
        let digest: String = Sha1::digest(&whole).iter().map(|byte| format!("{byte:02x}")).take(DIGITS / 2).collect();
        let head = whole.chars().map(|c| if taken(c) { c } else { '-' }).take(room - DIGITS);
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
    fn a_name_says_project_config_and_logical_id() {
        assert_eq!(name(FUNCTION, "org/shop", "hello"), "fenrir-org-shop-development-hello");
        assert_eq!(name(LAYER, "org/shop", "hello"), "layer-org-shop-development-hello");
        assert_eq!(name(TABLE, "org/a/b_c.d", "t"), "fenrir-org-a-b_c.d-development-t");
    }

    /// SHA-1 by `sha1sum`: of the whole name, before it is cut.
    #[test]
    fn a_name_that_is_too_long_is_cut_and_ends_in_8_digits_of_its_sha_1() {
        let project = "organization/a-project-with-a-long-name";
        let cut = name(FUNCTION, project, "thumbnails");
        assert_eq!(cut, "fenrir-organization-a-project-with-a-long-name-developmee3bd8760");
        assert_eq!(cut.len(), 64);
        assert_eq!(name(BALANCER, "org/shop", "balancer"), "fenrir-org-shop-developm5c55461a");
        assert_eq!(name(ALARM, project, "thumbnails").len(), 69);
    }

    #[test]
    fn a_name_of_just_the_longest_length_is_whole() {
        let of_64 = "x".repeat(64 - "fenrir-org-shop-development-".len());
        assert_eq!(name(FUNCTION, "org/shop", &of_64).len(), 64);
        assert!(name(FUNCTION, "org/shop", &of_64).ends_with('x'));
        assert!(!name(FUNCTION, "org/shop", &(of_64 + "x")).ends_with('x'));
    }

    #[test]
    fn a_character_that_aws_does_not_take_makes_a_hashed_name() {
        assert_eq!(name(BALANCER, "o/a_b", "x"), "fenrir-o-a-b-developmente1e5d7d3");
        assert_ne!(name(BALANCER, "o/a_b", "x"), name(BALANCER, "o/a-b", "x"));
    }

    #[test]
    fn a_fifo_queue_ends_in_fifo_and_has_room_for_it() {
        assert_eq!(name(FIFO_QUEUE, "org/shop", "jobs"), "fenrir-org-shop-development-jobs.fifo");
        let long = name(FIFO_QUEUE, &format!("org/{}", "shop".repeat(20)), "jobs");
        assert_eq!((long.len(), long.rsplit('.').next()), (80, Some("fifo")));
    }
}
