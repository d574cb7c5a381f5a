//! S3, as far as a deployer uses it: small objects, read and written whole.

use super::CloudError;
use crate::release::{BucketName, ObjectKey, Sha256};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// An object and when it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes.
    pub body: Vec<u8>,
    /// When it was last written, by the clock of S3.
    pub last_modified: DateTime<Utc>,
}

/// How an object is encrypted at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// As the bucket says.
    Bucket,
    /// With the KMS key of this id, ARN or alias, such as `alias/aws/s3`.
    Kms(String),
}

/// What became of a write that asked for the key to be new (`If-None-Match: *`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutNew {
    /// The object was written.
    Written,
    /// There is an object of that key already: nothing was written.
    Exists,
}

/// Objects in the deployer account's buckets.
///
/// Every call sends `ExpectedBucketOwner`: a bucket of another account is refused by S3 itself (contract §2, point 4).
#[async_trait]
pub trait Objects: Send + Sync {
    /// Reads an object (`s3:GetObject`); `None` if there is none.
    ///
    /// # Errors
    /// Whatever S3 answers, an absent bucket included.
    async fn get(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<Object>, CloudError>;

    /// The SHA-256 of an object's bytes as they are stored; `None` if there is none (`s3:GetObject`). For large objects:
    /// where it can, an adapter does not keep them whole.
    ///
    /// # Errors
    /// Whatever S3 answers, an absent bucket included.
    async fn sha256(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<Sha256>, CloudError> {
        Ok(self.get(bucket, key).await?.map(|object| Sha256::of(&object.body)))
    }

    /// Whether there is an object of that key (`s3:HeadObject`, which takes the right to `s3:GetObject`).
    ///
    /// # Errors
    /// Whatever S3 answers; it does not tell an absent bucket from an absent object here.
    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError>;

    /// Writes an object, over whatever is there (`s3:PutObject`).
    ///
    /// # Errors
    /// Whatever S3 answers.
    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError>;

    /// Writes an object if there is none of that key, atomically (`s3:PutObject` with `If-None-Match: *`).
    ///
    /// # Errors
    /// Whatever S3 answers; that the object exists is no error.
    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError>;

    /// Deletes an object (`s3:DeleteObject`); one that is not there is gone already.
    ///
    /// # Errors
    /// Whatever S3 answers.
    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError>;
}
