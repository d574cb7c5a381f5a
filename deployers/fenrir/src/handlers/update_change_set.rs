//! The state `UpdateChangeSet`.

use super::Context;
use super::change_set::ensure;
use super::validate::check_files;
use crate::cloud::{ChangeSet, ExecutionStatus, FenrirPorts};
use crate::errors::WatchFailure;
use crate::log;
use crate::names::stack_name;
use crate::poll_interval::next_wait;
use crate::release::FenrirRelease;
use crate::resolve::resolved;
use bifrost::halt;

/// How CloudFormation says that it would not even try.
const EARLY_VALIDATION: &str = "EarlyValidation";

/// Reads what became of the change set. Of one that can be executed it checks once more that it is made of what the release
/// means, and writes into the log what it would change.
///
/// # Errors
/// [`WatchFailure::Halt`] if somebody asked for it, or time is over.
pub async fn update_change_set(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, WatchFailure> {
    halt::check(context, &release.envelope).await?;
    let ports = context.target(&release.envelope).await?;
    if let Some(found) = ensure(context, &ports, &mut release).await? {
        match found.execution_status {
            ExecutionStatus::Available => available(context, &ports, &release, &found).await?,
            ExecutionStatus::Obsolete => {
                return Err(WatchFailure::Deploy(
                    "the stack was changed past the deployer after the change set was made: deploy again".into(),
                ));
            }
            _ => explain(&ports, &mut release, &found).await,
        }
    }
    release.fields.wait_seconds = next_wait(&release.envelope, context.now());
    Ok(release)
}

/// Who may write to the bucket could have changed a file since it was checked, or the template on its way.
async fn available(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
) -> Result<(), WatchFailure> {
    check_files(context, release).await?;
    let meant = resolved(context, ports, release).await?;
    let made = ports.stacks.change_set_template(&stack_name(&release.envelope), &found.id).await?;
    if made.as_ref() != Some(&meant) {
        return Err(WatchFailure::BadRelease(
            "the change set is not made of the template that the release means, or what it refers to has changed since; \
             deploy again"
                .into(),
        ));
    }
    Ok(log::write_changes(context, &release.envelope, &found.changes, &meant).await?)
}

/// Puts in the place of early validation's own reason, which names no resource, what it found.
async fn explain(ports: &FenrirPorts, release: &mut FenrirRelease, found: &ChangeSet) {
    if !release.fields.change_set_status_reason.contains(EARLY_VALIDATION) {
        return;
    }
    match ports.stacks.validation_failures(&found.id).await {
        Ok(failures) if !failures.is_empty() => release.fields.change_set_status_reason = failures.join("; "),
        Ok(_) => {}
        // The change set failed in any case, and its own reason says how to find out more.
        Err(error) => tracing::warn!(%error, "why the change set failed is not known"),
    }
}
