//! Names that a release gives itself. Each becomes a part of S3 keys, so none may lead elsewhere.
//!
//! Names are made of ASCII letters, digits and `+ - = . _ @`: what AWS takes in all the places where they end up, which
//! are tags, names of executions and IAM paths. Without the colon `project::config::service` cannot be read in two
//! ways, and in user data, where a name is put in place of `{{PROJECT_NAME}}`, none of these does any harm.
//!
//! # No two releases share a directory
//!
//! `<account>/<project>/<config>/<release id>` can be taken apart in one way only, but for this: the root dir of
//! project `a/b` and config `c` would be the release dir of project `a`, config `b` and release id `c`, and the locks
//! of one would be those of the other. So a release id begins `release-<digit>`, as it should in any case, and no
//! config does. For the same reason neither is what stands beside it: `lock`, `user-lock`, `halt` or `_shared`; and no
//! segment of a project is `_shared`, which would lie among the files that another project's configs share.

use chrono::{DateTime, Datelike as _, Utc};

/// Why a text is not the name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no {what}: {fault}", name = shortened(.name))]
pub struct InvalidName {
    /// What it should name, such as `project name`.
    pub what: &'static str,
    /// The text as it was given.
    pub name: String,
    /// What is wrong with it.
    pub fault: NameFault,
}

/// What can be wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// It, or one of its segments, is empty.
    #[error("it is empty, or one of its segments is: remove leading, trailing and double slashes")]
    Empty,
    /// One of its segments is `.` or `..`.
    #[error("a segment may not be `.` or `..`, which lead to another directory")]
    Climbs,
    /// It holds a character that it may not.
    #[error("it may not hold {0:?}: use {1}")]
    Character(char, &'static str),
    /// It is longer than `0` bytes.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// It is the name of something else that stands in the same place.
    #[error("this name is taken by what the deployer keeps there: choose another")]
    Reserved,
    /// It is a config, and could be taken for the id of a release.
    #[error("`release-` and a digit is how release ids begin: choose another name")]
    LikeRelease,
    /// It does not have the form that it should have.
    #[error("it should be {0}")]
    Form(&'static str),
}

impl InvalidName {
    pub(super) fn new(what: &'static str, name: &str, fault: NameFault) -> Self {
        Self { what, name: name.to_owned(), fault }
    }
}

/// A name may be megabytes of garbage; a message should not be.
fn shortened(name: &str) -> String {
    const MAX_SHOWN: usize = 80;
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Defines a name: a text that is valid by construction, as `check` is the only way in.
///
/// `check` is a `fn(&str) -> Result<(), NameFault>`. The type is read and written as text, by serde and by
/// `FromStr` and `Display`, and a chart can compare it with text.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::release::{NameFault, check_segment};
///
/// bifrost::name_type! {
///     /// The name of a queue: at most 80 bytes.
///     QueueName, "queue name", check_queue
/// }
///
/// fn check_queue(name: &str) -> Result<(), NameFault> {
///     check_segment(name, 80)
/// }
///
/// let refused = "a b".parse::<QueueName>().unwrap_err();
/// assert!(refused.to_string().starts_with("\"a b\" is no queue name: it may not hold ' '"));
/// ```
#[macro_export]
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::release::InvalidName;

            fn try_from(name: String) -> Result<Self, Self::Error> {
                match $check(&name) {
                    Ok(()) => Ok(Self(name)),
                    Err(fault) => Err($crate::release::InvalidName { what: $what, name, fault }),
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::release::InvalidName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::try_from(name.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        #[diagnostic::do_not_recommend]
        impl $crate::shape::Shape for $name {
            type Shape = String;
        }
    };
}

name_type! {
    /// A code base, named `org/name`: one or more segments, at most 128 bytes.
    ///
    /// With the longest config and service names it still fits the value of a tag (256) and the name of a group (255).
    ProjectName, "project name", check_project
}

name_type! {
    /// The environment that a project is deployed to, such as `production`: one segment, at most 64 bytes.
    ConfigName, "config name", check_config
}

name_type! {
    /// A release's own id, `release-<time>-<random>`: one segment, at most 64 bytes.
    ///
    /// It becomes a part of an execution's name, of which Step Functions takes 80 characters.
    ReleaseId, "release id", check_release_id
}

impl ReleaseId {
    const PREFIX: &str = "release-";

    /// The id of a release made now: `release-2026-11-21T10-00-00Z-` and 8 letters or digits.
    ///
    /// They stand for `random`, of which 41 bits count. A year that has not four digits is brought to the nearest that
    /// has.
    #[must_use]
    pub fn new(created_at: DateTime<Utc>, random: u64) -> Self {
        let year = created_at.year().clamp(0, 9999);
        let time = created_at.format("%m-%dT%H-%M-%SZ");
        let random: String = std::iter::successors(Some(random), |rest| Some(rest / 36))
            .take(8)
            .filter_map(|rest| char::from_digit(u32::try_from(rest % 36).ok()?, 36))
            .collect();
        Self(format!("{}{year:04}-{time}-{random}", Self::PREFIX))
    }

    /// Time and random, without the prefix: what makes the name of the release's execution unique.
    #[must_use]
    pub fn time_and_random(&self) -> &str {
        self.0.strip_prefix(Self::PREFIX).unwrap_or(&self.0)
    }
}

fn check_project(name: &str) -> Result<(), NameFault> {
    check_length(name, 128)?;
    name.split('/').try_for_each(|segment| match segment {
        "_shared" => Err(NameFault::Reserved),
        _ => check_segment(segment, 128),
    })
}

fn check_config(name: &str) -> Result<(), NameFault> {
    check_segment(name, 64)?;
    check_not_reserved(name)?;
    if is_release_id(name) { Err(NameFault::LikeRelease) } else { Ok(()) }
}

fn check_release_id(name: &str) -> Result<(), NameFault> {
    check_segment(name, 64)?;
    check_not_reserved(name)?;
    if is_release_id(name) { Ok(()) } else { Err(NameFault::Form("`release-<time>-<random>`")) }
}

pub(super) fn check_length(name: &str, longest: usize) -> Result<(), NameFault> {
    if name.len() > longest { Err(NameFault::TooLong(longest)) } else { Ok(()) }
}

/// Refuses what is no segment of a path, or longer than so many bytes. A segment stays where it is put: it is one
/// directory, and neither this one nor the one above; and it is made of what AWS takes wherever names end up.
///
/// # Errors
/// What is wrong with it.
pub fn check_segment(segment: &str, longest: usize) -> Result<(), NameFault> {
    check_length(segment, longest)?;
    match segment {
        "" => return Err(NameFault::Empty),
        "." | ".." => return Err(NameFault::Climbs),
        _ => {}
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '=' | '.' | '_' | '@');
    match segment.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(NameFault::Character(c, "ASCII letters, digits and + - = . _ @")),
        None => Ok(()),
    }
}

fn check_not_reserved(name: &str) -> Result<(), NameFault> {
    if matches!(name, "lock" | "user-lock" | "halt" | "_shared") { Err(NameFault::Reserved) } else { Ok(()) }
}

fn is_release_id(name: &str) -> bool {
    name.strip_prefix(ReleaseId::PREFIX).is_some_and(|time| time.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
#[path = "name_tests.rs"]
mod tests;
