//! Where a function writes the audit log, by its environment variables.

use bifrost_core::account::{Identity, names};
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::{AuditStore, FunctionConfiguration, Inventory};
use bifrost_core::release::{AccountId, BucketName};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The environment variable with the mode of the audit log: `required`, `best-effort` or `off`.
pub const AUDIT_VARIABLE: &str = "BIFROST_AUDIT";

/// The environment variable with the bucket of the audit log.
pub const AUDIT_BUCKET_VARIABLE: &str = "BIFROST_AUDIT_BUCKET";

/// The environment variable with the name or ARN of the table of the audit log.
pub const AUDIT_TABLE_VARIABLE: &str = "BIFROST_AUDIT_TABLE";

/// The environment variable with the id, alias or ARN of the key that signs checkpoints.
pub const AUDIT_KEY_VARIABLE: &str = "BIFROST_AUDIT_KEY";

/// The environment variable with the account of the audit log, if it is not the deployer account.
pub const AUDIT_ACCOUNT_VARIABLE: &str = "BIFROST_AUDIT_ACCOUNT";

/// Whether a function writes an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuditState {
    /// The function does not exist, or cannot be read.
    Unknown,
    /// It writes none.
    Off,
    /// It has a variable with a value that the function refuses.
    Invalid(InvalidSetting),
    /// It writes this log.
    Log(AuditLocation),
}

/// The audit log of a deployer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditLocation {
    pub(crate) mode: AuditMode,
    pub(crate) bucket: BucketName,
    /// The account of the log.
    pub(crate) owner: AccountId,
    /// Name or ARN.
    pub(crate) table: String,
    /// Id, alias or ARN.
    pub(crate) key: String,
    /// The name of the log in its checkpoints.
    pub(crate) origin: String,
}

/// A variable of the function and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidSetting {
    variable: &'static str,
    value: String,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of the function is {:?}, which is not valid", self.variable, self.value)
    }
}

impl AuditState {
    pub(crate) fn of(function: Option<&FunctionConfiguration>, identity: &Identity) -> Self {
        let Some(function) = function else { return Self::Unknown };
        match location(function, identity) {
            Ok(None) => Self::Off,
            Ok(Some(log)) => Self::Log(log),
            Err(invalid) => Self::Invalid(invalid),
        }
    }

    /// The log, if there is one.
    pub(crate) fn log(&self) -> Option<&AuditLocation> {
        match self {
            Self::Log(log) => Some(log),
            _ => None,
        }
    }
}

/// An absent variable stands for what `bootstrap` creates in the deployer account.
fn location(function: &FunctionConfiguration, identity: &Identity) -> Result<Option<AuditLocation>, InvalidSetting> {
    let value = |variable: &str| function.settings.get(variable).filter(|value| !value.is_empty());
    let Some(mode) = value(AUDIT_VARIABLE) else { return Ok(None) };
    let mode =
        AuditMode::named(mode).ok_or_else(|| InvalidSetting { variable: AUDIT_VARIABLE, value: mode.clone() })?;
    if mode == AuditMode::Off {
        return Ok(None);
    }
    let log = identity.audit_table();
    Ok(Some(AuditLocation {
        mode,
        bucket: read(AUDIT_BUCKET_VARIABLE, value(AUDIT_BUCKET_VARIABLE).unwrap_or(&identity.audit_bucket()))?,
        owner: read(AUDIT_ACCOUNT_VARIABLE, value(AUDIT_ACCOUNT_VARIABLE).unwrap_or(&identity.account.to_string()))?,
        table: value(AUDIT_TABLE_VARIABLE).unwrap_or(&log).clone(),
        // `bootstrap` does not set it.
        origin: value("BIFROST_AUDIT_ORIGIN").cloned().unwrap_or_else(|| identity.audit_origin()),
        key: value(AUDIT_KEY_VARIABLE).cloned().unwrap_or_else(|| format!("alias/{log}")),
    }))
}

/// The storage of the audit log that a function writes, with the permissions of the user. `None` if it writes none.
pub(crate) fn audit_store(
    inventory: &dyn Inventory,
    function: &FunctionConfiguration,
    identity: &Identity,
) -> Option<Arc<dyn AuditStore>> {
    let log = location(function, identity).ok().flatten()?;
    Some(inventory.audit_store(&log.bucket, &log.owner, &log.table))
}

fn read<T: FromStr>(variable: &'static str, value: &str) -> Result<T, InvalidSetting> {
    value.parse().map_err(|_| InvalidSetting { variable, value: value.to_owned() })
}

impl AuditLocation {
    /// The options of `bootstrap` for a deployer that writes this log, with a space before each.
    pub(crate) fn options(&self, identity: &Identity) -> String {
        let mode = match self.mode {
            AuditMode::Required => String::new(),
            mode => format!(" --audit-log {}", mode.name()),
        };
        let account = match &self.owner {
            owner if *owner == identity.account => String::new(),
            owner => format!(" --audit-account {owner}"),
        };
        format!("{mode}{account}")
    }

    /// The name of its stack, as `bootstrap` names it.
    pub(crate) fn stack(&self, identity: &Identity) -> String {
        let log = names::audit_log(&identity.name);
        if self.owner == identity.account { log } else { format!("{log}-{}", identity.account) }
    }
}
