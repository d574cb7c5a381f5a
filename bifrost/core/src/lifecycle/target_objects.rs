//! S3 in a target account: every change needs a proof.

use super::Proof;
use crate::cloud::{CloudError, Encryption, Object, PutNew};
use crate::release::{BucketName, Sha256, TargetKey};
use async_trait::async_trait;

/// Objects in the buckets of a target account, as the deployer's role there.
///
/// Keep it in your ports: `LocalSession::objects` and `AwsSession::objects` open it, and your
/// [`PERMISSIONS`](crate::deployer::Deployer::PERMISSIONS) name the buckets. Every call sends `ExpectedBucketOwner`, so that S3
/// refuses a bucket of another account. The resource of a call is `<bucket>/<key>`, in faults and in the audit log, which gets
/// every change.
#[async_trait]
pub trait TargetObjects: Send + Sync {
    /// Reads an object of at most `limit_bytes` (`s3:GetObject`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from S3, also if the bucket does not exist; [`CloudError::object_too_large`] if the object is larger.
    async fn get(&self, bucket: &BucketName, key: &TargetKey, limit_bytes: u64) -> Result<Option<Object>, CloudError>;

    /// The SHA-256 of an object's stored bytes (`s3:GetObject`). `None` if it does not exist. For large objects: adapters
    /// read them in parts where they can.
    ///
    /// # Errors
    /// [`CloudError`] from S3, also if the bucket does not exist.
    async fn sha256(&self, bucket: &BucketName, key: &TargetKey) -> Result<Option<Sha256>, CloudError> {
        Ok(self.get(bucket, key, u64::MAX).await?.map(|object| Sha256::of(&object.body)))
    }

    /// Whether an object exists (`s3:HeadObject`, which needs the permission `s3:GetObject`).
    ///
    /// # Errors
    /// [`CloudError`] from S3. A bucket that does not exist is not an error: S3 answers as for an absent object.
    async fn exists(&self, bucket: &BucketName, key: &TargetKey) -> Result<bool, CloudError>;

    /// Writes an object and replaces an existing one (`s3:PutObject`).
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn put(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError>;

    /// Writes an object unless one with this key exists, atomically (`s3:PutObject` with `If-None-Match: *`).
    ///
    /// # Errors
    /// [`CloudError`] from S3. An existing object is not an error.
    async fn put_new(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
    ) -> Result<PutNew, CloudError>;

    /// Deletes an object (`s3:DeleteObject`). Succeeds if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn delete(&self, proof: &Proof, bucket: &BucketName, key: &TargetKey) -> Result<(), CloudError>;
}
