//! Finds a release in the bucket that it was uploaded to.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, limit_bytes};
use bifrost_core::error_code::Coded;
use bifrost_core::json::{self, ParseError, ReadError};
use bifrost_core::release::{
    AccountId, BucketName, ConfigName, Defaults, Envelope, ObjectKey, ProjectName, Region, ReleaseDir, ReleaseId,
    RootDir,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// The names that identify a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleaseName {
    /// The target account.
    pub account: AccountId,
    /// The project.
    pub project: ProjectName,
    /// The config of the project.
    pub config: ConfigName,
    /// The id of the release.
    pub release_id: ReleaseId,
}

/// A release as it was uploaded. Only its names and its time were read: other fields may be wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadedRelease {
    /// Its names.
    pub name: ReleaseName,
    /// Its target region.
    pub region: Region,
    /// The bucket in which it was found.
    pub bucket: BucketName,
    /// When its client created it, as it says.
    pub created_at: DateTime<Utc>,
    /// The release.
    pub document: Value,
}

/// [`Client::uploaded_release`] found no release, or not the one that it looked for.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum UploadedReleaseError {
    /// S3 did not answer, or the object is larger than a release.
    #[error("cannot read {release}: {source}")]
    #[code(source)]
    Cloud {
        /// The release.
        release: Box<ReleaseName>,
        /// The answer of S3.
        source: Box<CloudError>,
    },
    /// The object of a release does not exist in any bucket that the command knows.
    #[error(
        "cannot read {release}: {key} does not exist in {}; if it was not deleted, add its bucket with --allowed-buckets NAME",
        Buckets(buckets)
    )]
    #[code(
        "release/upload-missing",
        "if the release was not deleted, add its bucket with `--allowed-buckets` or BIFROST_BUCKETS; otherwise deploy again"
    )]
    Missing {
        /// The release.
        release: Box<ReleaseName>,
        /// The key of its object.
        key: ObjectKey,
        /// The buckets that were searched.
        buckets: Vec<BucketName>,
    },
    /// The object is not JSON.
    #[error("s3://{bucket}/{key}: {source}; deploy the project again, and find out who changed the object")]
    #[code(source)]
    Syntax {
        /// The bucket.
        bucket: BucketName,
        /// The key of the object.
        key: ObjectKey,
        /// Where in the object, and what is wrong.
        source: Box<ParseError>,
    },
    /// A name or the time in the object is missing or invalid.
    #[error("s3://{bucket}/{key}: {source}; deploy the project again, and find out who changed the object")]
    #[code(source)]
    Field {
        /// The bucket.
        bucket: BucketName,
        /// The key of the object.
        key: ObjectKey,
        /// Where in the object, and what is wrong.
        source: Box<ReadError>,
    },
    /// The object has the release of another account, project, config or id than its key names.
    #[error(
        "s3://{bucket}/{key} is {found}, and not the release that its key names; deploy the project again, and find out who \
         changed the object"
    )]
    #[code("release/upload-foreign", "deploy the project again, and find out who changed the release in the bucket")]
    Foreign {
        /// The bucket.
        bucket: BucketName,
        /// The key of the object.
        key: ObjectKey,
        /// The names in the object.
        found: Box<ReleaseName>,
    },
}

struct Buckets<'a>(&'a [BucketName]);

impl fmt::Display for Buckets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(BucketName::as_str).collect();
        write!(f, "bucket{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
    }
}

impl ReleaseName {
    /// The directory of the release in its bucket.
    #[must_use]
    pub fn dir(&self) -> ReleaseDir {
        RootDir::new(&self.account, &self.project, &self.config).release_dir(&self.release_id)
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, project, config, release_id } = self;
        write!(f, "{release_id} of {project} {config} in account {account}")
    }
}

/// The fields of a release that the address lacks. They can be read even if other fields are wrong.
#[derive(Deserialize)]
struct IdAndTime {
    release_id: ReleaseId,
    created_at: DateTime<Utc>,
}

impl IdAndTime {
    const FIELDS: [&str; 2] = ["release_id", "created_at"];
}

impl<D: ClientDeployer> Client<D> {
    /// Reads a release as it was uploaded (`s3:GetObject`). Searches the deployer's bucket, then the others from which it accepts
    /// releases, because the lock table does not record the bucket.
    ///
    /// # Errors
    /// [`UploadedReleaseError`].
    pub async fn uploaded_release(&self, release: &ReleaseName) -> Result<UploadedRelease, UploadedReleaseError> {
        let (defaults, key) = (&self.account.defaults, release.dir().release());
        let buckets: Vec<BucketName> = std::iter::once(&defaults.bucket)
            .chain(defaults.allowed_buckets.iter().filter(|bucket| **bucket != defaults.bucket))
            .cloned()
            .collect();
        for bucket in &buckets {
            let object = self.account.objects.get(bucket, &key, limit_bytes::RELEASE).await.map_err(|source| {
                UploadedReleaseError::Cloud { release: Box::new(release.clone()), source: Box::new(source) }
            })?;
            if let Some(object) = object {
                return read(&object.body, release, &self.account.defaults, bucket, key);
            }
        }
        Err(UploadedReleaseError::Missing { release: Box::new(release.clone()), key, buckets })
    }
}

/// Reads the object of a release, which must be the one that its key names.
fn read(
    body: &[u8],
    release: &ReleaseName,
    defaults: &Defaults,
    bucket: &BucketName,
    key: ObjectKey,
) -> Result<UploadedRelease, UploadedReleaseError> {
    let bucket = bucket.clone();
    let document = match json::parse(body) {
        Ok(document) => document,
        Err(source) => return Err(UploadedReleaseError::Syntax { bucket, key, source: Box::new(source) }),
    };
    let is_named = |name: &str| IdAndTime::FIELDS.contains(&name);
    let names = Address::read(&document, defaults)
        .and_then(|address| Ok((address, json::read_members(&document, is_named, Envelope::FIELDS)?)));
    let (address, IdAndTime { release_id, created_at }) = match names {
        Ok(names) => names,
        Err(source) => return Err(UploadedReleaseError::Field { bucket, key, source: Box::new(source) }),
    };
    let Address { region, account, project, config, .. } = address;
    let found = ReleaseName { account, project, config, release_id };
    if found != *release {
        return Err(UploadedReleaseError::Foreign { bucket, key, found: Box::new(found) });
    }
    Ok(UploadedRelease { name: found, region, bucket, created_at, document })
}
