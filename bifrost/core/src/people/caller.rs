//! Who asks, and whether two identities are the same person.
//!
//! STS confirms the session of a role, but the person who assumes the role chooses the session's name, unless the trust policy of the role fixes
//! it with `sts:RoleSessionName`, as IAM Identity Center does. That nobody reviews their own act is as certain as these policies.

use crate::audit::{ActId, safe_text};
use crate::release::AccountId;
use crate::strip_control::is_control;
use uuid::Uuid;

/// What the identity of a person begins with that nobody has confirmed.
const LOCAL: &str = "local:";

/// The longest session name or user name of IAM is 64 characters; paths and ARNs are longer.
const MAX_ARN: usize = 512;

/// What the names of sessions begin with if no person chose them, in lower case.
const GENERATED: [&str; 10] = [
    "assume-role-from-profile",
    "aws-cli-",
    "aws-go-sdk-",
    "aws-sdk",
    "awscli-session",
    "awscodebuild-",
    "botocore-session-",
    "githubactions",
    "session-",
    "web-identity-token",
];

/// Tasks of ECS have ids of 32 hex digits.
const MIN_HEX_DIGITS: usize = 32;

/// Who asks for an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The ARN, as STS says; `local:<user>@<host>` if nobody has confirmed it.
    pub identity: String,
    /// Whether STS has confirmed the identity.
    pub confirmed: bool,
    /// The id that the act gets. It derives from the request that proves the identity, so that nobody can use that twice. `None`
    /// where there is no such request: the id is random.
    pub act: Option<ActId>,
    /// The id of the function's invocation.
    pub request_id: Option<String>,
}

impl Caller {
    /// The user of a machine, whose identity nobody has confirmed.
    #[must_use]
    pub fn local(user: &str) -> Self {
        Self { identity: format!("{LOCAL}{}", safe_text(user)), confirmed: false, act: None, request_id: None }
    }
}

/// STS answered with an ARN that is not of a person or role of the deployer account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It has another form.
    #[error("`{0}` is not the ARN of a user or of a role's session")]
    Form(String),
    /// It is of another account.
    #[error("{identity} is in account {found}, but the deployer is in account {expected}")]
    Account {
        /// The ARN.
        identity: String,
        /// Its account.
        found: String,
        /// The deployer account.
        expected: AccountId,
    },
}

/// A person, as far as an identity shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name of the user or of the role's session. `None` if no person chose it: a program made it, or it is the account itself.
    name: Option<String>,
    /// The role, if it is a role's session.
    role: Option<String>,
    account: Option<String>,
}

impl Person {
    /// Reads an identity of a [`Caller`]: an ARN of STS or IAM, or `local:<user>@<host>`.
    ///
    /// # Errors
    /// [`IdentityError::Form`] for another text.
    pub fn read(identity: &str) -> Result<Self, IdentityError> {
        let wrong = || IdentityError::Form(safe_text(identity));
        if let Some(user) = identity.strip_prefix(LOCAL) {
            return Ok(Self { name: Some(user.to_lowercase()), role: None, account: None });
        }
        if identity.len() > MAX_ARN || identity.chars().any(|c| is_control(c) || c.is_whitespace()) {
            return Err(wrong());
        }
        let parts: Vec<&str> = identity.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts.as_slice() else { return Err(wrong()) };
        let is_partition = *partition == "aws" || partition.starts_with("aws-");
        if !is_partition || account.parse::<AccountId>().is_err() {
            return Err(wrong());
        }
        let person = |name: Option<&str>, role: Option<&str>| Self {
            name: name.filter(|name| !is_generated(name)).map(str::to_lowercase),
            role: role.map(ToOwned::to_owned),
            account: Some((*account).to_owned()),
        };
        let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
        let is_name = |name: &str| !name.is_empty() && !name.contains('/');
        match (*service, kind) {
            ("sts", "assumed-role") => match rest.split_once('/') {
                Some((role, session)) if is_name(role) && is_name(session) => Ok(person(Some(session), Some(role))),
                _ => Err(wrong()),
            },
            ("sts", "federated-user") if is_name(rest) => Ok(person(Some(rest), None)),
            // The name comes after the path. The emulated STS of tests answers with `sts`.
            ("iam" | "sts", "user") => match rest.rsplit('/').next() {
                Some(name) if is_name(name) => Ok(person(Some(name), None)),
                _ => Err(wrong()),
            },
            ("iam", "root") if rest.is_empty() => Ok(person(None, None)),
            _ => Err(wrong()),
        }
    }

    /// Checks that the person is of the deployer account.
    ///
    /// # Errors
    /// [`IdentityError::Account`] for another account.
    pub fn check_account(&self, identity: &str, expected: &AccountId) -> Result<(), IdentityError> {
        match &self.account {
            Some(found) if found != expected.as_str() => Err(IdentityError::Account {
                identity: safe_text(identity),
                found: found.clone(),
                expected: expected.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the identity names a person.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.name.is_some()
    }

    /// Whether both may be the same person: they have the same name, whatever their roles. A user `ada` and a session
    /// `ada@example.com` count as the same. Two sessions of one role are the same if one has no name.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Some(a), Some(b)) => a == b || is_address_of(a, b) || is_address_of(b, a),
            _ => (&self.role, &self.account) == (&other.role, &other.account),
        }
    }
}

/// Whether a mail address has this user.
fn is_address_of(address: &str, user: &str) -> bool {
    address.split_once('@').is_some_and(|(local, _)| local == user)
}

fn is_generated(session: &str) -> bool {
    let session = session.to_lowercase();
    let is_hex = |text: &str, min: usize| text.len() >= min && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    session.strip_prefix("i-").is_some_and(|instance| is_hex(instance, 8))
        || is_hex(&session, MIN_HEX_DIGITS)
        || Uuid::try_parse(&session).is_ok()
        || session.bytes().all(|byte| byte.is_ascii_digit())
        || GENERATED.iter().any(|prefix| session.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(identity: &str) -> Person {
        Person::read(identity).unwrap()
    }

    fn session(role: &str, name: &str) -> Person {
        person(&format!("arn:aws:sts::000000000000:assumed-role/{role}/{name}"))
    }

    #[test]
    fn same_name_is_the_same_person_in_any_role() {
        let ada = session("Admin", "ada@example.com");
        assert!(ada.may_be(&session("AWSReservedSSO_Operate_0123", "Ada@example.com")));
        assert!(ada.may_be(&person("arn:aws:iam::000000000000:user/people/ada")));
        assert!(!ada.may_be(&session("Admin", "bob@example.com")));
        assert!(!ada.may_be(&session("Admin", "ada@example.org")));
        assert!(!person("local:ada@laptop").may_be(&person("local:bob@laptop")));
    }

    #[test]
    fn session_that_no_person_named_may_be_anybody_with_its_role() {
        for generated in [
            "botocore-session-1772366400",
            "AWSCLI-Session",
            "aws-go-sdk-1772366400123456789",
            "1772366400123",
            "i-0123456789abcdef0",
            "0123456789abcdef0123456789ABCDEF",
            "0123456789abcdef0123456789abcdef0123456789abcdef",
            "01234567-89ab-cdef-0123-456789abcdef",
            "GitHubActions",
            "AWSCodeBuild-01234567-89ab-cdef-0123-456789abcdef",
        ] {
            let session = session("Admin", generated);
            assert!(!session.is_named(), "{generated}");
            assert!(session.may_be(&self::session("Admin", "ada")), "{generated}");
            assert!(!session.may_be(&self::session("Deploy", "ada")), "{generated}");
        }
        assert!(!person("arn:aws-cn:iam::000000000000:root").is_named());
        for chosen in ["ada", "i-ada", "deadbeef", "ada-01234567", "aws-ada"] {
            assert!(session("Admin", chosen).is_named(), "{chosen}");
        }
    }

    #[test]
    fn other_text_is_no_identity() {
        for text in [
            "",
            "ada",
            "arn:aws:sts::000000000000:assumed-role/Admin",
            "arn:aws:sts::000000000000:assumed-role/Admin/",
            "arn:aws:sts::000000000000:assumed-role/Admin/ada/bob",
            "arn:aws:sts::0:assumed-role/Admin/ada",
            "arn:evil:sts::000000000000:assumed-role/Admin/ada",
            "arn:aws:s3:::bucket/ada",
            "arn:aws:iam::000000000000:role/Admin",
            "arn:aws:iam::000000000000:user/",
            "arn:aws:sts::000000000000:assumed-role/Admin/ada\nbob",
            "arn:aws:sts:us-east-1:000000000000:assumed-role/Admin/ada",
        ] {
            assert!(Person::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn person_of_another_account_is_refused() {
        let identity = "arn:aws:sts::111111111111:assumed-role/Admin/ada";
        let account = |id: &str| person(identity).check_account(identity, &id.parse().unwrap());
        assert!(account("111111111111").is_ok());
        assert!(matches!(account("000000000000"), Err(IdentityError::Account { .. })));
    }
}
