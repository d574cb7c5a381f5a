//! The state `UpdateChangeSet`.

use super::Context;
use super::change_set::ensure;
use crate::errors::LookFailure;
use crate::log;
use crate::pace::next_wait;
use crate::release::FenrirRelease;
use bifrost::halt;

/// Reads what became of the change set, and writes into the log what it would change.
///
/// # Errors
/// [`LookFailure::Halt`] if somebody asked for it, or time is over.
pub async fn update_change_set(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, LookFailure> {
    halt::check(context, &release.envelope).await?;
    let ports = context.target(&release.envelope).await?;
    let found = ensure(context, &ports, &mut release).await?;
    if let Some(change_set) = found.filter(|found| found.execution_status == "AVAILABLE") {
        log::write_changes(context, &release.envelope, &change_set.changes).await?;
    }
    release.fields.wait_seconds = next_wait(&release.envelope, context.now());
    Ok(release)
}
