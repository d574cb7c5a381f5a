//! The settings of the audit log, from the environment variables that `bootstrap` sets.

use super::code::code_sha256;
use super::settings::SettingsError;
use crate::audit::{AuditLocation, AwsAuditStore, KmsSigner, KnownKey};
use crate::{AwsDeployer, AwsSession};
use bifrost_audit::log::TiledLog;
use bifrost_core::account::Identity;
use bifrost_core::audit::{Audit, AuditMode, AuditPorts, DeployerVersion};
use bifrost_core::deployer;
use bifrost_core::error_code::Coded;
use bifrost_core::release::{AccountId, BucketName, InvalidName};
use std::sync::Arc;

const MODE: &str = "BIFROST_AUDIT";
const BUCKET: &str = "BIFROST_AUDIT_BUCKET";
const ACCOUNT: &str = "BIFROST_AUDIT_ACCOUNT";
const TABLE: &str = "BIFROST_AUDIT_TABLE";
const KEY: &str = "BIFROST_AUDIT_KEY";
const ORIGIN: &str = "BIFROST_AUDIT_ORIGIN";
const OBJECT_LOCK: &str = "BIFROST_AUDIT_OBJECT_LOCK";

/// A variable of the audit log is missing or not valid.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(super) enum AuditSettingsError {
    /// The mode of the audit log is not valid.
    #[error("BIFROST_AUDIT is {0:?}, but must be `required`, `best-effort` or `off`")]
    #[code(
        "audit/invalid-mode",
        "correct the variable in the configuration of the function, or run `bootstrap --apply`"
    )]
    Mode(String),
    /// Variables say where the audit log is, but not whether it is written.
    #[error("{0} is set, but BIFROST_AUDIT is not: set it to `required`, `best-effort` or `off`")]
    #[code("audit/no-mode", "set BIFROST_AUDIT in the configuration of the function, or run `bootstrap --apply`")]
    NoMode(&'static str),
    /// There is an audit log, but a variable that says where it is is missing.
    #[error("BIFROST_AUDIT is `{mode}`, but {missing} is not set")]
    #[code(
        "audit/missing-variable",
        "set the variable in the configuration of the function, or run `bootstrap --apply`"
    )]
    Missing {
        /// The mode.
        mode: &'static str,
        /// The variable.
        missing: &'static str,
    },
    /// A variable has a name that is not valid.
    #[error("{variable}: {source}")]
    #[code(
        "audit/invalid-variable",
        "correct the variable in the configuration of the function, or run `bootstrap --apply`"
    )]
    Name {
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        source: InvalidName,
    },
    /// The name of the log cannot be that of a key in a signed note.
    #[error(
        "BIFROST_AUDIT_ORIGIN is {0:?}, but must have 1 to 255 characters, without spaces, `+` and control characters"
    )]
    #[code(
        "audit/invalid-origin",
        "correct the variable, or remove it: the default is `<prefix>audit/<account>/<region>`"
    )]
    Origin(String),
    /// The variable for Object Lock is neither `true` nor `false`.
    #[error("BIFROST_AUDIT_OBJECT_LOCK is {0:?}, but must be `true` or `false`")]
    #[code("audit/invalid-object-lock", "correct the variable, or remove it if the bucket has Object Lock")]
    ObjectLock(String),
}

/// The settings of the audit log of a function.
#[derive(Debug, Clone)]
pub(super) struct AuditSettings {
    mode: AuditMode,
    /// `None` if the mode is `off`.
    place: Option<Place>,
}

/// Where the log is.
#[derive(Debug, Clone)]
struct Place {
    bucket: BucketName,
    /// The account of the bucket, if it is not the deployer account.
    account: Option<AccountId>,
    has_object_lock: bool,
    /// Name or ARN.
    table: String,
    /// Id, ARN or alias.
    key: String,
    known_key: KnownKey,
    /// The name of the log, if it is not the default.
    origin: Option<String>,
}

impl AuditSettings {
    /// Reads the variables, each with `variable`, which returns `None` if it is not set.
    pub(super) fn read(
        variable: impl Fn(&'static str) -> Result<Option<String>, SettingsError>,
    ) -> Result<Self, SettingsError> {
        let Some(mode) = variable(MODE)? else {
            for name in [BUCKET, TABLE, KEY, ACCOUNT, ORIGIN, OBJECT_LOCK] {
                if variable(name)?.is_some() {
                    return Err(AuditSettingsError::NoMode(name).into());
                }
            }
            return Ok(Self { mode: AuditMode::Off, place: None });
        };
        let mode = AuditMode::named(&mode).ok_or(AuditSettingsError::Mode(mode))?;
        if mode == AuditMode::Off {
            return Ok(Self { mode, place: None });
        }
        let required = |missing| -> Result<String, SettingsError> {
            variable(missing)?.ok_or_else(|| AuditSettingsError::Missing { mode: mode.name(), missing }.into())
        };
        let invalid = |variable| move |source| AuditSettingsError::Name { variable, source };
        let account = variable(ACCOUNT)?.map(|id| id.parse().map_err(invalid(ACCOUNT))).transpose()?;
        let place = Place {
            bucket: required(BUCKET)?.parse().map_err(invalid(BUCKET))?,
            account,
            has_object_lock: object_lock(variable(OBJECT_LOCK)?.as_deref())?,
            table: required(TABLE)?,
            key: required(KEY)?,
            known_key: KnownKey::default(),
            origin: variable(ORIGIN)?.map(origin).transpose()?,
        };
        Ok(Self { mode, place: Some(place) })
    }

    /// The audit log with the permissions of the function's session in the deployer account.
    pub(super) fn open<D: AwsDeployer>(&self, session: &AwsSession, identity: &Identity) -> Audit {
        let Some(place) = &self.place else {
            return Audit::off(DeployerVersion { name: identity.name.clone(), ..DeployerVersion::default() });
        };
        let location = AuditLocation {
            bucket: place.bucket.to_string(),
            owner: place.account.clone().unwrap_or_else(|| identity.account.clone()),
            has_object_lock: place.has_object_lock,
            table: place.table.clone(),
        };
        let store = Arc::new(AwsAuditStore::new(session, &location));
        let signer = KmsSigner::new(session.clone(), place.key.clone(), place.known_key.clone());
        let origin = place.origin.clone().unwrap_or_else(|| identity.audit_origin());
        let log = Arc::new(TiledLog::new(Arc::clone(&store) as _, Arc::new(signer), origin));
        deployer::audit::<D>(identity, code_sha256(), self.mode, AuditPorts { store, log })
    }
}

fn object_lock(value: Option<&str>) -> Result<bool, AuditSettingsError> {
    match value {
        None | Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(AuditSettingsError::ObjectLock(other.to_owned())),
    }
}

/// The name of a log is that of its key in notes, which has neither spaces nor `+`.
fn origin(origin: String) -> Result<String, AuditSettingsError> {
    let is_valid = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    if origin.len() <= 255 && origin.chars().all(is_valid) {
        Ok(origin)
    } else {
        Err(AuditSettingsError::Origin(origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const VALID: [(&str, &str); 4] = [
        (MODE, "required"),
        (BUCKET, "coinbase-audit-000000000000-us-east-1"),
        (TABLE, "coinbase-audit"),
        (KEY, "alias/coinbase-audit"),
    ];

    fn read(variables: &[(&'static str, &str)]) -> Result<AuditSettings, SettingsError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        AuditSettings::read(|name| Ok(variables.get(name).map(|value| (*value).to_owned())))
    }

    /// The valid variables, with one changed; without it if the value is empty.
    fn with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
        let others = VALID.into_iter().filter(|(other, _)| *other != name);
        others.chain((!value.is_empty()).then_some((name, value))).collect()
    }

    #[test]
    fn log_is_off_unless_it_is_set() {
        for variables in [&[][..], &[(MODE, "off")], &with(MODE, "off")] {
            let settings = read(variables).unwrap();
            assert!(settings.mode == AuditMode::Off && settings.place.is_none(), "{variables:?}");
        }
    }

    #[test]
    fn place_of_the_log_is_read() {
        let settings = read(&VALID).unwrap();
        let place = settings.place.unwrap();
        assert_eq!(settings.mode, AuditMode::Required);
        assert_eq!((place.table.as_str(), place.key.as_str()), ("coinbase-audit", "alias/coinbase-audit"));
        assert!(place.has_object_lock && place.account.is_none() && place.origin.is_none());
        let apart = read(&[&VALID[..], &[(ACCOUNT, "999999999999"), (OBJECT_LOCK, "false"), (ORIGIN, "a/b")]].concat());
        let place = apart.unwrap().place.unwrap();
        assert_eq!(place.account.unwrap().as_str(), "999999999999");
        assert_eq!((place.has_object_lock, place.origin.as_deref()), (false, Some("a/b")));
    }

    #[test]
    fn mistake_is_named_with_its_variable() {
        for (name, value, code) in [
            (MODE, "Required", "audit/invalid-mode"),
            (MODE, "", "audit/no-mode"),
            (BUCKET, "", "audit/missing-variable"),
            (TABLE, "", "audit/missing-variable"),
            (KEY, "", "audit/missing-variable"),
            (BUCKET, "No_Bucket", "audit/invalid-variable"),
            (ACCOUNT, "12", "audit/invalid-variable"),
            (ORIGIN, "two words", "audit/invalid-origin"),
            (ORIGIN, "a+b", "audit/invalid-origin"),
            (OBJECT_LOCK, "yes", "audit/invalid-object-lock"),
        ] {
            let error = read(&with(name, value)).unwrap_err();
            assert_eq!(error.code(), code, "{name}={value}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
