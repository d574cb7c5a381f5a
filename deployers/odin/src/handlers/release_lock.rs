//! The state `ReleaseLockFailure`.

use super::Context;
use crate::release::OdinRelease;
use bifrost::ending;
use bifrost::lock::LockFailure;

/// Gives back what is left of this release: its lock.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock_failure(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, LockFailure> {
    release.envelope.success = Some(false);
    let flag = ending::own_flag(context, &release.envelope).await?;
    ending::finish(context, &release.envelope, flag).await?;
    Ok(release)
}
