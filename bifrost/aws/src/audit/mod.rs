//! The audit log on AWS: its objects in S3, its order in DynamoDB, its signatures from KMS.

mod kms;
mod objects;
mod table;
mod versions;

pub use kms::{KmsSigner, KnownKey};

use crate::AwsSession;
use async_trait::async_trait;
use bifrost_core::cloud::{
    AuditStore, CloudError, ErrorKind, LogHead, NewEntry, ObjectVersion, PutNew, Sequenced, StoredCheckpoint,
    VersionsPage,
};
use bifrost_core::release::AccountId;
use objects::AuditBucket;
use table::AuditTable;

/// The bucket and the table of an audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLocation {
    /// The name of the bucket.
    pub bucket: String,
    /// The account of the bucket, which may be another than the deployer account.
    pub owner: AccountId,
    /// Whether the bucket has Object Lock. Then the checkpoint states a retention of its own, which needs the permission
    /// `s3:PutObjectRetention`: the retention of the bucket is far too long for what is replaced all the time.
    pub has_object_lock: bool,
    /// Name or ARN of the table, which is in the account of the bucket.
    pub table: String,
}

/// The bucket and the table of an audit log, with the permissions of a session.
#[derive(Debug, Clone)]
pub struct AwsAuditStore {
    bucket: AuditBucket,
    table: AuditTable,
}

impl AwsAuditStore {
    /// The log at this place.
    #[must_use]
    pub fn new(session: &AwsSession, location: &AuditLocation) -> Self {
        let AuditLocation { bucket, owner, has_object_lock, table } = location.clone();
        let bucket = AuditBucket::new(session.clone(), bucket, owner, has_object_lock);
        Self { bucket, table: AuditTable::new(session.clone(), table) }
    }

    /// Whether the bucket belongs to the expected account and can be listed.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    #[cfg(feature = "client")]
    pub(crate) async fn probe(&self) -> Result<(), CloudError> {
        self.bucket.probe().await
    }
}

#[async_trait]
impl AuditStore for AwsAuditStore {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.bucket.put_new(key, body).await
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        Ok(self.bucket.get(key, None, limit_bytes).await?.map(|(body, _)| body))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.bucket.list(prefix).await
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.bucket.checkpoint().await
    }

    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        self.bucket.put_checkpoint(body, replaces).await
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        self.table.head().await
    }

    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        self.table.sequence(entry).await
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.table.entries(from, to).await
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.bucket.versions(prefix).await
    }

    async fn versions_page(&self, prefix: &str, after: Option<&str>) -> Result<VersionsPage, CloudError> {
        self.bucket.versions_page(prefix, after).await
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        let found = self.bucket.get(key, Some(version), limit_bytes).await?;
        found.map(|(body, _)| body).ok_or_else(|| CloudError {
            operation: "s3:GetObject",
            resource: key.to_owned(),
            kind: ErrorKind::NotFound,
            code: "NoSuchVersion".into(),
            message: format!("the object has no version {version}"),
            request_id: None,
        })
    }
}
