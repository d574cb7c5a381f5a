//! The audit log as it is stored: write-once objects in a bucket, and a table that gives its entries their order (contract §11).
//!
//! The adapters know the names of bucket, table and key. `bifrost-audit` makes a Merkle log of them.

use super::{CloudError, PutNew};
use crate::release::Sha256;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The key of the only object of the audit log that is replaced: the signed checkpoint.
pub const CHECKPOINT_KEY: &str = "log/checkpoint";

/// The head of the log: its size and the hashes that the next entry needs. One item of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// The number of entries.
    pub size: u64,
    /// The hashes of the complete subtrees that make up the tree, from left to right: one for each bit of `size` that is 1.
    /// The root follows from them.
    pub subtrees: Vec<Sha256>,
}

/// An entry to add to the log, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// The head that the writer read. The entry's index is its size.
    pub head: LogHead,
    /// The head with the entry.
    pub next: LogHead,
    /// The entry: at most [`MAX_ENTRY_BYTES`] of JSON.
    pub entry: Vec<u8>,
    /// The SHA-256 of the entry, by which it is found again.
    pub sha256: Sha256,
}

/// The longest entry of the log, in bytes. `tlog-tiles` allows 65,535, but an item of the table holds it, too.
pub const MAX_ENTRY_BYTES: usize = 16 * 1024;

/// The result of [`AuditStore::sequence`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequenced {
    /// The entry has the index of the head's size, now or since an earlier attempt.
    Added,
    /// The log has had this entry already, at this index. Nothing was written.
    Found(u64),
    /// Another writer added an entry after the head was read. Nothing was written: read the head again.
    HeadMoved,
}

/// The signed checkpoint, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The signed note.
    pub body: Vec<u8>,
    /// What identifies this version of the object to [`AuditStore::put_checkpoint`], such as its `ETag`.
    pub tag: String,
}

/// A version of an object of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// The id of the version.
    pub version: String,
    /// When it was written, by the clock of S3.
    pub last_modified: DateTime<Utc>,
    /// Whether it is a delete marker: somebody deleted the object here.
    pub is_delete_marker: bool,
    /// Its size, in bytes.
    pub size: u64,
}

/// A page of a listing of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionsPage {
    /// The versions: all of each key that the page has.
    pub versions: Vec<ObjectVersion>,
    /// The key after which the next page begins. `None` on the last page.
    pub next: Option<String>,
}

/// The storage of the audit log of a deployer account and region.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Writes an object unless one with this key exists (`s3:PutObject` with `If-None-Match: *`).
    ///
    /// # Errors
    /// [`CloudError`] from S3. An existing object is not an error.
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError>;

    /// Reads the current version of an object of at most `limit_bytes` (`s3:GetObject`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from S3; [`CloudError::object_too_large`].
    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError>;

    /// The keys that begin with the prefix, sorted, all pages (`s3:ListObjectsV2`).
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError>;

    /// Reads the checkpoint (`s3:GetObject`). `None` if there is none yet.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError>;

    /// Replaces the checkpoint, if it still is the one with this tag, or, with `None`, if there is none (`s3:PutObject` with
    /// `If-Match` or `If-None-Match`). Returns `false` and writes nothing if it is not.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError>;

    /// Reads the head (`dynamodb:GetItem`, consistent read). An empty log has the default head.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn head(&self) -> Result<LogHead, CloudError>;

    /// Adds an entry in one transaction (`dynamodb:TransactWriteItems`): replaces the head on condition that it is still the one
    /// that was read, puts the entry under its index, and puts its index under its hash on condition that there is none.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError>;

    /// The entries with the indexes `from..to`, in order (`dynamodb:BatchGetItem`, consistent read).
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB; `AuditLogDamaged` if one is missing.
    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError>;

    /// All versions of the objects whose keys begin with the prefix, sorted by key, the oldest first
    /// (`s3:ListObjectVersions`, all pages).
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError>;

    /// One page of [`versions`](Self::versions): those of keys after `after`. An adapter that would otherwise make many requests
    /// for one answer implements it; by default there is one page.
    ///
    /// # Errors
    /// [`CloudError`] from S3.
    async fn versions_page(&self, prefix: &str, after: Option<&str>) -> Result<VersionsPage, CloudError> {
        let mut versions = self.versions(prefix).await?;
        versions.retain(|version| after.is_none_or(|after| version.key.as_str() > after));
        Ok(VersionsPage { versions, next: None })
    }

    /// Reads one version of an object (`s3:GetObjectVersion`).
    ///
    /// # Errors
    /// [`CloudError`] from S3; [`CloudError::object_too_large`].
    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError>;

    /// Waits before the next attempt, because another writer was faster.
    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Signs checkpoints with Ed25519: a key in KMS, or a local one.
#[async_trait]
pub trait LogSigner: Send + Sync {
    /// The public key, 32 bytes (`kms:GetPublicKey`).
    ///
    /// # Errors
    /// [`CloudError`] from KMS.
    async fn public_key(&self) -> Result<[u8; 32], CloudError>;

    /// The signature of a message of at most 4,096 bytes (`kms:Sign`, `ED25519_SHA_512`, message type `RAW`).
    ///
    /// # Errors
    /// [`CloudError`] from KMS.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError>;
}
