//! What Lambda and the function's own configuration say, by environment variables.

use crate::configuration::sdk_config;
use crate::roles::RoleOptions;
use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use bifrost_core::release::Region;
use std::env::{self, VarError};

/// What a function knows from its start.
#[derive(Debug)]
pub(super) struct Settings {
    /// The function's name, which is the deployer's.
    pub(super) name: String,
    pub(super) region: Region,
    /// The SDK with the credentials of the function's role. Lambda gives a process credentials that outlive it.
    pub(super) config: SdkConfig,
    pub(super) roles: RoleOptions,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// Says which variable is missing, or what is wrong with it.
    pub(super) fn read() -> Result<Self, String> {
        let region: Region = needed("AWS_REGION")?.parse().map_err(|error| format!("AWS_REGION: {error}"))?;
        let credentials = Credentials::new(
            needed("AWS_ACCESS_KEY_ID")?,
            needed("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN")?,
            None,
            "Lambda",
        );
        let config = sdk_config(credentials, &region, optional("AWS_ENDPOINT_URL")?);
        Ok(Self { name: needed("AWS_LAMBDA_FUNCTION_NAME")?, region, config, roles: roles()? })
    }
}

fn roles() -> Result<RoleOptions, String> {
    let session_tags = match optional("BIFROST_SESSION_TAGS")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => return Err(format!("BIFROST_SESSION_TAGS is {other:?}, and may be true or false")),
    };
    Ok(RoleOptions { external_id: optional("BIFROST_EXTERNAL_ID")?, session_tags })
}

fn needed(name: &str) -> Result<String, String> {
    optional(name)?.ok_or_else(|| format!("{name} is not set: is this the environment of a Lambda function?"))
}

fn optional(name: &str) -> Result<Option<String>, String> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(format!("{name} is no text")),
    }
}
