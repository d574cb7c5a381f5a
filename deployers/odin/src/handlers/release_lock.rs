//! The state `ReleaseLockFailure`, and the end of every deploy: the halt flag goes, then the lock.

use super::Context;
use crate::release::OdinRelease;
use bifrost::halt;
use bifrost::lock::{self, LockFailure};
use bifrost::release::Envelope;

/// Gives back what is left of this release: its lock.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, LockFailure> {
    release.envelope.success = Some(false);
    finish(context, &release.envelope).await?;
    Ok(release)
}

/// Removes the halt flag and gives the root lock back, in this order: the flag was for whoever holds the lock.
///
/// Once the lock is gone, a flag is another deploy's, and stays.
pub(super) async fn finish(context: &Context, envelope: &Envelope) -> Result<(), LockFailure> {
    if holds_lock(context, envelope).await? {
        let cleared = halt::clear(context, envelope).await;
        cleared.map_err(|error| LockFailure::Lock(format!("the halt flag cannot be removed: {error}")))?;
    }
    lock::give_back(context, envelope).await
}

/// Whether this execution holds the root lock.
pub(super) async fn holds_lock(context: &Context, envelope: &Envelope) -> Result<bool, LockFailure> {
    let item = context.locks.get(&context.identity.lock_table(), &envelope.root_dir().lock()).await;
    let item = item.map_err(|error| LockFailure::Lock(format!("whether the lock is held is not known: {error}")))?;
    Ok(item.is_some_and(|item| envelope.uuid.is_some_and(|uuid| uuid.to_string() == item.id)))
}
