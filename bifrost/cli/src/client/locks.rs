//! What keeps others from deploying: a person's freeze, and the root lock of a deploy; to be looked at and cleared.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, Encryption, ExecutionStatus, LockItem, PutNew};
use bifrost_core::lock::{self, UserLock};
use serde::Serialize;
use serde_json::{Value, json};

/// Who keeps others from deploying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockState {
    /// A person's freeze.
    pub user_lock: Option<UserLock>,
    /// The root locks that are held: at most the item of the table, and an object that the originals wrote.
    pub root_locks: Vec<RootLock>,
}

/// A root lock that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootLock {
    /// Who holds it.
    #[serde(flatten)]
    pub holder: LockItem,
    /// Whether it is the object that the originals write beside the item.
    pub is_object: bool,
    /// Whether the execution that holds it runs. If not, it failed to give the lock back.
    pub running: bool,
}

/// What was cleared, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unlocked {
    /// The freeze that was lifted.
    pub user_lock: Option<UserLock>,
    /// The root locks that were cleared.
    pub root_locks: Vec<RootLock>,
    /// The root locks that were left: their deploys run.
    pub kept: Vec<RootLock>,
}

/// A config was not frozen.
#[derive(Debug, thiserror::Error)]
pub enum UnlockFailure {
    /// Somebody else's freeze stays: its reason may still hold.
    #[error("it is frozen already by {0}; to freeze it anew, unlock it first")]
    Frozen(UserLock),
    /// AWS refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
}

impl<D: ClientDeployer> Client<D> {
    /// Who keeps others from deploying.
    ///
    /// # Errors
    /// Whatever AWS answers.
    pub async fn lock_state(&self, address: &Address) -> Result<LockState, CloudError> {
        let user_lock = lock::user_lock(self.account.objects.as_ref(), &address.bucket, &address.root_dir()).await?;
        let key = address.root_dir().lock();
        let mut root_locks = Vec::new();
        if let Some(holder) = self.account.locks.get(&key).await? {
            root_locks.push(self.root_lock(address, holder, false).await?);
        }
        if let Some(object) = self.account.objects.get(&address.bucket, &key).await? {
            let content: Value = serde_json::from_slice(&object.body).unwrap_or_default();
            let id = content.get("uuid").and_then(Value::as_str).unwrap_or("an unreadable lock").to_owned();
            let (key, time) = (key.to_string(), object.last_modified);
            let holder = LockItem { key, id, time, execution: None, release_id: None, started_by: None };
            root_locks.push(self.root_lock(address, holder, true).await?);
        }
        Ok(LockState { user_lock, root_locks })
    }

    /// Freezes a project's config: every deploy is refused, with this name and reason, until it is unlocked.
    ///
    /// # Errors
    /// [`UnlockFailure`].
    pub async fn freeze(&self, address: &Address, lock: &UserLock) -> Result<(), UnlockFailure> {
        let (bucket, key) = (&address.bucket, address.root_dir().user_lock());
        let body = json!(lock).to_string().into_bytes();
        if self.account.objects.put_new(bucket, &key, body.clone()).await? == PutNew::Written {
            return Ok(());
        }
        match lock::user_lock(self.account.objects.as_ref(), bucket, &address.root_dir()).await? {
            Some(frozen) => Err(UnlockFailure::Frozen(frozen)),
            // `{}` is how the originals lift a freeze.
            None => Ok(self.account.objects.put(bucket, &key, body, Encryption::Bucket).await?),
        }
    }

    /// Lifts a freeze, and clears root locks whose execution does not run any more; with `force` also of one that does,
    /// after which two deploys may get in each other's way.
    ///
    /// # Errors
    /// Whatever AWS answers.
    pub async fn unlock(&self, address: &Address, force: bool) -> Result<Unlocked, CloudError> {
        let LockState { user_lock, root_locks } = self.lock_state(address).await?;
        if user_lock.is_some() {
            self.account.objects.delete(&address.bucket, &address.root_dir().user_lock()).await?;
        }
        let (kept, root_locks): (Vec<_>, Vec<_>) = root_locks.into_iter().partition(|lock| lock.running && !force);
        let key = address.root_dir().lock();
        for lock in &root_locks {
            if lock.is_object {
                self.account.objects.delete(&address.bucket, &key).await?;
            } else {
                // On condition that it is still this owner's: the next deploy may have taken it meanwhile.
                self.account.locks.delete(&key, &lock.holder.id).await?;
            }
        }
        Ok(Unlocked { user_lock, root_locks, kept })
    }

    async fn root_lock(&self, address: &Address, holder: LockItem, is_object: bool) -> Result<RootLock, CloudError> {
        let named = holder.execution.as_deref().and_then(|arn| arn.rsplit(':').next());
        let running = match named {
            Some(name) => {
                let execution = self.executions.describe(name).await?;
                execution.is_some_and(|execution| execution.status == ExecutionStatus::Running)
            }
            // The originals do not say which execution it is.
            None => self.running(address).await?.is_some(),
        };
        Ok(RootLock { holder, is_object, running })
    }
}
