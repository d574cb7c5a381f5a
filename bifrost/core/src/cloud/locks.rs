//! The DynamoDB table of root locks (contract §4).

use super::CloudError;
use crate::release::ObjectKey;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An item of the lock table: who holds a root lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockItem {
    /// The root lock's path, `<root dir>/lock`.
    pub key: String,
    /// The owner: the uuid of an execution's release.
    pub id: String,
    /// When it was taken.
    pub time: DateTime<Utc>,
    /// ARN of the execution that holds it; the originals do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The release that is deployed under it; the originals do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// Who started the deploy, as the client claims; the originals do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
}

/// What became of a conditional write of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutLock {
    /// The lock is the item's owner's, now or since an earlier attempt.
    Taken,
    /// Another owner holds it: nothing was written.
    Held(Box<LockItem>),
}

/// Conditional writes to the table of root locks. The adapter knows which table that is.
#[async_trait]
pub trait LockTable: Send + Sync {
    /// Puts the item on condition `attribute_not_exists(key) OR id = :id` (`dynamodb:PutItem`).
    ///
    /// # Errors
    /// Whatever DynamoDB answers; that another holds the lock is no error.
    async fn put(&self, item: &LockItem) -> Result<PutLock, CloudError>;

    /// Deletes the item on condition `id = :id` (`dynamodb:DeleteItem`): whether there was one of that owner.
    ///
    /// # Errors
    /// Whatever DynamoDB answers; that the lock is gone, or another's, is no error.
    async fn delete(&self, key: &ObjectKey, id: &str) -> Result<bool, CloudError>;

    /// Reads the item (`dynamodb:GetItem`, consistent read); `None` if the lock is free.
    ///
    /// # Errors
    /// Whatever DynamoDB answers.
    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError>;
}
