//! Prepares a release file for a deploy: fills in defaults, hashes files, and checks the deployer's rules.

use super::{Address, Client};
use crate::client::{Attachment, ClientDeployer, ReusableFiles};
use bifrost_core::error_code::{Coded, CodedError};
use bifrost_core::json::{self, ReadError};
use bifrost_core::lifecycle::{self, BadRelease};
use bifrost_core::release::{Defaults, InvalidName, Release, ReleaseId, Replay, STARTED_BY, replay};
use bifrost_core::task::DATA_LIMIT_BYTES;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// A release that is ready to be uploaded and deployed.
#[derive(Debug)]
pub struct Prepared<F> {
    /// The release as it is sent to Step Functions and, byte for byte, as it is uploaded.
    pub document: Value,
    /// The release, read.
    pub release: Release<F>,
    /// The files to upload before the release.
    pub attachments: Vec<Attachment>,
}

/// A release is refused before anything was uploaded or changed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum PrepareError {
    /// The deployer cannot read the release file.
    #[error(transparent)]
    #[code(source)]
    File(CodedError),
    /// The release is too large to travel between the states of an execution.
    #[error(
        "{path} has more than {DATA_LIMIT_BYTES} bytes of JSON without white space, the limit for a release: move large data \
         to other files"
    )]
    #[code("release/too-large", "move large data to other files, and refer to them in the release")]
    TooLarge {
        /// The release file.
        path: PathBuf,
    },
    /// A file that belongs to the release is missing, unreadable or invalid.
    #[error("{path}: {source}")]
    #[code(source)]
    Attachment {
        /// The release file.
        path: PathBuf,
        /// Which file, and what is wrong with it.
        source: CodedError,
    },
    /// A file that belongs to the release has a name that cannot be part of an S3 key.
    #[error("{path}: {source}")]
    #[code(source)]
    AttachmentName {
        /// The release file.
        path: PathBuf,
        /// The name of the file, and what is wrong with it.
        source: InvalidName,
    },
    /// A field is unknown, missing, or of the wrong type.
    #[error("{path}: {source}")]
    #[code(source)]
    Field {
        /// The release file.
        path: PathBuf,
        /// The JSON path, and what is wrong there.
        source: ReadError,
    },
    /// The release was created too long ago, or in the future.
    #[error("{path}: {source}")]
    #[code(source)]
    Window {
        /// The release file.
        path: PathBuf,
        /// What is wrong with its time.
        source: Replay,
    },
    /// The release breaks a rule of the framework or the deployer.
    #[error("{path}: {source}")]
    #[code(source)]
    Rule {
        /// The release file.
        path: PathBuf,
        /// The rule, and what to do.
        source: Box<BadRelease>,
    },
}

impl<D: ClientDeployer> Client<D> {
    /// Reads a release file, fills in defaults, and checks the release as `Validate` will. `started_by` says who deploys,
    /// unless the release says so itself. It is a claim: AWS does not tell a deployer its caller.
    ///
    /// # Errors
    /// [`PrepareError`] for the first fault, with file and JSON path.
    pub async fn prepare(&self, file: &Path, started_by: &str) -> Result<Prepared<D::Fields>, PrepareError> {
        self.prepare_within(file, started_by, None).await
    }

    /// As [`prepare`](Self::prepare), with a timeout that overrides the one in the file.
    ///
    /// # Errors
    /// [`PrepareError`] for the first fault, with file and JSON path.
    pub async fn prepare_within(
        &self,
        file: &Path,
        started_by: &str,
        timeout_seconds: Option<NonZeroU32>,
    ) -> Result<Prepared<D::Fields>, PrepareError> {
        let now = self.account.env.now();
        let (_, random) = self.account.env.new_uuid().as_u64_pair();
        let mut fields = D::read(file).map_err(PrepareError::File)?;
        fields.extend(timeout_seconds.map(|seconds| ("timeout".to_owned(), seconds.get().into())));
        fill(&mut fields, &self.account.defaults, now, random, started_by);
        let earlier = self.earlier(&fields).await;
        let attachments = D::attach(file, &mut fields, &earlier)
            .map_err(|source| PrepareError::Attachment { path: file.into(), source })?;
        self.checked(file, fields, attachments)
    }

    /// The files that need not be uploaded again. None if the release names no project, or if the user may not read them.
    async fn earlier(&self, fields: &Map<String, Value>) -> ReusableFiles {
        match Address::read(&Value::Object(fields.clone()), &self.account.defaults) {
            Ok(address) => self.uploaded(&address).await.unwrap_or_default(),
            Err(_) => ReusableFiles::default(),
        }
    }

    /// Checks the fields of a release. `path` is its name in errors.
    pub(super) fn checked(
        &self,
        path: &Path,
        fields: Map<String, Value>,
        attachments: Vec<Attachment>,
    ) -> Result<Prepared<D::Fields>, PrepareError> {
        let document = Value::Object(fields);
        let release = Release::<D::Fields>::read(&document, &self.account.defaults)
            .map_err(|source| PrepareError::Field { path: path.into(), source })?;
        // The deployer would refuse a larger one: the output of `Validate` contains the whole release.
        if json::exceeds(&document, DATA_LIMIT_BYTES) {
            return Err(PrepareError::TooLarge { path: path.into() });
        }
        replay::check_window(release.envelope.created_at, self.account.env.now())
            .map_err(|source| PrepareError::Window { path: path.into(), source })?;
        let dir = release.envelope.release_dir();
        for Attachment { name, .. } in &attachments {
            dir.attachment(name).map_err(|source| PrepareError::AttachmentName { path: path.into(), source })?;
        }
        lifecycle::check(&release, &self.account.defaults)
            .map_err(|source| PrepareError::Rule { path: path.into(), source: Box::new(source) })?;
        Ok(Prepared { document, release, attachments })
    }
}

/// Adds the fields that the release does not have. Existing fields are kept.
pub(super) fn fill(
    release: &mut Map<String, Value>,
    defaults: &Defaults,
    now: DateTime<Utc>,
    random: u64,
    started_by: &str,
) {
    let absent = [
        ("release_id", ReleaseId::new(now, random).to_string()),
        ("created_at", now.to_rfc3339_opts(SecondsFormat::Secs, true)),
        ("aws_account_id", defaults.account.to_string()),
        ("aws_region", defaults.region.to_string()),
        ("bucket", defaults.bucket.to_string()),
    ];
    for (name, value) in absent {
        release.entry(name).or_insert_with(|| value.into());
    }
    let metadata = release.entry("metadata").or_insert_with(|| Map::new().into());
    // Metadata of another type are refused later, with their JSON path.
    if let Value::Object(metadata) = metadata {
        metadata.entry(STARTED_BY).or_insert_with(|| started_by.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn filled(release: Value) -> Value {
        let Value::Object(mut fields) = release else { panic!("no object") };
        let defaults = Defaults {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            allowed_buckets: BTreeSet::new(),
            timeout_seconds: 600,
        };
        fill(&mut fields, &defaults, DateTime::from_timestamp(1_800_000_000, 5).unwrap(), 7, "ada@laptop");
        fields.into()
    }

    #[test]
    fn missing_fields_are_filled_in() {
        assert_eq!(
            filled(json!({"project_name": "web"})),
            json!({
                "project_name": "web",
                "release_id": "release-2027-01-15T08-00-00Z-70000000",
                "created_at": "2027-01-15T08:00:00Z",
                "aws_account_id": "000000000000",
                "aws_region": "us-east-1",
                "bucket": "coinbase-odin-000000000000",
                "metadata": {"started_by": "ada@laptop"},
            })
        );
    }

    #[test]
    fn existing_fields_are_kept_even_if_wrong() {
        let release = json!({
            "release_id": "mine", "created_at": null, "aws_account_id": 5, "aws_region": "eu-west-1", "bucket": "b",
            "metadata": {"started_by": "ci", "commit": "abc"},
        });
        assert_eq!(filled(release.clone()), release);
        let release = filled(json!({"metadata": "text"}));
        assert_eq!(release["metadata"], "text");
    }
}
