//! Names in a release. Each becomes a part of S3 keys, so none may lead to another directory.
//!
//! Names may have ASCII letters, digits and `+ - = . _ @`. AWS accepts these wherever names are used: in tags, names of
//! executions and IAM paths. Without the colon, `project::config::service` is unambiguous. All of them are harmless in user
//! data, where a name replaces `{{PROJECT_NAME}}`.
//!
//! # No two releases share a directory
//!
//! `<account>/<project>/<config>/<release id>` would be ambiguous: the root dir of project `a/b` and config `c` could be the
//! release dir of project `a`, config `b` and release id `c`, so that both would share their locks. Therefore a release id
//! begins with `release-<digit>`, and a config does not. For the same reason, neither may be `lock`, `user-lock`, `halt` or
//! `_shared`, and no segment of a project may be `_shared`, the directory of files that another project's configs share.

use crate::error_code::Coded;
use chrono::{DateTime, Datelike as _, Utc};

/// A name is not valid for what it names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Coded)]
#[error("invalid {what} {name:?}: {fault}", name = shortened(.name))]
#[code("release/invalid-name", "choose a name as the message says")]
pub struct InvalidName {
    /// The kind of name, such as `project name`.
    pub what: &'static str,
    /// The invalid name.
    pub name: String,
    /// What is wrong with it.
    pub fault: NameFault,
}

/// The ways in which a name can be invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// It, or one of its segments, is empty.
    #[error("it is empty or has an empty segment; remove leading, trailing and double slashes")]
    Empty,
    /// One of its segments is `.` or `..`.
    #[error("a segment must not be `.` or `..`, which lead to another directory")]
    Climbs,
    /// It has a character that is not allowed.
    #[error("{0:?} is not allowed; use {1}")]
    Character(char, &'static str),
    /// It is longer than this number of bytes.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// The deployer uses the name in the same directory.
    #[error("the name is reserved for the deployer; choose another")]
    Reserved,
    /// It is a config, but has the form of a release id.
    #[error("it begins with `release-` and a digit, as release ids do; choose another name")]
    LikeRelease,
    /// It does not have the form that it should have.
    #[error("expected {0}")]
    Form(&'static str),
}

impl InvalidName {
    pub(super) fn new(what: &'static str, name: &str, fault: NameFault) -> Self {
        Self { what, name: name.to_owned(), fault }
    }
}

/// The name may have megabytes; the message must not.
pub(crate) fn shortened(name: &str) -> String {
    const MAX_SHOWN: usize = 80;
    match name.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// Defines a type of names: strings that `check` accepts.
///
/// `check` is a `fn(&str) -> Result<(), NameFault>`. serde, `FromStr` and `Display` read and write the type as a string, and
/// charts can compare it with strings.
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
/// assert!(refused.to_string().starts_with("invalid queue name \"a b\": ' ' is not allowed"));
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
    /// The name of a code base, `org/name`: one or more segments, at most 128 bytes.
    ///
    /// Together with the longest config and service names it still fits into a tag value (256) and a group name (255).
    ProjectName, "project name", check_project
}

name_type! {
    /// The name of an environment, such as `production`: one segment, at most 64 bytes.
    ConfigName, "config name", check_config
}

name_type! {
    /// The id of a release, `release-<time>-<random>`: one segment, at most 64 bytes.
    ///
    /// It becomes a part of the execution's name, for which Step Functions accepts 80 characters.
    ReleaseId, "release id", check_release_id
}

impl ReleaseId {
    const PREFIX: &str = "release-";

    /// A new id: `release-2026-11-21T10-00-00Z-` and 8 letters or digits.
    ///
    /// The letters and digits encode 41 bits of `random`. Years are limited to four digits.
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

    /// The id without its prefix. It makes the name of the execution unique.
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

pub(super) fn check_length(name: &str, max_len: usize) -> Result<(), NameFault> {
    if name.len() > max_len { Err(NameFault::TooLong(max_len)) } else { Ok(()) }
}

/// Checks a segment of a path: at most `max_len` bytes, not `.` or `..`, and only characters that AWS accepts wherever names
/// are used.
///
/// # Errors
/// The first fault.
pub fn check_segment(segment: &str, max_len: usize) -> Result<(), NameFault> {
    check_length(segment, max_len)?;
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
