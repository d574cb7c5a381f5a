//! The end of every deploy: the halt flag goes, then the lock.

use crate::halt;
use crate::lock::{self, LockFailure};
use crate::release::Envelope;
use crate::task::Context;
use tokio::join;

/// Whether there is a halt flag that is this deploy's. Once the lock is gone, a flag is another's.
///
/// Removing one unseen would leave a delete marker behind in a bucket that keeps versions, for each deploy one.
///
/// # Errors
/// [`LockFailure::Lock`] if a store did not answer.
pub async fn owns_halt_flag<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let (held, flag) = join!(holds_lock(context, envelope), halt::is_flagged(context, envelope));
    let flag =
        flag.map_err(|error| LockFailure::Lock(format!("whether there is a halt flag is not known: {error}")))?;
    Ok(held? && flag)
}

/// Removes the halt flag, if there is one of this deploy's, and gives the root lock back, in this order: the flag was for
/// whoever holds the lock.
///
/// # Errors
/// [`LockFailure::Lock`] if a store did not answer: the lock may still be held.
pub async fn finish<P>(context: &Context<P>, envelope: &Envelope, flag: bool) -> Result<(), LockFailure> {
    if flag {
        let cleared = halt::clear(context, envelope).await;
        cleared.map_err(|error| LockFailure::Lock(format!("the halt flag cannot be removed: {error}")))?;
    }
    lock::give_back(context, envelope).await
}

/// Whether this execution holds the root lock.
///
/// # Errors
/// [`LockFailure::Lock`] if the table did not answer.
pub async fn holds_lock<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let item = context.account.locks.get(&envelope.root_dir().lock()).await;
    let item = item.map_err(|error| LockFailure::Lock(format!("whether the lock is held is not known: {error}")))?;
    Ok(item.is_some_and(|item| envelope.uuid.is_some_and(|uuid| uuid.to_string() == item.id)))
}
