//! S3, as deployers use it: small objects, read and written as a whole.

use super::CloudError;
use crate::release::{BucketName, ObjectKey, Sha256};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// An object, with the time of its last write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub body: Vec<u8>,
    /// The time of its last write, by the clock of S3.
    pub last_modified: DateTime<Utc>,
}

/// Limits of [`Objects::get`] for the objects of the contract (§3), in bytes. Each is far above what our clients and those of
/// the Go implementation write. Other limits are beside the function that reads the object.
pub mod limit_bytes {
    /// A release. Step Functions accepts 256 KiB, but the stored object may have white space.
    pub const RELEASE: u64 = 1024 * 1024;
    /// A file in the directory of a release that a task reads, such as user data or a template.
    pub const FILE: u64 = 1024 * 1024;
    /// The root lock of a Go deployer.
    pub const LOCK: u64 = 4 * 1024;
}

/// The encryption of an object at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// The default of the bucket.
    Bucket,
    /// The KMS key with this id, ARN or alias, such as `alias/aws/s3`.
    Kms(String),
}

/// The result of a write with `If-None-Match: *`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutNew {
    /// The object was written.
    Written,
    /// An object with this key exists, and nothing was written.
    Exists,
}

/// Objects in the deployer account's buckets. Those of a target account are [`TargetObjects`](crate::lifecycle::TargetObjects).
///
/// Every call sends `ExpectedBucketOwner`, so that S3 refuses a bucket of another account (contract §2, point 4).
#[async_trait]
pub trait Objects: Send + Sync {
    /// Reads an object of at most `limit_bytes` (`s3:GetObject`). `None` if it does not exist. See [`limit_bytes`] for limits.
    ///
    /// Anyone with write access to a prefix of the bucket decides how large its objects are. Adapters do not read a larger one
    /// into memory.
    ///
    /// # Errors
    /// [`CloudError`] from S3, also if the bucket does not exist; [`CloudError::object_too_large`] if the object is larger.
    async fn get(&self, bucket: &BucketName, key: &ObjectKey, limit_bytes: u64) -> Result<Option<Object>, CloudError>;

    /// The SHA-256 of an object's stored bytes (`s3:GetObject`). `None` if it does not exist. For large objects: adapters
    /// read them in parts where they can.
    ///
    /// # Errors
    /// [`CloudError`] from S3, also if the bucket does not exist.
    async fn sha256(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<Sha256>, CloudError> {
        Ok(self.get(bucket, key, u64::MAX).await?.map(|object| Sha256::of(&object.body)))
    }

    /// Whether an object exists (`s3:HeadObject`, which needs the permission `s3:GetObject`).
    ///
    /// # Errors
    /// [`CloudError`] from S3. A bucket that does not exist is not an error: S3 answers as for an absent object.
    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError>;

    /// Writes an object and replaces an existing one (`s3:PutObject`).
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError>;

    /// Writes an object unless one with this key exists, atomically (`s3:PutObject` with `If-None-Match: *`).
    ///
    /// # Errors
    /// [`CloudError`] from S3. An existing object is not an error.
    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError>;

    /// Deletes an object (`s3:DeleteObject`). Succeeds if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError>;
}
