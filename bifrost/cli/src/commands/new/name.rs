//! The names of a new deployer, all from the one that the user gave.

use super::NewError;
use bifrost_core::deployer::{Prefix, is_deployer_name};

/// The shortest prefix of a deployer.
const MIN_PREFIX_LEN: usize = 2;

/// Rust's keywords, which cargo refuses as names of packages.
const KEYWORDS: &str = "abstract as async await become box break const continue crate do dyn else enum extern false final fn for gen if impl in \
    let loop macro match mod move mut override priv pub ref return self static struct super trait true try type typeof union unsafe unsized use \
    virtual where while yield";

/// Names that cargo refuses or warns about: crates that come with Rust, cargo's folders, and device names of Windows.
const OF_RUST: &str = "alloc core proc-macro proc_macro std test";
const OF_CARGO: &str = "benches build cargo deps examples incremental main src target tests";
const OF_WINDOWS: &str =
    "aux con nul prn com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9";

/// Crates that a new deployer depends on, or soon will.
const DEPENDENCIES: &str = "async-trait aws-config aws-sdk-dynamodb bifrost chrono serde serde-json thiserror tokio";

/// The names of a new deployer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// Of its folder and package: `acme-cache`.
    pub(super) package: String,
    /// Of its command, `Deployer::NAME`: `cache`.
    pub(super) command: String,
    /// The prefix of its name in AWS, `Deployer::PREFIX`: `acme-`.
    pub(super) prefix: String,
}

impl Names {
    /// Its name in AWS, such as `acme-cache`.
    pub(super) fn in_aws(&self) -> String {
        format!("{}{}", self.prefix, self.command)
    }

    /// The names that derive from the name that a user gave, and the prefix.
    pub(super) fn new(name: &str, prefix: &str) -> Result<Self, NewError> {
        let rest = name.strip_prefix(prefix).filter(|rest| is_deployer_name(rest));
        let command = rest.unwrap_or(name);
        check_reserved(command)?;
        let prefix = Prefix::for_name(prefix, command)?;
        Ok(Self { package: name.to_owned(), command: command.to_owned(), prefix: prefix.to_string() })
    }
}

/// Checks the name of the package, as the user gave it.
pub(super) fn check_name(name: &str) -> Result<(), NewError> {
    let max = Prefix::MAX_NAME_LEN.saturating_sub(MIN_PREFIX_LEN);
    if !is_deployer_name(name) || name.len() > max {
        return Err(NewError::InvalidName { name: name.to_owned(), max });
    }
    check_reserved(name)
}

fn check_reserved(name: &str) -> Result<(), NewError> {
    let lists = [
        (KEYWORDS, "a keyword of Rust"),
        (OF_RUST, "a crate of Rust itself"),
        (OF_CARGO, "a name that cargo uses"),
        (OF_WINDOWS, "a device of Windows"),
        (DEPENDENCIES, "a crate that deployers depend on"),
    ];
    let of_bifrost = name.starts_with("bifrost-").then_some("a crate of bifrost");
    let of_list = lists.into_iter().find(|(names, _)| names.split(' ').any(|reserved| reserved == name));
    match of_bifrost.or(of_list.map(|(_, meaning)| meaning)) {
        Some(meaning) => Err(NewError::ReservedName { name: name.to_owned(), meaning }),
        None => Ok(()),
    }
}

/// The prefix of a name, if the user gives none: the first word of several, such as `acme-` of `acme-cache`.
pub(super) fn default_prefix(name: &str) -> &str {
    let end = name.find('-').map_or(0, |dash| dash.saturating_add(1));
    match name.split_at_checked(end) {
        Some((prefix, command)) if Prefix::for_name(prefix, command).is_ok() && is_deployer_name(command) => prefix,
        _ => Prefix::DEFAULT,
    }
}

/// The name of a type: `MyCache2` for `my-cache2`. `is_taken` are the names that the code uses for something else.
pub(super) fn type_name(command: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let capitalised = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| format!("{}{}", first.to_ascii_uppercase(), chars.as_str())).unwrap_or_default()
    };
    let mut name: String = command.split('-').map(capitalised).collect();
    while is_taken(&name) {
        name.push_str("Machine");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::error_code::Coded as _;

    fn code(name: &str) -> &'static str {
        check_name(name).map_or_else(|error| error.code(), |()| "valid")
    }

    #[test]
    fn name_is_that_of_a_deployer() {
        for right in ["acme-cache", "cache", "a", "team1-cache-2", "matcher", "a--b", &"a".repeat(48)] {
            assert_eq!(code(right), "valid", "{right}");
        }
        for wrong in
            ["", "Cache", "1cache", "cache-", "-cache", "ca_che", "audit", "acme-audit", "../x", "ä", &"a".repeat(49)]
        {
            assert_eq!(code(wrong), "new/invalid-name", "{wrong}");
        }
    }

    #[test]
    fn name_means_nothing_else() {
        for name in
            ["match", "self", "test", "core", "std", "build", "con", "serde", "tokio", "bifrost", "bifrost-core"]
        {
            assert_eq!(code(name), "new/reserved-name", "{name}");
        }
        // The command would be `match`.
        assert_eq!(Names::new("acme-match", "acme-").unwrap_err().code(), "new/reserved-name");
        assert_eq!(Names::new("acme-match", "team-").unwrap().in_aws(), "team-acme-match");
    }

    #[test]
    fn prefix_is_the_first_word() {
        for (name, prefix, command) in [
            ("acme-cache", "acme-", "cache"),
            ("acme-shop-cache", "acme-", "shop-cache"),
            ("cache", "coinbase-", "cache"),
            ("acme-2", "coinbase-", "acme-2"),
        ] {
            assert_eq!(default_prefix(name), prefix);
            assert_eq!(Names::new(name, prefix).unwrap().command, command);
        }
    }

    #[test]
    fn prefix_makes_valid_names() {
        for wrong in ["acme", "", "Acme-", "x".repeat(40).as_str()] {
            assert_eq!(Names::new("acme-cache", wrong).unwrap_err().code(), "deployer/invalid-prefix", "{wrong}");
        }
    }

    #[test]
    fn type_has_no_name_of_the_code() {
        let is_taken = |name: &str| ["Release", "ReleaseMachine"].contains(&name);
        assert_eq!(type_name("my-cache2", is_taken), "MyCache2");
        assert_eq!(type_name("a--b", is_taken), "AB");
        assert_eq!(type_name("release", is_taken), "ReleaseMachineMachine");
    }
}
