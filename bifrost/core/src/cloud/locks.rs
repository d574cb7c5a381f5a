//! The DynamoDB table of root locks (contract §4).
//!
//! It has three kinds of items, which their `key` distinguishes: `<root dir>/lock`, the root lock; `ended/<uuid>`, an execution
//! that has given its lock back; and `deployed/<root dir>`, the release that is deployed now.

use super::CloudError;
use crate::release::{ObjectKey, ReleaseId, RootDir};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an item `ended/<uuid>` is kept. Contract §4 asks for 15 days or more: Step Functions can redrive an execution for
/// 14 days.
pub const ENDED_TTL: TimeDelta = TimeDelta::days(30);

/// How much older than the deployed release a release may be (contract §2, point 6): clocks of clients differ.
pub const MAX_OLDER: TimeDelta = TimeDelta::minutes(5);

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

/// The item `ended/<uuid>`: the execution whose locks have this owner can never take its root lock again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndedItem {
    /// `ended/<uuid>`.
    pub key: String,
    /// Who gave the lock back.
    pub by: EndedBy,
    /// Whether the deploy succeeded; always `false` if [`by`](Self::by) is [`EndedBy::Unlock`].
    pub success: bool,
    /// When the lock was given back.
    pub time: DateTime<Utc>,
    /// When DynamoDB may delete the item, in seconds since 1970: the attribute of the table's TTL.
    pub expires_at: i64,
}

/// Who gave a root lock back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndedBy {
    /// The execution itself, at its end.
    Execution,
    /// A person, with `unlock`.
    Unlock,
}

impl EndedItem {
    /// What the keys of these items begin with.
    pub const PREFIX: &str = "ended/";

    /// The item of the execution whose locks have this owner.
    #[must_use]
    pub fn new(owner: &str, by: EndedBy, success: bool, now: DateTime<Utc>) -> Self {
        Self { key: Self::key(owner), by, success, time: now, expires_at: (now + ENDED_TTL).timestamp() }
    }

    /// `ended/<uuid>`.
    #[must_use]
    pub fn key(owner: &str) -> String {
        format!("{}{owner}", Self::PREFIX)
    }
}

/// The item `deployed/<root dir>`: the release that is deployed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployedItem {
    /// `deployed/<root dir>`.
    pub key: String,
    /// The release.
    pub release_id: ReleaseId,
    /// When the release was created, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// ARN of the execution that deployed it. `None` under a definition of the Go implementation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// When its deploy succeeded.
    pub time: DateTime<Utc>,
    /// The name of the deployer, such as `coinbase-odin`.
    pub deployer: String,
    /// Who started the deploy, as the client claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
}

impl DeployedItem {
    /// What the keys of these items begin with.
    pub const PREFIX: &str = "deployed/";

    /// `deployed/<root dir>`.
    #[must_use]
    pub fn key(dir: &RootDir) -> String {
        format!("{}{dir}", Self::PREFIX)
    }

    /// Whether a release that was created at this time is too old to replace this one.
    #[must_use]
    pub fn refuses(&self, created_at: DateTime<Utc>) -> bool {
        self.created_at_ms > oldest_replaced(created_at)
    }
}

/// The latest `created_at_ms` of a deployed release that a release of this time may replace.
#[must_use]
pub fn oldest_replaced(created_at: DateTime<Utc>) -> i64 {
    created_at.timestamp_millis().saturating_add(MAX_OLDER.num_milliseconds())
}

/// A root lock to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeLock {
    /// The lock, and who takes it.
    pub item: LockItem,
    /// The project and config that it locks.
    pub dir: RootDir,
    /// When the release was created.
    pub created_at: DateTime<Utc>,
}

/// The result of [`LockTable::take`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockTaken {
    /// The owner of the item holds the lock, from now on or since an earlier attempt.
    Taken,
    /// The owner has given the lock back before, and nothing was written.
    Ended(EndedItem),
    /// Another owner holds the lock, and nothing was written.
    Held(Box<LockItem>),
    /// A newer release is deployed, and nothing was written.
    Newer(Box<DeployedItem>),
}

/// A root lock to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBack {
    /// The root lock's path, `<root dir>/lock`.
    pub key: ObjectKey,
    /// Its owner.
    pub owner: String,
    /// The item that says so.
    pub ended: EndedItem,
    /// The release that is deployed from now on. Only the holder of the lock may write it.
    pub deployed: Option<DeployedItem>,
}

/// The result of [`LockTable::give_back`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenBack {
    /// The lock is not held by the owner any more, and all items are written.
    Done,
    /// The owner does not hold the lock. `ended` was written alone; `deployed` was not. With the holder, if there is one.
    NotHeld(Option<Box<LockItem>>),
}

/// Conditional writes to the table of root locks. The adapter knows the table's name.
#[async_trait]
pub trait LockTable: Send + Sync {
    /// Takes a lock in one transaction (`dynamodb:TransactWriteItems`): puts the item on condition
    /// `attribute_not_exists(key) OR id = :id`, and checks that `ended/<id>` does not exist and that `deployed/<root dir>`
    /// does not exist or is at most [`MAX_OLDER`] newer than the release. If several conditions fail, the first of
    /// [`Ended`](LockTaken::Ended), [`Held`](LockTaken::Held), [`Newer`](LockTaken::Newer) is returned.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn take(&self, lock: &TakeLock) -> Result<LockTaken, CloudError>;

    /// Gives a lock back in one transaction (`dynamodb:TransactWriteItems`): deletes the item on condition that it does not
    /// exist or has this owner (with `deployed`: that it has this owner), and puts `ended` and `deployed`. Where another
    /// owner holds the lock, or with `deployed` nobody, `ended` is put alone (`dynamodb:PutItem`). An `ended` that exists is kept: a
    /// late attempt of the execution must not turn its success into a failure.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn give_back(&self, lock: &GiveBack) -> Result<GivenBack, CloudError>;

    /// Reads a root lock (`dynamodb:GetItem`, consistent read). `None` if the lock is free.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError>;

    /// Reads `ended/<uuid>` (`dynamodb:GetItem`, consistent read). `None` while the execution may still take its lock.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn ended(&self, owner: Uuid) -> Result<Option<EndedItem>, CloudError>;

    /// Reads `deployed/<root dir>` (`dynamodb:GetItem`, consistent read). `None` if nothing was deployed yet.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn deployed(&self, dir: &RootDir) -> Result<Option<DeployedItem>, CloudError>;

    /// All items `deployed/…`, sorted by key (`dynamodb:Scan`, every page). An item that cannot be read is an error with its
    /// key as the resource, so that it does not hide the others.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn all_deployed(&self) -> Result<Vec<Result<DeployedItem, CloudError>>, CloudError>;
}
