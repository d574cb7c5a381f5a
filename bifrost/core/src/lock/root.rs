//! The root lock: an item in DynamoDB, and the S3 object that Go deployers also write.

use super::{LockObject, read};
use crate::cloud::{CloudError, LockItem, PutLock};
use crate::release::{Envelope, STARTED_BY};
use crate::strip_control::strip_control;
use crate::task::Context;
use tokio::join;
use uuid::Uuid;

/// The lock object that Go deployers write in addition to the item.
pub(super) async fn go_lock<P>(context: &Context<P>, envelope: &Envelope) -> Result<Option<LockObject>, CloudError> {
    read(context, envelope, &envelope.root_dir().lock()).await
}

/// Takes the root lock, unless another execution holds it: as an item, or as an object of a Go deployer.
pub(super) async fn take<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
    go_lock: Option<LockObject>,
) -> Result<PutLock, CloudError> {
    let item = LockItem {
        key: envelope.root_dir().lock().to_string(),
        id: owner.to_string(),
        time: context.now(),
        execution: context.attempt.execution.clone(),
        release_id: Some(envelope.release_id.to_string()),
        started_by: envelope.metadata.get(STARTED_BY).cloned(),
    };
    if let Some(LockObject { uuid }) = go_lock
        && uuid != item.id
    {
        let holder = LockItem { id: uuid, execution: None, release_id: None, started_by: None, ..item };
        return Ok(PutLock::Held(Box::new(holder)));
    }
    context.account.locks.put(&item).await
}

/// Deletes the item and the object of a Go deployer, each only if this owner holds it.
pub(super) async fn give_back<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> Result<(), CloudError> {
    let (key, id) = (envelope.root_dir().lock(), owner.to_string());
    let object = async {
        match go_lock(context, envelope).await? {
            Some(object) if object.uuid == id => context.account.objects.delete(&envelope.bucket, &key).await,
            _ => Ok(()),
        }
    };
    let (object, item) = join!(object, context.account.locks.delete(&key, &id));
    object?;
    item.map(drop)
}

/// Describes the holder of a lock for messages, with all that the item has.
#[must_use]
pub fn describe(item: &LockItem) -> String {
    let release = item.release_id.as_ref().map_or_else(|| format!("owner {}", item.id), |id| format!("release {id}"));
    let by = item.started_by.as_ref().map_or_else(String::new, |who| format!(", started by {who}"));
    let since = item.time.format("%Y-%m-%dT%H:%M:%SZ");
    let execution = item.execution.as_ref().map_or_else(String::new, |arn| format!(" (execution {arn})"));
    strip_control(&format!("{release}{by} since {since}{execution}"))
}
