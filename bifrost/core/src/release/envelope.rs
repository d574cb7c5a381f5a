//! The envelope: the fields that every release has, whatever it deploys.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::error_code::CodedError;
use crate::json::{self, ReadError};
use crate::shape::{Flatten, Shape, Values};

/// A release: the fields of the envelope and of the deployer, `F`, in one JSON object.
///
/// `F` must deny unknown fields (`#[serde(deny_unknown_fields)]`) and have none of the envelope's field names.
#[derive(Clone, Debug, PartialEq, Serialize, Shape)]
#[shape(read_elsewhere)]
pub struct Release<F> {
    /// The fields of every release.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The fields of this deployer's releases.
    #[serde(flatten)]
    pub fields: F,
}

impl<F: DeserializeOwned> Release<F> {
    /// Reads a release, as it was sent or as one state passes it to the next, and fills in defaults.
    ///
    /// # Errors
    /// The first field that is unknown, missing, empty, `null`, or has a wrong type or value: its path, and the kind of
    /// fault.
    pub fn read(sent: &Value, defaults: &Defaults) -> Result<Self, ReadError> {
        // The deployer's fields first: they report a misspelt field of the envelope as unknown, which is more helpful than
        // that the right field is missing.
        let fields = json::read_members(sent, |name| !Envelope::FIELDS.contains(&name), Envelope::FIELDS)?;
        let envelope: RawEnvelope = json::read_members(sent, |name| Envelope::FIELDS.contains(&name), &[])?;
        Ok(Self::of(envelope, defaults, fields))
    }

    pub(super) fn of(envelope: RawEnvelope, defaults: &Defaults, fields: F) -> Self {
        Self { envelope: envelope.with(defaults), fields }
    }
}

/// The fields that a deployer adds to the envelope, at the top of the same JSON object. [`#[fields]`](crate::fields) implements
/// it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the fields of a release",
    label = "it has no `#[bifrost::fields]`",
    note = "write `#[bifrost::fields]` above the struct `{Self}`"
)]
pub trait Fields: Serialize + DeserializeOwned + Flatten + 'static {
    /// The longest `timeout` that a release may ask for, in seconds. The state machine's own timeout follows from it. By default
    /// two days.
    const MAX_TIMEOUT_SECONDS: u32 = 172_800;

    /// Clears the fields that a deploy needs only while it runs, so that the output of the execution does not have them.
    fn clear_working_fields(&mut self);

    /// Checks the rules of the deployer that need no call to AWS. `Validate` does, and the client does before it uploads
    /// anything.
    ///
    /// # Errors
    /// What is wrong, with the JSON path, and what to do.
    fn check(release: &Release<Self>) -> Result<(), CodedError>;
}

/// The key of `metadata` with the client's claim of who started the deploy.
pub const STARTED_BY: &str = "started_by";

/// Who started the deploy of a release, as its client claims. The release need not be valid.
#[must_use]
pub fn started_by(release: &Value) -> Option<&str> {
    release.get("metadata")?.get(STARTED_BY)?.as_str()
}

/// The fields of every release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Shape)]
#[shape(read_elsewhere)]
pub struct Envelope {
    /// The target account. Default: the deployer's.
    pub aws_account_id: AccountId,
    /// The target region. Default: the deployer's.
    pub aws_region: Region,
    /// The owner of the locks of this execution. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    /// The id of the release.
    pub release_id: ReleaseId,
    /// The project to deploy.
    pub project_name: ProjectName,
    /// The environment to deploy to.
    pub config_name: ConfigName,
    /// The bucket of the release and its files. Default: the deployer's bucket.
    pub bucket: BucketName,
    /// When the client created the release.
    pub created_at: DateTime<Utc>,
    /// When the deployer started the deploy. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// How long the deploy may take, in seconds; at least 1. Default: the deployer's timeout.
    pub timeout: u32,
    /// Information of the client. It never changes what the deployer does.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The last error that was caught. Set by Step Functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<CaughtError>,
    /// Whether the deploy succeeded. Set by the deployer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}

impl Envelope {
    /// The serialized names of the envelope's fields.
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

    /// Whether a field of this serialized name belongs to the envelope.
    #[must_use]
    pub const fn has_field(name: &str) -> bool {
        let mut rest = Self::FIELDS;
        while let [field, others @ ..] = rest {
            if is_same(field.as_bytes(), name.as_bytes()) {
                return true;
            }
            rest = others;
        }
        false
    }

    /// Clears the fields that only the deployer sets: a client may have sent them.
    pub fn clear_deployer_fields(&mut self) {
        self.uuid = None;
        self.started_at = None;
        self.error = None;
        self.success = None;
    }

    /// The directory of the project.
    #[must_use]
    pub fn project_dir(&self) -> ProjectDir {
        ProjectDir::new(&self.aws_account_id, &self.project_name)
    }

    /// The directory of the project and config.
    #[must_use]
    pub fn root_dir(&self) -> RootDir {
        self.project_dir().root_dir(&self.config_name)
    }

    /// The directory of this release.
    #[must_use]
    pub fn release_dir(&self) -> ReleaseDir {
        self.root_dir().release_dir(&self.release_id)
    }
}

/// `==` of constants.
pub(crate) const fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one, other) {
        ([], []) => true,
        ([first, one @ ..], [same, other @ ..]) => *first == *same && is_same(one, other),
        _ => false,
    }
}

/// Defaults of fields that a release leaves out, and the buckets that it may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The deployer's account.
    pub account: AccountId,
    /// The region that the deployer runs in.
    pub region: Region,
    /// The deployer's bucket.
    pub bucket: BucketName,
    /// Other buckets from which this deployer accepts releases.
    pub allowed_buckets: BTreeSet<BucketName>,
    /// How long a deploy may take, in seconds.
    pub timeout_seconds: u32,
}

impl Defaults {
    /// Whether a release may name this bucket: the deployer's own, or one of the others.
    #[must_use]
    pub fn allows_bucket(&self, bucket: &BucketName) -> bool {
        *bucket == self.bucket || self.allowed_buckets.contains(bucket)
    }
}

/// Reads a list of buckets, separated by commas. Space around a name is ignored, and so is an empty name.
///
/// # Errors
/// [`InvalidName`] of the first name that is not valid.
pub fn read_buckets(list: &str) -> Result<BTreeSet<BucketName>, InvalidName> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::parse).collect()
}

/// An error that a `Catch` with `ResultPath: $.error` put into the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaughtError {
    /// Its name on the wire, such as `HaltError`.
    #[serde(rename = "Error")]
    pub error: String,
    /// Its message; empty if it has none.
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

#[diagnostic::do_not_recommend]
impl Shape for CaughtError {
    type Shape = Self;
}

impl Values for CaughtError {}

/// The envelope before defaults.
#[derive(Deserialize)]
pub(super) struct RawEnvelope {
    aws_account_id: Option<AccountId>,
    aws_region: Option<Region>,
    /// Any string: the owners that Go deployers write are not UUIDs, and Go clients may send one.
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
            // Anything but a UUID is not ours, and Validate clears it in any case.
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

/// A time in the form of RFC 3339. chrono's own `Deserialize` accepts other forms, too.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Rfc3339(DateTime<Utc>);

impl TryFrom<String> for Rfc3339 {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        const FORM: NameFault = NameFault::Form("RFC 3339, such as 2026-11-21T10:00:00Z");
        match DateTime::parse_from_rfc3339(&text) {
            Ok(time) => Ok(Self(time.to_utc())),
            Err(_) => Err(InvalidName::new("time", &text, FORM)),
        }
    }
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
pub(super) mod tests;
