//! What blocks deploys: a freeze, and the root lock of another deploy. Both can be read and cleared here.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, Encryption, ExecutionStatus, LockItem, PutNew};
use bifrost_core::error_code::Coded;
use bifrost_core::lock::{self, Freeze};
use serde::Serialize;
use serde_json::{Value, json};

/// What blocks deploys of a project's config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockState {
    /// The freeze, if there is one.
    pub freeze: Option<Freeze>,
    /// The root locks that are held: at most the table's item, and an object that a Go deployer wrote.
    pub root_locks: Vec<RootLock>,
}

/// A root lock that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootLock {
    /// Who holds it.
    #[serde(flatten)]
    pub holder: LockItem,
    /// Whether it is the S3 object that Go deployers write beside the item.
    pub is_object: bool,
    /// Whether the execution that holds it is running. If not, it ended without giving the lock back.
    pub running: bool,
}

/// What [`Client::unlock`] cleared, and what still blocks deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unlocked {
    /// The freeze, which stays: [`Client::unfreeze`] lifts it.
    pub freeze: Option<Freeze>,
    /// The root locks that were cleared.
    pub cleared: Vec<RootLock>,
    /// The root locks that were kept, because their deploys are running.
    pub kept: Vec<RootLock>,
}

/// [`Client::freeze`] failed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum FreezeFailure {
    /// The project and config are already frozen. The existing freeze is kept, because its reason may still hold.
    #[error("already frozen by {freeze}; to replace the freeze, lift it first with {unfreeze}")]
    #[code("freeze/exists", "agree with the person who froze it, lift the freeze with `unfreeze`, then freeze again")]
    Frozen {
        /// The existing freeze.
        freeze: Freeze,
        /// The command that lifts it.
        unfreeze: String,
    },
    /// S3 refused the request or did not answer.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

impl<D: ClientDeployer> Client<D> {
    /// What blocks deploys of a project's config.
    ///
    /// # Errors
    /// `CloudError` from S3, DynamoDB or Step Functions.
    pub async fn lock_state(&self, address: &Address) -> Result<LockState, CloudError> {
        let freeze = lock::current_freeze(self.account.objects.as_ref(), &address.bucket, &address.root_dir()).await?;
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
        Ok(LockState { freeze, root_locks })
    }

    /// Freezes a project's config: every deploy is refused, with this name and reason, until [`unfreeze`](Self::unfreeze).
    ///
    /// # Errors
    /// [`FreezeFailure`].
    pub async fn freeze(&self, address: &Address, freeze: &Freeze) -> Result<(), FreezeFailure> {
        let (bucket, key) = (&address.bucket, address.root_dir().freeze());
        let body = json!(freeze).to_string().into_bytes();
        if self.account.objects.put_new(bucket, &key, body.clone()).await? == PutNew::Written {
            return Ok(());
        }
        match lock::current_freeze(self.account.objects.as_ref(), bucket, &address.root_dir()).await? {
            Some(freeze) => {
                let unfreeze = self.hint(&format!("unfreeze {}", address.arguments(&self.account.defaults)));
                Err(FreezeFailure::Frozen { freeze, unfreeze })
            }
            // Go deployers lift a freeze by writing `{}`.
            None => Ok(self.account.objects.put(bucket, &key, body, Encryption::Bucket).await?),
        }
    }

    /// Lifts the freeze, and returns it. Without one there is nothing to do.
    ///
    /// # Errors
    /// `CloudError` from S3.
    pub async fn unfreeze(&self, address: &Address) -> Result<Option<Freeze>, CloudError> {
        let (objects, dir) = (self.account.objects.as_ref(), address.root_dir());
        let freeze = lock::current_freeze(objects, &address.bucket, &dir).await?;
        if freeze.is_some() {
            objects.delete(&address.bucket, &dir.freeze()).await?;
        }
        Ok(freeze)
    }

    /// Clears root locks whose execution has ended; with `force` also the lock of a running one, after which two deploys can
    /// interfere with each other. A freeze is kept.
    ///
    /// # Errors
    /// `CloudError` from S3, DynamoDB or Step Functions.
    pub async fn unlock(&self, address: &Address, force: bool) -> Result<Unlocked, CloudError> {
        let LockState { freeze, root_locks } = self.lock_state(address).await?;
        let (kept, cleared): (Vec<_>, Vec<_>) = root_locks.into_iter().partition(|lock| lock.running && !force);
        let key = address.root_dir().lock();
        for lock in &cleared {
            if lock.is_object {
                self.account.objects.delete(&address.bucket, &key).await?;
            } else {
                // Only if it still has the same owner: the next deploy may have taken it meanwhile.
                self.account.locks.delete(&key, &lock.holder.id).await?;
            }
        }
        Ok(Unlocked { freeze, cleared, kept })
    }

    async fn root_lock(&self, address: &Address, holder: LockItem, is_object: bool) -> Result<RootLock, CloudError> {
        let named = holder.execution.as_deref().and_then(|arn| arn.rsplit(':').next());
        let running = match named {
            Some(name) => {
                let execution = self.executions.describe(name).await?;
                execution.is_some_and(|execution| execution.status == ExecutionStatus::Running)
            }
            // Go deployers do not record their execution.
            None => self.running(address).await?.is_some(),
        };
        Ok(RootLock { holder, is_object, running })
    }
}
