//! The state `ReleaseLockFailure`, and the end of every deploy: the halt flag goes, then the lock.

use super::Context;
use crate::release::OdinRelease;
use bifrost::halt;
use bifrost::lock::{self, LockFailure};
use bifrost::release::Envelope;
use tokio::join;

/// Gives back what is left of this release: its lock.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, LockFailure> {
    release.envelope.success = Some(false);
    let flag = own_flag(context, &release.envelope).await?;
    finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// Whether there is a halt flag that is this deploy's. Once the lock is gone, a flag is another's.
///
/// Removing one unseen would leave a delete marker behind in a bucket that keeps versions, for each deploy one.
pub(super) async fn own_flag(context: &Context, envelope: &Envelope) -> Result<bool, LockFailure> {
    let (held, flag) = join!(holds_lock(context, envelope), halt::is_flagged(context, envelope));
    let flag =
        flag.map_err(|error| LockFailure::Lock(format!("whether there is a halt flag is not known: {error}")))?;
    Ok(held? && flag)
}

/// Removes the halt flag, if there is one of this deploy's, and gives the root lock back, in this order: the flag was for
/// whoever holds the lock.
pub(super) async fn finish(context: &Context, envelope: &Envelope, flag: bool) -> Result<(), LockFailure> {
    if flag {
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
