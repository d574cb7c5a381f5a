//! The state `UpdateChangeSet`.

use super::Context;
use super::change_set::{ensure, template_of_release};
use super::expansion::check_expansion;
use super::validate::check_files;
use crate::cloud::{ChangeSet, ExecutionStatus, FenrirPorts};
use crate::errors::{ChangeSetError, ChangeSetFailure, ReleaseError};
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::change_set_wait;
use crate::release::FenrirRelease;
use bifrost::lifecycle::BadRelease;
use bifrost::release::Sha256;
use serde_json::Value;

/// What the reason of a change set contains if CloudFormation's early validation refused it.
const EARLY_VALIDATION: &str = "EarlyValidation";

/// Reads the status of the change set. Once it can be executed, this checks again that it was created from the template and
/// files of the release, and writes its changes into the log. If the deploy was halted, or its timeout is over, the framework
/// lets no change pass and raises `HaltError`.
///
/// # Errors
/// [`ChangeSetFailure`].
pub async fn update_change_set(
    context: &Context,
    mut release: FenrirRelease,
) -> Result<FenrirRelease, ChangeSetFailure> {
    let ports = context.target(&release.envelope).await?;
    if let Some(found) = ensure(context, &ports, &mut release).await? {
        match found.execution_status {
            ExecutionStatus::Available => check_available(context, &ports, &mut release, &found).await?,
            ExecutionStatus::Obsolete => {
                return Err(ChangeSetError::Obsolete { stack: stack_name(&release.envelope) }.into());
            }
            _ => explain(&ports, &mut release, &found).await,
        }
    }
    release.fields.wait_seconds = change_set_wait(&release.envelope, context.now());
    Ok(release)
}

/// Checks again: since `Validate`, anyone who may write to the bucket could have changed a file, or the template on its way
/// to CloudFormation. Only now is it known what SAM makes of the template.
async fn check_available(
    context: &Context,
    ports: &FenrirPorts,
    release: &mut FenrirRelease,
    found: &ChangeSet,
) -> Result<(), ChangeSetFailure> {
    check_files(context, release).await?;
    let Some(checked) = template_of_release(context, ports, release, found).await? else {
        let change_set = change_set_name(&release.envelope);
        return Err(BadRelease::rule(ReleaseError::ChangeSetDiffers { change_set }).into());
    };
    check_expansion(ports.expansions.as_ref(), release, found, &checked).await?;
    release.fields.checked_template_sha256 = Some(template_sha256(&checked.template));
    Ok(log::write_changes(context, &release.envelope, &found.changes, &checked.template).await?)
}

/// The SHA-256 of a change set's template, as CloudFormation stores it.
pub(super) fn template_sha256(template: &Value) -> Sha256 {
    Sha256::of(template.to_string().as_bytes())
}

/// Early validation's own reason names no resource: replaces it by what it found.
async fn explain(ports: &FenrirPorts, release: &mut FenrirRelease, found: &ChangeSet) {
    if !release.fields.change_set_status_reason.contains(EARLY_VALIDATION) {
        return;
    }
    match ports.stacks.validation_failures(&found.id).await {
        Ok(failures) if !failures.is_empty() => release.fields.change_set_status_reason = failures.join("; "),
        Ok(_) => {}
        // The change set failed in any case, and its own reason names the next step.
        Err(error) => tracing::warn!(%error, "cannot read why the change set failed"),
    }
}
