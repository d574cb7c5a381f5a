//! The DynamoDB table of root locks (contract §4).

use super::CloudError;
use crate::release::ObjectKey;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An item of the lock table: a root lock and its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockItem {
    /// The root lock's path, `<root dir>/lock`.
    pub key: String,
    /// The owner: the uuid of an execution's release.
    pub id: String,
    /// The time at which it was taken.
    pub time: DateTime<Utc>,
    /// ARN of the execution that holds it. Go deployers do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The release that the execution deploys. Go deployers do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
    /// Who started the deploy, as the client claims. Go deployers do not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
}

/// The result of a conditional write of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PutLock {
    /// The owner of the item holds the lock, from now on or since an earlier attempt.
    Taken,
    /// Another owner holds the lock, and nothing was written.
    Held(Box<LockItem>),
}

/// Conditional writes to the table of root locks. The adapter knows the table's name.
#[async_trait]
pub trait LockTable: Send + Sync {
    /// Puts the item on condition `attribute_not_exists(key) OR id = :id` (`dynamodb:PutItem`).
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB. A lock that another owner holds is not an error.
    async fn put(&self, item: &LockItem) -> Result<PutLock, CloudError>;

    /// Deletes the item on condition `id = :id` (`dynamodb:DeleteItem`). Returns whether the owner held the lock.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB. A lock that does not exist, or that another owner holds, is not an error.
    async fn delete(&self, key: &ObjectKey, id: &str) -> Result<bool, CloudError>;

    /// Reads the item (`dynamodb:GetItem`, consistent read). `None` if the lock is free.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError>;
}
