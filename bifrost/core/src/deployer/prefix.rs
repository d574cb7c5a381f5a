//! The team's prefix, with which all names of a deployer in AWS begin.

use super::Deployer;
use super::constants::check_deployer;
use crate::error_code::Coded;
use std::fmt;
use std::str::FromStr;

/// The team's prefix, such as `coinbase-`: the name of a deployer in AWS is the prefix and [`Deployer::NAME`], and the names of its
/// function, state machine, roles, bucket and tables derive from that name.
///
/// Every command, local cloud and test takes it from [`Prefix::of`]: what the user chose with `--prefix` or `BIFROST_PREFIX`, else
/// [`Deployer::PREFIX`]. The Lambda function does not need it: AWS says its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

/// A prefix does not make valid names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Coded)]
#[error(
    "invalid prefix {prefix:?}: expected 2 to {max} lower-case letters, digits and `-`, a letter first and `-` last; set another \
     with BIFROST_PREFIX or --prefix, for example `--prefix acme-`",
    prefix = crate::release::shortened(.prefix)
)]
#[code("deployer/invalid-prefix", "set BIFROST_PREFIX or `--prefix` to a prefix such as `acme-`")]
pub struct InvalidPrefix {
    /// The prefix.
    pub prefix: String,
    /// The longest prefix that makes valid names.
    pub max: usize,
}

impl Prefix {
    /// The prefix of deployers whose author chose none: that of the Go implementation.
    pub const DEFAULT: &'static str = "coinbase-";

    /// The longest prefix. The tightest limit is that of S3: the bucket of the audit log, `<prefix>audit-<account>-<region>`, has at
    /// most 63 characters.
    pub const MAX_LEN: usize = 30;

    /// The longest name of a deployer in AWS: S3 accepts 63 characters, and the name of its bucket ends with the account.
    pub const MAX_NAME_LEN: usize = 50;

    /// The prefix of deployer `D`: `chosen` by the user, else [`Deployer::PREFIX`].
    ///
    /// # Errors
    /// [`InvalidPrefix`], if `chosen` does not make valid names.
    pub fn of<D: Deployer>(chosen: Option<&str>) -> Result<Self, InvalidPrefix> {
        const { check_deployer::<D>() }
        Self::read(chosen.unwrap_or(D::PREFIX), Self::max_len(D::NAME))
    }

    /// The prefix of a deployer of that name, whose code does not exist yet.
    ///
    /// # Errors
    /// [`InvalidPrefix`], if it does not make valid names.
    pub fn for_name(prefix: &str, name: &str) -> Result<Self, InvalidPrefix> {
        Self::read(prefix, Self::max_len(name))
    }

    /// The name of deployer `D` in AWS, such as `coinbase-odin`.
    #[must_use]
    pub fn deployer<D: Deployer>(&self) -> String {
        format!("{self}{}", D::NAME)
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn read(prefix: &str, max: usize) -> Result<Self, InvalidPrefix> {
        if is_prefix(prefix, max) {
            Ok(Self(prefix.to_owned()))
        } else {
            Err(InvalidPrefix { prefix: prefix.to_owned(), max })
        }
    }

    /// The longest prefix of a deployer of that name.
    const fn max_len(name: &str) -> usize {
        let rest = Self::MAX_NAME_LEN.saturating_sub(name.len());
        if rest < Self::MAX_LEN { rest } else { Self::MAX_LEN }
    }
}

/// For programs that know no deployer, such as those of auditors. A deployer that was named with `--deployer` may have a prefix in
/// upper case, or none.
impl FromStr for Prefix {
    type Err = InvalidPrefix;

    fn from_str(prefix: &str) -> Result<Self, InvalidPrefix> {
        if !prefix.is_empty() {
            Self::read(&prefix.to_ascii_lowercase(), Self::MAX_NAME_LEN)?;
        }
        Ok(Self(prefix.to_owned()))
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails the compilation if a deployer's own names are not valid.
pub(super) const fn check_names(name: &str, prefix: &str) {
    assert!(
        is_deployer_name(name),
        "`NAME` of a deployer must have lower-case letters, digits and `-`, begin with a letter, and not be `audit` or end with `-audit`"
    );
    assert!(
        is_prefix(prefix, Prefix::max_len(name)),
        "`PREFIX` of a deployer must have 2 to 30 lower-case letters, digits and `-`, begin with a letter, and end with `-`; \
         together with `NAME` it has at most 50"
    );
}

/// Whether names that begin so are valid. Upper case is not: buckets and lock tables have none, and two deployers would share them.
const fn is_prefix(prefix: &str, max: usize) -> bool {
    match prefix.as_bytes() {
        [first, .., b'-'] => prefix.len() <= max && first.is_ascii_lowercase() && has_name_characters(prefix),
        _ => false,
    }
}

/// Whether a deployer may have this name, [`Deployer::NAME`]. `<prefix>audit` is the audit log, and `…-audit` the audit function of a
/// deployer.
#[must_use]
pub const fn is_deployer_name(name: &str) -> bool {
    match name.as_bytes() {
        [] | [.., b'-'] | b"audit" | [.., b'-', b'a', b'u', b'd', b'i', b't'] => false,
        [first, ..] => first.is_ascii_lowercase() && has_name_characters(name),
    }
}

const fn has_name_characters(name: &str) -> bool {
    let mut rest = name.as_bytes();
    while let [byte, others @ ..] = rest {
        if !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-') {
            return false;
        }
        rest = others;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_makes_valid_names() {
        let longest = format!("{}-", "a".repeat(29));
        for right in ["coinbase-", "a-", "acme-shop-", "team1-", &longest] {
            assert_eq!(Prefix::read(right, 30).unwrap().as_str(), right);
        }
        let too_long = format!("{longest}-");
        for wrong in
            ["", "-", "acme", "Acme-", "ac me-", "acme'-", "acme\"-", "1acme-", "-acme-", "acme_", "äcme-", &too_long]
        {
            assert_eq!(Prefix::read(wrong, 30).unwrap_err().code(), "deployer/invalid-prefix", "{wrong}");
        }
    }

    #[test]
    fn auditors_read_logs_of_deployers_with_any_name() {
        for right in ["", "Acme-", "acme-"] {
            assert_eq!(right.parse::<Prefix>().unwrap().as_str(), right);
        }
        for wrong in ["acme", "acme\"-", "-", "acme/audit-"] {
            assert!(wrong.parse::<Prefix>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn message_names_the_prefix_and_what_to_do() {
        let message = Prefix::read("ACME-", 30).unwrap_err().to_string();
        assert!(message.starts_with("invalid prefix \"ACME-\": expected 2 to 30 lower-case letters"), "{message}");
        assert!(
            message.ends_with("set another with BIFROST_PREFIX or --prefix, for example `--prefix acme-`"),
            "{message}"
        );
        let long = "x".repeat(5000).parse::<Prefix>().unwrap_err().to_string();
        assert!(long.len() < 400, "{long}");
    }

    #[test]
    fn name_and_prefix_share_the_limit_of_a_bucket() {
        assert_eq!((Prefix::max_len("odin"), Prefix::max_len(&"a".repeat(40))), (30, 10));
        assert!(Prefix::read("acme-shops-", 10).is_err());
    }

    #[test]
    fn command_is_not_that_of_an_audit_log() {
        assert!(is_deployer_name("odin") && is_deployer_name("step-deployer") && is_deployer_name("myaudit"));
        for wrong in ["", "audit", "odin-audit", "Odin", "odin-", "1odin", "od_in"] {
            assert!(!is_deployer_name(wrong), "{wrong}");
        }
    }
}
