//! What acts do: the same conditional writes no matter who performs them, the function or a client.

use super::{Act, ActError, ActRequest, ActTarget, AlreadyFrozen, HeldLock};
use crate::account::DeployerAccount;
use crate::cloud::{
    CloudError, Encryption, EndedBy, EndedItem, Executions, GiveBack, GivenBack, LockItem, PutNew, limit_bytes,
};
use crate::json;
use crate::lifecycle::{Freeze, current_freeze, request_halt};
use crate::release::{BucketName, RootDir};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What an act did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// The config is frozen.
    Frozen,
    /// This freeze is lifted; there was none if it is `None`.
    Unfrozen(Option<Freeze>),
    /// The halt flag is written.
    Halted,
    /// Step Functions was asked to stop the execution. It may have ended just before.
    Stopped,
    /// What became of each lock, in the order of the request.
    Cleared(Vec<ClearedLock>),
    /// The act is reviewed.
    Reviewed,
}

/// What became of a lock that was to be cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClearedLock {
    /// It is cleared.
    Cleared,
    /// It was free already.
    Free,
    /// Another owner holds it now, and it is kept.
    HeldBy(LockItem),
}

/// Performs an act other than a review.
pub(super) async fn perform(
    account: &DeployerAccount,
    executions: &dyn Executions,
    request: &ActRequest,
) -> Result<Effect, ActError> {
    match &request.act {
        Act::Freeze { config, user, message } => {
            let freeze = Freeze { user: user.clone(), lock_reason: message.clone() };
            self::freeze(account, config, &freeze).await
        }
        Act::Unfreeze { config } => Ok(Effect::Unfrozen(unfreeze(account, config).await?)),
        Act::Halt { config, message, .. } => {
            request_halt(account.objects.as_ref(), &config.bucket, &config.root_dir(), message).await?;
            Ok(Effect::Halted)
        }
        Act::ForcedUnlock { execution, message, .. } => {
            executions.stop(execution, message).await?;
            Ok(Effect::Stopped)
        }
        Act::Unlock { config, locks, keep_halt_flag, .. } => {
            Ok(Effect::Cleared(clear(account, config, locks, *keep_halt_flag).await?))
        }
        Act::Review { .. } => Ok(Effect::Reviewed),
    }
}

async fn freeze(account: &DeployerAccount, config: &ActTarget, freeze: &Freeze) -> Result<Effect, ActError> {
    let (objects, bucket, dir) = (account.objects.as_ref(), &config.bucket, config.root_dir());
    let body = json!(freeze).to_string().into_bytes();
    if objects.put_new(bucket, &dir.freeze(), body.clone()).await? == PutNew::Written {
        return Ok(Effect::Frozen);
    }
    if let Some(freeze) = current_freeze(objects, bucket, &dir).await? {
        return Err(AlreadyFrozen { freeze }.into());
    }
    // Go deployers lift a freeze by writing `{}`.
    objects.put(bucket, &dir.freeze(), body, Encryption::Bucket).await?;
    Ok(Effect::Frozen)
}

async fn unfreeze(account: &DeployerAccount, config: &ActTarget) -> Result<Option<Freeze>, CloudError> {
    let (objects, dir) = (account.objects.as_ref(), config.root_dir());
    let freeze = current_freeze(objects, &config.bucket, &dir).await?;
    if freeze.is_some() {
        objects.delete(&config.bucket, &dir.freeze()).await?;
    }
    Ok(freeze)
}

/// Clears locks, each only if it still has this owner. The halt flag is deleted before a lock is cleared, because it would halt the next
/// deploy; but it is kept while another owner holds a lock, because it may be meant for that one.
async fn clear(
    account: &DeployerAccount,
    config: &ActTarget,
    locks: &[HeldLock],
    keep_halt_flag: bool,
) -> Result<Vec<ClearedLock>, CloudError> {
    let dir = config.root_dir();
    let mut cleared = Vec::new();
    for lock in locks {
        let result = match holder(account, &config.bucket, &dir, lock.is_object).await? {
            None => ClearedLock::Free,
            Some(other) if other.id != lock.owner => ClearedLock::HeldBy(other),
            Some(_) => {
                let is_held = |lock: &ClearedLock| matches!(lock, ClearedLock::HeldBy(_));
                if !keep_halt_flag && !cleared.iter().any(is_held) {
                    account.objects.delete(&config.bucket, &dir.halt()).await?;
                }
                clear_one(account, &config.bucket, &dir, lock).await?
            }
        };
        cleared.push(result);
    }
    Ok(cleared)
}

async fn clear_one(
    account: &DeployerAccount,
    bucket: &BucketName,
    dir: &RootDir,
    lock: &HeldLock,
) -> Result<ClearedLock, CloudError> {
    let (key, owner) = (dir.lock(), lock.owner.clone());
    if lock.is_object {
        // Another release may have taken it since the halt flag was deleted.
        return match lock_object(account, bucket, dir).await? {
            Some(other) if other.id != owner => Ok(ClearedLock::HeldBy(other)),
            Some(_) => account.objects.delete(bucket, &key).await.map(|()| ClearedLock::Cleared),
            None => Ok(ClearedLock::Free),
        };
    }
    let ended = EndedItem::new(&owner, EndedBy::Unlock, false, account.now());
    match account.locks.give_back(&GiveBack { key, owner, ended, deployed: None }).await? {
        GivenBack::NotHeld(Some(other)) => Ok(ClearedLock::HeldBy(*other)),
        GivenBack::Done | GivenBack::NotHeld(None) => Ok(ClearedLock::Cleared),
    }
}

/// Who holds a root lock; `None` if it is free.
pub(super) async fn holder(
    account: &DeployerAccount,
    bucket: &BucketName,
    dir: &RootDir,
    is_object: bool,
) -> Result<Option<LockItem>, CloudError> {
    if is_object { lock_object(account, bucket, dir).await } else { account.locks.get(&dir.lock()).await }
}

/// The root lock that a Go deployer wrote into the bucket. One that cannot be read still blocks deploys, and can be cleared. One that is
/// too large to be a lock counts as written now.
///
/// # Errors
/// [`CloudError`] from S3.
pub async fn lock_object(
    account: &DeployerAccount,
    bucket: &BucketName,
    dir: &RootDir,
) -> Result<Option<LockItem>, CloudError> {
    let key = dir.lock();
    let (content, time) = match account.objects.get(bucket, &key, limit_bytes::LOCK).await {
        Err(error) if error.is_too_large() => (Value::Null, account.now()),
        read => match read? {
            Some(object) => (json::from_slice(&object.body).unwrap_or_default(), object.last_modified),
            None => return Ok(None),
        },
    };
    let id = content.get("uuid").and_then(Value::as_str).unwrap_or("(unreadable)").to_owned();
    Ok(Some(LockItem { key: key.to_string(), id, time, execution: None, release_id: None, started_by: None }))
}
