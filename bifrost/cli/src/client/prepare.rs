//! From a release file to a release that is ready to be sent: filled in, hashed, and checked by the deployer's rules.

use super::{Address, Client};
use crate::client::{Attachment, ClientDeployer, ReusableFiles};
use bifrost_core::json::{self, ReadError};
use bifrost_core::release::{Defaults, ExecutionName, Release, ReleaseId, Replay, STARTED_BY, replay};
use bifrost_core::task::DATA_LIMIT_BYTES;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// A release that can be uploaded and started.
#[derive(Debug)]
pub struct Prepared<F> {
    /// The release as it is sent, and to the byte as it is uploaded.
    pub document: Value,
    /// What it says.
    pub release: Release<F>,
    /// The files that are uploaded before it.
    pub attachments: Vec<Attachment>,
}

impl<F> Prepared<F> {
    /// The name of the execution that deploys it.
    #[must_use]
    pub fn execution(&self) -> ExecutionName {
        ExecutionName::for_release(&self.release.envelope)
    }
}

/// A release is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file is no release: the deployer says why.
    #[error("{0}")]
    File(String),
    /// It is too large to travel between the states of an execution.
    #[error(
        "{path} has more than {DATA_LIMIT_BYTES} bytes of JSON, white space not counted, which is more than a release may \
         have: keep large data in files of their own, and refer to them"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file that belongs to it is missing or unreadable.
    #[error("{path}: {reason}")]
    Attachment {
        /// The release file.
        path: PathBuf,
        /// Which file, and what is wrong with it.
        reason: String,
    },
    /// A field is unknown, missing, or of the wrong type.
    #[error("{path}: {source}")]
    Field {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: ReadError,
    },
    /// It is too old, or from the future.
    #[error("{path}: {source}")]
    Window {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Replay,
    },
    /// It breaks a rule of the deployer.
    #[error("{path}: {reason}")]
    Rule {
        /// The file.
        path: PathBuf,
        /// Which, and what to do.
        reason: String,
    },
}

impl<D: ClientDeployer> Client<D> {
    /// Reads a release file, fills in what it leaves out, and checks it as `Validate` will. `started_by` is the claim
    /// of who deploys, unless the release makes its own.
    ///
    /// # Errors
    /// For the first thing that is wrong, with file and JSON path.
    pub async fn prepare(&self, file: &Path, started_by: &str) -> Result<Prepared<D::Fields>, PrepareError> {
        self.prepare_within(file, started_by, None).await
    }

    /// As [`prepare`](Self::prepare), for a deploy that may take so many seconds, whatever the file says.
    ///
    /// # Errors
    /// For the first thing that is wrong, with file and JSON path.
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
            .map_err(|reason| PrepareError::Attachment { path: file.into(), reason })?;
        self.checked(file, fields, attachments)
    }

    /// What need not be uploaded again. Of a release that names no project, and for who may not look, that is nothing.
    async fn earlier(&self, fields: &Map<String, Value>) -> ReusableFiles {
        match Address::read(&Value::Object(fields.clone()), &self.account.defaults) {
            Ok(address) => self.uploaded(&address).await.unwrap_or_default(),
            Err(_) => ReusableFiles::default(),
        }
    }

    /// The release that these fields are, if it may be deployed. `path` is what errors call it.
    pub(super) fn checked(
        &self,
        path: &Path,
        fields: Map<String, Value>,
        attachments: Vec<Attachment>,
    ) -> Result<Prepared<D::Fields>, PrepareError> {
        let document = Value::Object(fields);
        let release = Release::<D::Fields>::read(&document, &self.account.defaults)
            .map_err(|source| PrepareError::Field { path: path.into(), source })?;
        // The deployer would refuse a larger one: what `Validate` gives on holds the whole of it.
        if json::exceeds(&document, DATA_LIMIT_BYTES) {
            return Err(PrepareError::TooLarge { path: path.into() });
        }
        replay::check_window(release.envelope.created_at, self.account.env.now())
            .map_err(|source| PrepareError::Window { path: path.into(), source })?;
        let dir = release.envelope.release_dir();
        for Attachment { name, .. } in &attachments {
            dir.attachment(name)
                .map_err(|error| PrepareError::Attachment { path: path.into(), reason: error.to_string() })?;
        }
        D::check(&release).map_err(|reason| PrepareError::Rule { path: path.into(), reason })?;
        Ok(Prepared { document, release, attachments })
    }
}

/// Says for the release what its author left to the client. What the author says stays.
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
    // Metadata of another type are refused later, with their path.
    if let Value::Object(metadata) = metadata {
        metadata.entry(STARTED_BY).or_insert_with(|| started_by.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(release: Value) -> Value {
        let Value::Object(mut fields) = release else { panic!("no object") };
        let defaults = Defaults {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            timeout_seconds: 600,
        };
        fill(&mut fields, &defaults, DateTime::from_timestamp(1_800_000_000, 5).unwrap(), 7, "ada@laptop");
        fields.into()
    }

    #[test]
    fn the_client_says_what_the_author_left_to_it() {
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
    fn what_the_author_says_stays_even_if_it_is_wrong() {
        let release = json!({
            "release_id": "mine", "created_at": null, "aws_account_id": 5, "aws_region": "eu-west-1", "bucket": "b",
            "metadata": {"started_by": "ci", "commit": "abc"},
        });
        assert_eq!(filled(release.clone()), release);
        let release = filled(json!({"metadata": "text"}));
        assert_eq!(release["metadata"], "text");
    }
}
