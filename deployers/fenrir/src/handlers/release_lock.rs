//! The state `ReleaseLock`.

use super::Context;
use crate::names::{change_set_name, stack_name};
use crate::release::FenrirRelease;
use bifrost::ending;
use bifrost::lock::LockFailure;

/// Ends the deploy: removes a change set without changes, then the halt flag, then gives the root lock back. After a
/// roll-back that failed the lock stays: nothing may be deployed until a person has looked.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn release_lock(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, LockFailure> {
    let fields = &release.fields;
    let is_empty = fields.change_set_empty == Some(true);
    let success = is_empty || fields.stack_status.is_success();
    release.envelope.success = Some(success);
    if success {
        // A halt that came too late.
        release.envelope.error = None;
    }
    if fields.stack_status.is_failed_rollback() {
        return Ok(release);
    }
    if is_empty {
        remove_change_set(context, &release).await;
    }
    let flag = ending::own_flag(context, &release.envelope).await?;
    ending::finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// One that stays does no harm: it cannot be executed.
async fn remove_change_set(context: &Context, release: &FenrirRelease) {
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    let removed = async { context.target(&release.envelope).await?.stacks.delete_change_set(&stack, &name).await };
    if let Err(error) = removed.await {
        tracing::warn!(%error, "the empty change set is not removed");
    }
}
