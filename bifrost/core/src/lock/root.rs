//! The root lock: an item in DynamoDB, and the object that the originals kept beside it.

use super::{LockObject, read};
use crate::cloud::{CloudError, LockItem, PutLock};
use crate::release::{Envelope, STARTED_BY};
use crate::strip_control::strip_control;
use crate::task::Context;
use tokio::join;
use uuid::Uuid;

/// The object that the originals keep beside the item, if it is there.
pub(super) async fn original<P>(context: &Context<P>, envelope: &Envelope) -> Result<Option<LockObject>, CloudError> {
    read(context, envelope, &envelope.root_dir().lock()).await
}

/// Takes the root lock, unless another holds it, by item or by the originals' object.
pub(super) async fn take<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
    original: Option<LockObject>,
) -> Result<PutLock, CloudError> {
    let item = LockItem {
        key: envelope.root_dir().lock().to_string(),
        id: owner.to_string(),
        time: context.now(),
        execution: context.attempt.execution.clone(),
        release_id: Some(envelope.release_id.to_string()),
        started_by: envelope.metadata.get(STARTED_BY).cloned(),
    };
    if let Some(LockObject { uuid }) = original
        && uuid != item.id
    {
        let nobody = LockItem { id: uuid, execution: None, release_id: None, started_by: None, ..item };
        return Ok(PutLock::Held(Box::new(nobody)));
    }
    context.account.locks.put(&item).await
}

/// Deletes the item and the originals' object, each only if it is this owner's.
pub(super) async fn give_back<P>(context: &Context<P>, envelope: &Envelope, owner: Uuid) -> Result<(), CloudError> {
    let (key, id) = (envelope.root_dir().lock(), owner.to_string());
    let object = async {
        match original(context, envelope).await? {
            Some(object) if object.uuid == id => context.account.objects.delete(&envelope.bucket, &key).await,
            _ => Ok(()),
        }
    };
    let (object, item) = join!(object, context.account.locks.delete(&key, &id));
    object?;
    item.map(drop)
}

/// Who holds the lock, for a person: as much as its owner wrote.
#[must_use]
pub fn describe(item: &LockItem) -> String {
    let release = item.release_id.as_ref().map_or_else(|| format!("owner {}", item.id), |id| format!("release {id}"));
    let by = item.started_by.as_ref().map_or_else(String::new, |who| format!(", started by {who}"));
    let since = item.time.format("%Y-%m-%dT%H:%M:%SZ");
    let execution = item.execution.as_ref().map_or_else(String::new, |arn| format!(" (execution {arn})"));
    strip_control(&format!("{release}{by} since {since}{execution}"))
}
