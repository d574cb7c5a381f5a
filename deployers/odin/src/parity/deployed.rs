//! Finds the release that is deployed of a config.

use crate::machine::Odin;
use crate::release::OdinRelease;
use bifrost::client::{Client, ReleaseName, UploadedReleaseError};
use bifrost::cloud::CloudError;
use bifrost::error_code::Coded;
use bifrost::json::ReadError;
use bifrost::release::{AccountId, BucketName, ConfigName, ProjectName, RootDir};
use chrono::{DateTime, Utc};
use std::fmt;

/// A config of a project in a target account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigAddress {
    /// The target account.
    pub account: AccountId,
    /// The project.
    pub project: ProjectName,
    /// The config of the project.
    pub config: ConfigName,
}

impl fmt::Display for ConfigAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in account {}", self.project, self.config, self.account)
    }
}

/// The release that is deployed of a config.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedConfig {
    /// The release, as it was uploaded.
    pub release: OdinRelease,
    /// When its deploy succeeded.
    pub since: DateTime<Utc>,
}

/// Two configs cannot be compared.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ParityError {
    /// A config was compared with itself.
    #[error("{0} cannot be compared with itself: name another config, or another account with --other-account")]
    #[code("odin/same-config", "name another config, or another account with `--other-account`")]
    Same(Box<ConfigAddress>),
    /// The lock table cannot be read.
    #[error("cannot read which release is deployed of {address}: {source}")]
    #[code(source)]
    Table {
        /// The config.
        address: Box<ConfigAddress>,
        /// The answer of DynamoDB.
        source: Box<CloudError>,
    },
    /// The lock table has no deployed release of the config: it was never deployed, or only by Go Odin.
    #[error(
        "nothing is deployed of {address}, according to the lock table: check the names with {status}, or deploy it (the lock \
         table does not have what Go Odin deployed)"
    )]
    #[code("odin/nothing-deployed", "check project, config and account with `status`, or deploy a release")]
    Nothing {
        /// The config.
        address: Box<ConfigAddress>,
        /// The command that shows what is deployed.
        status: String,
    },
    /// The release is not in its bucket, or not what its key says.
    #[error(transparent)]
    #[code(source)]
    Uploaded(#[from] UploadedReleaseError),
    /// This version of Odin cannot read the release.
    #[error("s3://{bucket}/{key}: {source}; deploy {address} again with this version of Odin, then compare again")]
    #[code(source)]
    Unreadable {
        /// The config.
        address: Box<ConfigAddress>,
        /// The bucket of the release.
        bucket: BucketName,
        /// The key of the release.
        key: String,
        /// Where in the release, and what is wrong.
        source: Box<ReadError>,
    },
}

/// Reads the release that is deployed of a config. `status` is the command that shows what is deployed of it.
///
/// # Errors
/// [`ParityError`].
pub async fn deployed(
    client: &Client<Odin>,
    address: &ConfigAddress,
    status: impl FnOnce() -> String,
) -> Result<DeployedConfig, ParityError> {
    let ConfigAddress { account, project, config } = address.clone();
    let dir = RootDir::new(&account, &project, &config);
    let item = client
        .account
        .locks
        .deployed(&dir)
        .await
        .map_err(|source| ParityError::Table { address: Box::new(address.clone()), source: Box::new(source) })?;
    let item = item.ok_or_else(|| ParityError::Nothing { address: Box::new(address.clone()), status: status() })?;
    let name = ReleaseName { account, project, config, release_id: item.release_id };
    let uploaded = client.uploaded_release(&name).await?;
    match OdinRelease::read(&uploaded.document, &client.account.defaults) {
        Ok(release) => Ok(DeployedConfig { release, since: item.time }),
        Err(source) => Err(ParityError::Unreadable {
            address: Box::new(address.clone()),
            bucket: uploaded.bucket,
            key: name.dir().release().to_string(),
            source: Box::new(source),
        }),
    }
}
