//! The end of every deploy: delete the halt flag, then give the lock back.

use crate::halt;
use crate::lock::{self, LockFailure};
use crate::release::Envelope;
use crate::task::Context;
use tokio::join;

/// Whether there is a halt flag for this deploy. Without the lock, a flag is meant for another deploy.
///
/// Ask before [`finish`]: deleting a flag that does not exist would leave a delete marker in a versioned bucket after every
/// deploy.
///
/// # Errors
/// [`LockFailure::Lock`] if AWS did not answer.
pub async fn owns_halt_flag<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let (held, flag) = join!(holds_lock(context, envelope), halt::is_flagged(context, envelope));
    let flag = flag.map_err(LockFailure::unknown("cannot check for a halt flag"))?;
    Ok(held? && flag)
}

/// Deletes the halt flag if `flag` is set, then gives the root lock back. In this order, as the flag is meant for the holder
/// of the lock.
///
/// # Errors
/// [`LockFailure::Lock`] if AWS did not answer: this execution may still hold the lock.
pub async fn finish<P>(context: &Context<P>, envelope: &Envelope, flag: bool) -> Result<(), LockFailure> {
    if flag {
        let cleared = halt::clear(context, envelope).await;
        cleared.map_err(LockFailure::unknown("cannot delete the halt flag"))?;
    }
    lock::give_back(context, envelope).await
}

/// Whether this execution holds the root lock.
///
/// # Errors
/// [`LockFailure::Lock`] if DynamoDB did not answer.
pub async fn holds_lock<P>(context: &Context<P>, envelope: &Envelope) -> Result<bool, LockFailure> {
    let item = context.account.locks.get(&envelope.root_dir().lock()).await;
    Ok(item?.is_some_and(|item| envelope.uuid.is_some_and(|uuid| uuid.to_string() == item.id)))
}
