//! What a deploy is of: a project's config in a target account.

use crate::client::ClientDeployer;
use bifrost_core::json::{self, ReadError};
use bifrost_core::release::{AccountId, BucketName, ConfigName, Defaults, Envelope, ProjectName, Region, RootDir};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// A project's config in a target account, and the bucket that holds its releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The target account.
    #[serde(rename = "aws_account_id")]
    pub account: AccountId,
    /// The target region.
    #[serde(rename = "aws_region")]
    pub region: Region,
    /// Where its releases and its locks are.
    pub bucket: BucketName,
    /// The project.
    #[serde(rename = "project_name")]
    pub project: ProjectName,
    /// Its config.
    #[serde(rename = "config_name")]
    pub config: ConfigName,
}

/// A file does not say what it is a release of.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}; name a release file, or a project and its config")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no release: the deployer says why.
    #[error("{0}")]
    File(String),
    /// A name in it is missing, or none.
    #[error("{path}: {source}")]
    Field {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: ReadError,
    },
}

/// The names of a release, without all that may be wrong with the rest of it.
#[derive(Deserialize)]
struct Names {
    aws_account_id: Option<AccountId>,
    aws_region: Option<Region>,
    bucket: Option<BucketName>,
    project_name: ProjectName,
    config_name: ConfigName,
}

impl Address {
    const FIELDS: [&str; 5] = ["aws_account_id", "aws_region", "bucket", "project_name", "config_name"];

    /// What a release, or the input of an execution, is for. The rest of it may be anything.
    ///
    /// # Errors
    /// If a name is missing, or none.
    pub fn read(release: &Value, defaults: &Defaults) -> Result<Self, ReadError> {
        let names: Names = json::read_members(release, |name| Self::FIELDS.contains(&name), Envelope::FIELDS)?;
        Ok(Self {
            account: names.aws_account_id.unwrap_or_else(|| defaults.account.clone()),
            region: names.aws_region.unwrap_or_else(|| defaults.region.clone()),
            bucket: names.bucket.unwrap_or_else(|| defaults.bucket.clone()),
            project: names.project_name,
            config: names.config_name,
        })
    }

    /// What the release in a file of deployer `D` is for.
    ///
    /// # Errors
    /// If the file cannot be read, is no release, or lacks a name.
    pub fn read_file<D: ClientDeployer>(path: &Path, defaults: &Defaults) -> Result<Self, AddressError> {
        // What is no file may be a project whose config was left out.
        fs::metadata(path).map_err(|source| AddressError::Io { path: path.into(), source })?;
        let release = Value::Object(D::read(path).map_err(AddressError::File)?);
        Self::read(&release, defaults).map_err(|source| AddressError::Field { path: path.into(), source })
    }

    /// Whether both are the same config of the same project in the same account: what one root lock is for.
    #[must_use]
    pub fn names_the_same(&self, other: &Self) -> bool {
        (&self.account, &self.project, &self.config) == (&other.account, &other.project, &other.config)
    }

    /// How a command names it.
    #[must_use]
    pub fn arguments(&self) -> String {
        format!("{} {} --account {}", self.project, self.config, self.account)
    }

    /// Where its releases and locks are in the bucket.
    #[must_use]
    pub fn root_dir(&self) -> RootDir {
        RootDir::new(&self.account, &self.project, &self.config)
    }
}

impl From<&Envelope> for Address {
    fn from(envelope: &Envelope) -> Self {
        Self {
            account: envelope.aws_account_id.clone(),
            region: envelope.aws_region.clone(),
            bucket: envelope.bucket.clone(),
            project: envelope.project_name.clone(),
            config: envelope.config_name.clone(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in account {}", self.project, self.config, self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn defaults() -> Defaults {
        Defaults {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            timeout_seconds: 600,
        }
    }

    fn address(release: &Value) -> Address {
        Address::read(release, &defaults()).unwrap()
    }

    #[test]
    fn an_address_takes_what_a_release_leaves_out_from_the_deployer() {
        let found = address(&json!({"project_name": "web", "config_name": "dev", "subnets": null}));
        assert_eq!(found.to_string(), "web dev in account 000000000000");
        assert_eq!(found.root_dir().to_string(), "000000000000/web/dev");
    }

    #[test]
    fn a_config_is_not_that_of_a_longer_name_nor_that_of_another_account() {
        let ours = address(&json!({"project_name": "web", "config_name": "dev"}));
        let canary = address(&json!({"project_name": "web", "config_name": "dev-canary"}));
        let elsewhere =
            address(&json!({"project_name": "web", "config_name": "dev", "aws_account_id": "111111111111"}));
        let other_bucket = address(&json!({"project_name": "web", "config_name": "dev", "bucket": "another"}));
        assert!(!ours.names_the_same(&canary));
        assert!(!ours.names_the_same(&elsewhere));
        assert!(ours.names_the_same(&other_bucket));
    }
}
