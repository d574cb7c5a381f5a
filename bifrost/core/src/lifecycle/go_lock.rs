//! The S3 objects that are locks: the release lock, and the second root lock that Go deployers write beside the item.

use super::Context;
use crate::cloud::{CloudError, PutNew, limit_bytes};
use crate::json;
use crate::release::{Envelope, ObjectKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The content of a lock that is an object in S3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LockObject {
    pub(super) uuid: String,
}

/// Reads the root lock that a Go deployer wrote.
pub(super) async fn read<P>(context: &Context<P>, envelope: &Envelope) -> Result<Option<LockObject>, CloudError> {
    read_object(context, envelope, &envelope.root_dir().lock()).await
}

/// Deletes the root lock of a Go deployer, if this owner holds it.
pub(super) async fn delete_own<P>(
    context: &Context<P>,
    envelope: &Envelope,
    found: Option<LockObject>,
    owner: Uuid,
) -> Result<(), CloudError> {
    match found {
        Some(LockObject { uuid }) if uuid == owner.to_string() => {
            context.account.objects.delete(&envelope.bucket, &envelope.root_dir().lock()).await
        }
        _ => Ok(()),
    }
}

/// Takes the release lock. Returns whether this execution holds it.
pub(super) async fn take_release_lock<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
) -> Result<bool, CloudError> {
    let (bucket, key) = (&envelope.bucket, envelope.release_dir().lock());
    let lock = LockObject { uuid: owner.to_string() };
    let body = serde_json::json!(lock).to_string().into_bytes();
    match context.account.objects.put_new(bucket, &key, body).await? {
        PutNew::Written => Ok(true),
        PutNew::Exists => Ok(read_object(context, envelope, &key).await?.is_some_and(|existing| existing == lock)),
    }
}

/// Whether this execution holds the release lock: it is the one that may deploy the release.
pub(super) async fn holds_release_lock<P>(
    context: &Context<P>,
    envelope: &Envelope,
    owner: Uuid,
) -> Result<bool, CloudError> {
    let lock = read_object(context, envelope, &envelope.release_dir().lock()).await?;
    Ok(lock.is_some_and(|lock| lock.uuid == owner.to_string()))
}

/// Reads a lock that is an object. One that cannot be parsed, or is too large, belongs to somebody else.
async fn read_object<P>(
    context: &Context<P>,
    envelope: &Envelope,
    key: &ObjectKey,
) -> Result<Option<LockObject>, CloudError> {
    let unreadable = || LockObject { uuid: "unknown (unreadable lock)".into() };
    match context.account.objects.get(&envelope.bucket, key, limit_bytes::LOCK).await {
        Ok(object) => Ok(object.map(|object| json::from_slice(&object.body).unwrap_or_else(|_| unreadable()))),
        Err(error) if error.is_too_large() => Ok(Some(unreadable())),
        Err(error) => Err(error),
    }
}
