//! The state `CleanUp`.

use super::Context;
use crate::cloud::{FenrirPorts, Stack};
use crate::errors::CleanUpFailure;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::release::FenrirRelease;
use bifrost::lock;
use bifrost::release::{CaughtError, Envelope};
use chrono::{DateTime, TimeDelta, Utc};

/// How old a stack may be and still be deleted by the release that made it (contract §8).
const YOUNG: TimeDelta = TimeDelta::minutes(30);

/// Removes the change set, and the stack if this release made it and it never came up. If another deploy runs by now,
/// both are left to it.
///
/// # Errors
/// [`CleanUpFailure`].
pub async fn clean_up(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    explain(&mut release);
    check_usable(&release.fields.stack_status)?;
    if lock::hold(context, &release.envelope).await? {
        let ports = context.target(&release.envelope).await?;
        remove(&ports, &release.envelope, context.now()).await?;
        lock::give_back(context, &release.envelope).await?;
    }
    Ok(release)
}

/// A stack in one of these does not run as it did before.
fn check_usable(status: &str) -> Result<(), CleanUpFailure> {
    if matches!(status, "UPDATE_FAILED" | "IMPORT_ROLLBACK_FAILED") {
        return Err(CleanUpFailure::CleanUp(format!("the stack is in {status}: it was not rolled back")));
    }
    Ok(())
}

async fn remove(ports: &FenrirPorts, envelope: &Envelope, now: DateTime<Utc>) -> Result<(), CleanUpFailure> {
    let (name, change_set) = (stack_name(envelope), change_set_name(envelope));
    let Some(stack) = ports.stacks.stack(&name).await? else { return Ok(()) };
    if is_stillborn(&stack, envelope, now) {
        // By its ARN: a stack that comes after it under the same name is another.
        ports.stacks.delete_stack(&stack.id, &format!("{change_set}-delete")).await?;
        return Ok(());
    }
    // One that was executed belongs to the stack's history.
    match ports.stacks.change_set(&name, &change_set).await? {
        Some(found) if !found.execution_status.starts_with("EXECUTE_") => {
            Ok(ports.stacks.delete_change_set(&name, &change_set).await?)
        }
        _ => Ok(()),
    }
}

/// Whether this release made it, just now, and it never came up.
fn is_stillborn(stack: &Stack, envelope: &Envelope, now: DateTime<Utc>) -> bool {
    let is_own = stack.tags.get(RELEASE_ID).map(String::as_str) == Some(envelope.release_id.as_str());
    let never_came_up =
        matches!(stack.status.as_str(), "REVIEW_IN_PROGRESS" | "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "DELETE_FAILED");
    is_own && never_came_up && now.signed_duration_since(stack.creation_time) <= YOUNG
}

/// Says in the release why it failed, if nothing was raised: CloudFormation's own reason.
fn explain(release: &mut FenrirRelease) {
    let fields = &release.fields;
    let first = fields.log_summary.as_deref().and_then(log::first_failure).map(str::to_owned);
    let change_set = (!fields.change_set_status_reason.is_empty())
        .then(|| format!("change set: {}", fields.change_set_status_reason));
    let stack = (!fields.stack_status.is_empty())
        .then(|| format!("stack {}: {}", fields.stack_status, fields.stack_status_reason));
    if let Some(cause) = first.or(change_set).or(stack) {
        release.envelope.error.get_or_insert(CaughtError { error: "DeployError".into(), cause });
    }
}
