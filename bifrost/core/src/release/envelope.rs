//! What every release says, whatever it deploys.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AccountId, BucketName, ConfigName, InvalidName, NameFault, ProjectDir, ProjectName, Region, ReleaseDir, ReleaseId,
    RootDir,
};
use crate::json::{self, ReadError};
use crate::shape::{Flatten, HoldsCaughtError, Optional, Shape};

/// A release: the envelope and, beside its fields in one object, the deployer's own `F`.
///
/// `F` denies unknown fields (`#[serde(deny_unknown_fields)]`) and has none of the envelope's names.
#[derive(Clone, Debug, PartialEq, Serialize, Shape)]
pub struct Release<F> {
    /// What every release says.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What this deployer's releases say.
    #[serde(flatten)]
    pub fields: F,
}

impl<F: DeserializeOwned> Release<F> {
    /// Reads a release as it was sent, or as one state hands it to the next, and fills in what it leaves to the
    /// deployer.
    ///
    /// # Errors
    /// For the first field that is unknown, missing, empty, `null`, of the wrong type or of a value that it
    /// cannot have: the path, and the kind of fault.
    pub fn read(sent: &Value, defaults: &Defaults) -> Result<Self, ReadError> {
        // First those of the deployer: they tell of an unknown field, which is more helpful than telling, where it is a
        // misspelt one of the envelope, that the right one is missing.
        let fields = json::read_members(sent, |name| !Envelope::FIELDS.contains(&name), Envelope::FIELDS)?;
        let envelope: RawEnvelope = json::read_members(sent, |name| Envelope::FIELDS.contains(&name), &[])?;
        Ok(Self { envelope: envelope.with(defaults), fields })
    }
}

/// What a deployer adds to the envelope of a release: its own fields, at the top of the same JSON object.
pub trait Fields: Serialize + DeserializeOwned + Flatten + 'static {
    /// The deployer's own ports into a target account.
    type Ports: Send + Sync + 'static;

    /// Clears what only the deployer sets: a client may have sent it, and must not be believed. The framework does so
    /// with the envelope; fields of which all are the client's have nothing to clear.
    fn clear_deployer_fields(&mut self) {}
}

/// The key of `metadata` under which the client claims who started the deploy.
pub const STARTED_BY: &str = "started_by";

/// Who started the deploy of a release, as its client claims. The rest of the release may be anything.
#[must_use]
pub fn started_by(release: &Value) -> Option<&str> {
    release.get("metadata")?.get(STARTED_BY)?.as_str()
}

/// What every release says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Shape)]
pub struct Envelope {
    /// The target account. Default: the deployer's.
    pub aws_account_id: AccountId,
    /// The target region. Default: the deployer's.
    pub aws_region: Region,
    /// Who holds the locks of this execution. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    /// The release's own id.
    pub release_id: ReleaseId,
    /// The project that is deployed.
    pub project_name: ProjectName,
    /// The environment that it is deployed to.
    pub config_name: ConfigName,
    /// Where the release and its files are. Default: the deployer's bucket.
    pub bucket: BucketName,
    /// When the client made the release.
    pub created_at: DateTime<Utc>,
    /// When the deployer began. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// How long the deploy may take, in seconds; at least 1. Default: the deployer's.
    pub timeout: u32,
    /// What the client wants to be remembered. It never changes what is done.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The error that was caught last. Set by Step Functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<CaughtError>,
    /// Whether the deploy succeeded. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}

impl Envelope {
    /// The names of the envelope's fields, as they are serialised.
    pub const FIELDS: &[&str] = &[
        "aws_account_id",
        "aws_region",
        "uuid",
        "release_id",
        "project_name",
        "config_name",
        "bucket",
        "created_at",
        "started_at",
        "timeout",
        "metadata",
        "error",
        "success",
    ];

    /// Removes what only the deployer may say: a client may have sent it.
    pub fn clear_deployer_fields(&mut self) {
        self.uuid = None;
        self.started_at = None;
        self.error = None;
        self.success = None;
    }

    /// What the project's configs share.
    #[must_use]
    pub fn project_dir(&self) -> ProjectDir {
        ProjectDir::new(&self.aws_account_id, &self.project_name)
    }

    /// What holds for all releases of the project-config.
    #[must_use]
    pub fn root_dir(&self) -> RootDir {
        self.project_dir().root_dir(&self.config_name)
    }

    /// What belongs to this release.
    #[must_use]
    pub fn release_dir(&self) -> ReleaseDir {
        self.root_dir().release_dir(&self.release_id)
    }
}

/// What a deployer fills in where a release says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The deployer's account.
    pub account: AccountId,
    /// The region that the deployer runs in.
    pub region: Region,
    /// The deployer's bucket.
    pub bucket: BucketName,
    /// How long a deploy may take, in seconds.
    pub timeout_seconds: u32,
}

/// An error as a `Catch` with `ResultPath: $.error` leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaughtError {
    /// Its name on the wire, such as `HaltError`.
    #[serde(rename = "Error")]
    pub error: String,
    /// What it said; empty if nothing.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

#[diagnostic::do_not_recommend]
impl Shape for CaughtError {
    type Shape = Self;
}

#[diagnostic::do_not_recommend]
impl HoldsCaughtError for Optional<CaughtError> {}

/// The envelope before defaults.
#[derive(Deserialize)]
struct RawEnvelope {
    aws_account_id: Option<AccountId>,
    aws_region: Option<Region>,
    /// Any text: the owners of the originals are not UUIDs, and their clients may send one.
    uuid: Option<String>,
    release_id: ReleaseId,
    project_name: ProjectName,
    config_name: ConfigName,
    bucket: Option<BucketName>,
    created_at: Rfc3339,
    started_at: Option<Rfc3339>,
    timeout: Option<NonZeroU32>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    error: Option<CaughtError>,
    success: Option<bool>,
}

impl RawEnvelope {
    fn with(self, defaults: &Defaults) -> Envelope {
        Envelope {
            aws_account_id: self.aws_account_id.unwrap_or_else(|| defaults.account.clone()),
            aws_region: self.aws_region.unwrap_or_else(|| defaults.region.clone()),
            // What is no UUID is not from us, and is wiped in any case.
            uuid: self.uuid.and_then(|owner| owner.parse().ok()),
            release_id: self.release_id,
            project_name: self.project_name,
            config_name: self.config_name,
            bucket: self.bucket.unwrap_or_else(|| defaults.bucket.clone()),
            created_at: self.created_at.0,
            started_at: self.started_at.map(|time| time.0),
            timeout: self.timeout.map_or(defaults.timeout_seconds, NonZeroU32::get),
            metadata: self.metadata,
            error: self.error,
            success: self.success,
        }
    }
}

/// A time as RFC 3339 writes it; chrono's own `Deserialize` takes other forms, too.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Rfc3339(DateTime<Utc>);

impl TryFrom<String> for Rfc3339 {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        const FORM: NameFault = NameFault::Form("like 2026-11-21T10:00:00Z (RFC 3339)");
        match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => Ok(Self(time.to_utc())),
            Err(_) => Err(InvalidName::new("time", &text, FORM)),
        }
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
pub(super) mod tests;
