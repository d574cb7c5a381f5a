//! What a deploy is for: project, config and target account.

use crate::client::{ClientDeployer, similar_file};
use bifrost_core::error_code::{Coded, CodedError};
use bifrost_core::json::{self, ReadError};
use bifrost_core::release::{AccountId, BucketName, ConfigName, Defaults, Envelope, ProjectName, Region, RootDir};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// A project's config in a target account, and the bucket of its releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The target account.
    #[serde(rename = "aws_account_id")]
    pub account: AccountId,
    /// The target region.
    #[serde(rename = "aws_region")]
    pub region: Region,
    /// The bucket with its releases and S3 locks.
    pub bucket: BucketName,
    /// The project.
    #[serde(rename = "project_name")]
    pub project: ProjectName,
    /// The config of the project.
    #[serde(rename = "config_name")]
    pub config: ConfigName,
}

/// A release file does not say which project and config it is for.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum AddressError {
    /// The argument is neither a release file nor a project followed by its config.
    #[error("cannot read {path}: {source}; {}", remedy(similar.as_deref()))]
    #[code("cli/no-release-file", "pass the path of a release file, or a project and its config")]
    Io {
        /// The argument, as a path.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
        /// The file that was probably meant.
        similar: Option<PathBuf>,
    },
    /// The deployer cannot read the file.
    #[error(transparent)]
    #[code(source)]
    File(CodedError),
    /// A name in the file is missing or invalid.
    #[error("{path}: {source}")]
    #[code(source)]
    Field {
        /// The file.
        path: PathBuf,
        /// Where in the file, and what is wrong.
        source: ReadError,
    },
}

fn remedy(similar: Option<&Path>) -> String {
    match similar {
        Some(similar) => format!("did you mean {}?", similar.display()),
        None => "pass a release file, or a project and its config".to_owned(),
    }
}

/// The names in a release. They can be read even if other fields are wrong.
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

    /// Reads the names from a release or from the input of an execution. Other fields may be wrong.
    ///
    /// # Errors
    /// If a name is missing or invalid.
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

    /// Reads the names from a release file of deployer `D`.
    ///
    /// # Errors
    /// [`AddressError`], if the file cannot be read or a name is missing or invalid.
    pub fn read_file<D: ClientDeployer>(path: &Path, defaults: &Defaults) -> Result<Self, AddressError> {
        // Checked first, because the argument may be a project whose config was left out.
        let unreadable = |source| AddressError::Io { path: path.into(), source, similar: similar_file(path) };
        fs::metadata(path).map_err(unreadable)?;
        let release = Value::Object(D::read(path).map_err(AddressError::File)?);
        Self::read(&release, defaults).map_err(|source| AddressError::Field { path: path.into(), source })
    }

    /// Whether both are the same config of the same project in the same account, and so share one root lock.
    #[must_use]
    pub fn names_the_same(&self, other: &Self) -> bool {
        (&self.account, &self.project, &self.config) == (&other.account, &other.project, &other.config)
    }

    /// The arguments of a command for it, with region and bucket where they differ from those that the command uses without
    /// the option. The words need no quotes.
    #[must_use]
    pub fn arguments(&self, defaults: &Defaults) -> String {
        let mut arguments = format!("{} {} --account {}", self.project, self.config, self.account);
        if self.region != defaults.region {
            arguments = format!("{arguments} --region {}", self.region);
        }
        if self.bucket != defaults.bucket {
            arguments = format!("{arguments} --bucket {}", self.bucket);
        }
        arguments
    }

    /// The directory of its releases and locks in the bucket.
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
    use std::collections::BTreeSet;

    fn defaults() -> Defaults {
        Defaults {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            allowed_buckets: BTreeSet::new(),
            timeout_seconds: 600,
        }
    }

    fn address(release: &Value) -> Address {
        Address::read(release, &defaults()).unwrap()
    }

    #[test]
    fn missing_names_are_those_of_the_deployer() {
        let found = address(&json!({"project_name": "web", "config_name": "dev", "subnets": null}));
        assert_eq!(found.to_string(), "web dev in account 000000000000");
        assert_eq!(found.root_dir().to_string(), "000000000000/web/dev");
    }

    #[test]
    fn same_lock_means_same_account_project_and_config() {
        let ours = address(&json!({"project_name": "web", "config_name": "dev"}));
        let canary = address(&json!({"project_name": "web", "config_name": "dev-canary"}));
        let elsewhere =
            address(&json!({"project_name": "web", "config_name": "dev", "aws_account_id": "111111111111"}));
        let other_bucket = address(&json!({"project_name": "web", "config_name": "dev", "bucket": "another"}));
        assert!(!ours.names_the_same(&canary));
        assert!(!ours.names_the_same(&elsewhere));
        assert!(ours.names_the_same(&other_bucket));
    }

    #[test]
    fn arguments_name_what_differs_from_the_defaults() {
        let usual = address(&json!({"project_name": "web", "config_name": "dev"}));
        assert_eq!(usual.arguments(&defaults()), "web dev --account 000000000000");
        let elsewhere =
            json!({"project_name": "web", "config_name": "dev", "aws_region": "eu-west-1", "bucket": "releases"});
        assert_eq!(
            address(&elsewhere).arguments(&defaults()),
            "web dev --account 000000000000 --region eu-west-1 --bucket releases"
        );
    }
}
