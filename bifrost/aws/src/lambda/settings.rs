//! The settings of the function, from the environment variables of Lambda and of `bootstrap`.

use super::audit::{AuditSettings, AuditSettingsError};
use crate::configuration::sdk_config;
use crate::roles::RoleOptions;
use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use bifrost_core::account::names::AUDIT_FUNCTION_SUFFIX;
use bifrost_core::error_code::Coded;
use bifrost_core::release::{BucketName, InvalidName, Region, read_buckets};
use std::collections::BTreeSet;
use std::env::{self, VarError};

/// An environment variable of the function is missing or not valid.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub(super) enum SettingsError {
    /// An environment variable that Lambda sets is missing.
    #[error("{0} is not set: Lambda must start this binary")]
    #[code("task/missing-variable", "unset AWS_LAMBDA_RUNTIME_API to use the commands, or let Lambda start the binary")]
    Missing(&'static str),
    /// The value of an environment variable is not UTF-8.
    #[error("{0} is not UTF-8")]
    #[code("task/variable-not-utf8", "correct the variable in the configuration of the function")]
    NotUtf8(&'static str),
    /// The region in the environment is not valid.
    #[error("AWS_REGION: {0}")]
    #[code("task/invalid-region", "set AWS_REGION to a region such as us-east-1; Lambda sets it for a function")]
    Region(#[source] InvalidName),
    /// The variable for session tags is neither `true` nor `false`.
    #[error("BIFROST_SESSION_TAGS is {0:?}, but must be `true` or `false`")]
    #[code("task/invalid-session-tags", "correct the variable in the configuration of the function")]
    SessionTags(String),
    /// The list of other buckets that releases may be in has an invalid name.
    #[error("BIFROST_BUCKETS: {0}; it must have names of buckets, separated by commas")]
    #[code("task/invalid-buckets", "correct the variable in the configuration of the function")]
    Buckets(#[source] InvalidName),
    #[error(transparent)]
    #[code(source)]
    Audit(#[from] AuditSettingsError),
}

#[derive(Debug)]
pub(super) struct Settings {
    /// The name of the deployer.
    pub(super) name: String,
    /// Whether this is its function for acts of people, whose name is longer than that of the deployer.
    pub(super) is_audit: bool,
    pub(super) region: Region,
    /// The SDK with the credentials of the function's role. They are valid longer than the process lives.
    pub(super) config: SdkConfig,
    pub(super) roles: RoleOptions,
    /// Other buckets from which the deployer accepts releases.
    pub(super) allowed_buckets: BTreeSet<BucketName>,
    pub(super) audit: AuditSettings,
}

impl Settings {
    pub(super) fn read() -> Result<Self, SettingsError> {
        let region: Region = required("AWS_REGION")?.parse().map_err(SettingsError::Region)?;
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN")?,
            None,
            "Lambda",
        );
        let config = sdk_config(credentials, &region, optional("AWS_ENDPOINT_URL")?);
        let function = required("AWS_LAMBDA_FUNCTION_NAME")?;
        let deployer = function.strip_suffix(AUDIT_FUNCTION_SUFFIX).map(ToOwned::to_owned);
        let (is_audit, name) = (deployer.is_some(), deployer.unwrap_or(function));
        let (roles, allowed_buckets) = (roles()?, allowed_buckets()?);
        Ok(Self { name, is_audit, region, config, roles, allowed_buckets, audit: AuditSettings::read(optional)? })
    }
}

fn roles() -> Result<RoleOptions, SettingsError> {
    let session_tags = match optional("BIFROST_SESSION_TAGS")?.as_deref() {
        None | Some("true") => true,
        Some("false") => false,
        Some(other) => return Err(SettingsError::SessionTags(other.to_owned())),
    };
    Ok(RoleOptions { external_id: optional("BIFROST_EXTERNAL_ID")?, session_tags })
}

fn allowed_buckets() -> Result<BTreeSet<BucketName>, SettingsError> {
    read_buckets(&optional("BIFROST_BUCKETS")?.unwrap_or_default()).map_err(SettingsError::Buckets)
}

fn required(name: &'static str) -> Result<String, SettingsError> {
    optional(name)?.ok_or(SettingsError::Missing(name))
}

fn optional(name: &'static str) -> Result<Option<String>, SettingsError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(SettingsError::NotUtf8(name)),
    }
}
