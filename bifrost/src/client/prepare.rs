//! From a release file to a release that is ready to be sent: filled in, hashed, and checked by the deployer's rules.

use super::Client;
use crate::deployer::{Attachment, Deployer};
use crate::json::{self, ParseError, ReadError};
use crate::release::{Defaults, ExecutionName, Release, ReleaseId, Replay, STARTED_BY, replay};
use crate::task::DATA_LIMIT_BYTES;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many bytes a release file may have, its white space included. More is not read.
pub(super) const LARGEST_FILE: u64 = 1024 * 1024;

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

/// A release file is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file, or the release in it, is too large to travel between the states of an execution.
    #[error(
        "{path} has more than {limit} bytes{what}, which is more than a release may have: \
         keep large data in files of their own, and refer to them"
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// How many bytes there may be.
        limit: u64,
        /// Of what, if not of the file.
        what: &'static str,
    },
    /// The file is not JSON.
    #[error("{path}: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where, and what is wrong.
        source: ParseError,
    },
    /// The file is JSON, but no object.
    #[error("{path}: a release is a JSON object: {{\"project_name\": …, \"config_name\": …}}")]
    NoObject {
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

impl<D: Deployer> Client<D> {
    /// Reads a release file, fills in what it leaves out, and checks it as `Validate` will. `started_by` is the claim
    /// of who deploys, unless the release makes its own.
    ///
    /// # Errors
    /// For the first thing that is wrong, with file and JSON path.
    pub fn prepare(&self, file: &Path, started_by: &str) -> Result<Prepared<D::Fields>, PrepareError> {
        let now = self.surroundings.now();
        let (_, random) = self.surroundings.new_uuid().as_u64_pair();
        let mut fields = read_object(file)?;
        fill(&mut fields, &self.defaults, now, random, started_by);
        let attachments =
            D::attach(file, &mut fields).map_err(|reason| PrepareError::Attachment { path: file.into(), reason })?;
        let document = Value::Object(fields);
        let release = Release::<D::Fields>::read(&document, &self.defaults)
            .map_err(|source| PrepareError::Field { path: file.into(), source })?;
        check_size(file, &document)?;
        replay::check_window(release.envelope.created_at, now)
            .map_err(|source| PrepareError::Window { path: file.into(), source })?;
        D::check(&release).map_err(|reason| PrepareError::Rule { path: file.into(), reason })?;
        Ok(Prepared { document, release, attachments })
    }
}

fn read_object(path: &Path) -> Result<Map<String, Value>, PrepareError> {
    let text = read_at_most(path, LARGEST_FILE).map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => PrepareError::TooLarge { path: path.into(), limit: LARGEST_FILE, what: "" },
        _ => PrepareError::Io { path: path.into(), source },
    })?;
    match json::parse(&text).map_err(|source| PrepareError::Syntax { path: path.into(), source })? {
        Value::Object(fields) => Ok(fields),
        _ => Err(PrepareError::NoObject { path: path.into() }),
    }
}

/// The bytes of a file of at most `limit` bytes, for files that come from outside.
///
/// # Errors
/// `FileTooLarge` without reading the rest of a larger one, and whatever the system says.
pub fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= limit) {
        return Ok(text);
    }
    Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes")))
}

/// The deployer would refuse a larger one: what `Validate` gives on holds the whole of it.
fn check_size(path: &Path, document: &Value) -> Result<(), PrepareError> {
    if !json::exceeds(document, DATA_LIMIT_BYTES) {
        return Ok(());
    }
    let limit = u64::try_from(DATA_LIMIT_BYTES).unwrap_or(u64::MAX);
    Err(PrepareError::TooLarge { path: path.into(), limit, what: " of JSON, white space not counted" })
}

/// Says for the release what its author left to the client. What the author says stays.
fn fill(release: &mut Map<String, Value>, defaults: &Defaults, now: DateTime<Utc>, random: u64, started_by: &str) {
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

    #[test]
    fn a_file_is_not_read_beyond_what_a_release_may_have() {
        let file = std::env::temp_dir().join(format!("bifrost-{}-large.json", std::process::id()));
        std::fs::write(&file, [b' '; 11]).unwrap();
        assert_eq!(read_at_most(&file, 11).unwrap().len(), 11);
        assert_eq!(read_at_most(&file, 10).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        std::fs::remove_file(&file).unwrap();
    }
}
