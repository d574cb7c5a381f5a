//! The states `ReleaseLock` and `CleanUp`.

use super::Context;
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::{CleanUpError, CleanUpFailure, StackError};
use crate::log;
use crate::names;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::poll_interval::CLOCKS_DIFFER;
use crate::release::{FenrirFields, FenrirRelease};
use crate::remediation::{self, CloudKind};
use crate::rules::Tags;
use bifrost::Fields;
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, with_code};
use bifrost::lifecycle::{Finish, LockFailure, Ownership, Proof};
use bifrost::release::{CaughtError, Envelope};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::join;

/// How old a stack may be and still be deleted by the release that created it (contract §8).
const MAX_STACK_AGE: TimeDelta = TimeDelta::minutes(30);

/// Says how the deploy ends. Deletes a change set without changes. After a failure the lock is kept: `CleanUp` still needs it,
/// and after a failed rollback an operator has to fix the stack before the next deploy.
///
/// # Errors
/// None of its own. The task raises `LockError` if the lock of a deploy that succeeded is not this execution's, or is not given
/// back; or if a rollback failed, and the lock that should be kept is not this execution's.
pub async fn unlock_root(context: &Context, mut release: FenrirRelease) -> Result<Finish<FenrirFields>, LockFailure> {
    let is_empty = release.fields.change_set_empty == Some(true);
    if is_empty {
        remove_empty_change_set(context, &release.envelope).await;
    }
    if is_empty || release.fields.stack_status.is_success() {
        return Ok(Finish::Success(release));
    }
    if release.fields.stack_status.is_failed_rollback() {
        // The deploy ends here. An operator who unlocks it must not clear the lock of a newer deploy.
        context.require_lock(&release.envelope).await?;
    }
    record_cause(&mut release);
    // No wait follows.
    release.fields.clear_working_fields();
    Ok(Finish::KeepLock(release))
}

/// A failure is only logged: an empty change set cannot be executed, so one that is left does no harm.
async fn remove_empty_change_set(context: &Context, envelope: &Envelope) {
    let (stack, name) = (stack_name(envelope), change_set_name(envelope));
    let deleted = async {
        let ports = context.target(envelope).await?;
        let proof = context.lock_proof(envelope).await?;
        ports.stacks.delete_change_set(&proof, &stack, &name).await
    };
    if let Err(error) = deleted.await {
        tracing::warn!(%error, "cannot delete the empty change set");
    }
}

/// Deletes the change set, and the stack if this release created it and it was never completed; then the lock can be given
/// back. What carries the id of another release is left alone.
///
/// # Errors
/// [`CleanUpFailure`].
pub async fn clean_up(context: &Context, release: FenrirRelease) -> Result<Finish<FenrirFields>, CleanUpFailure> {
    check_restored(context, &release).await?;
    let ports = context.target(&release.envelope).await?;
    remove(context, &ports, &release.envelope).await?;
    Ok(Finish::Failure(release))
}

/// Fails if CloudFormation left an existing stack in a status in which it is not as it was before the deploy. The lock is then
/// kept. Without the lock, what to do depends on the deploy that has it now, and the task raises `LockError`.
async fn check_restored(context: &Context, release: &FenrirRelease) -> Result<(), CleanUpFailure> {
    let (status, envelope) = (&release.fields.stack_status, &release.envelope);
    let cloud = CloudKind::of(&context.account);
    let is_update = release.fields.change_set_type == Some(ChangeSetType::Update);
    let remediation = match status {
        failed if failed.is_not_restored() => remediation::with_lock_kept(status, envelope, cloud),
        StackStatus::DeleteComplete if is_update => Some(remediation::after_deletion(is_update)),
        _ => None,
    };
    let Some(remediation) = remediation else { return Ok(()) };
    context.require_lock(envelope).await?;
    Err(CleanUpError::NotRestored { stack: stack_name(envelope), status: status.clone(), remediation }.into())
}

async fn remove(context: &Context, ports: &FenrirPorts, envelope: &Envelope) -> Result<(), CleanUpFailure> {
    let (name, change_set_name) = (stack_name(envelope), change_set_name(envelope));
    let (stack, change_set, ownership) = join!(
        ports.stacks.stack(&name),
        ports.stacks.change_set(&name, &change_set_name),
        context.ownership(envelope),
    );
    let (Some(stack), change_set, ownership) = (stack?, change_set?, ownership?) else { return Ok(()) };
    let own = change_set.filter(|found| is_of_project(&found.tags, envelope));
    if is_recent(&stack, envelope, context.now())
        && let Some(proof) = never_completed(context, &ownership, &stack, own.as_ref(), envelope).await?
    {
        // By its ARN, so that a later stack of the same name is left alone.
        ports.stacks.delete_stack(&proof, &stack.id, &format!("{change_set_name}-cleanup")).await?;
        return Ok(());
    }
    // An executed change set belongs to the stack's history.
    if let Some(found) = own.filter(|found| !found.execution_status.is_executed())
        && let Some(proof) = ownership.proof(release_of(&found, envelope))
    {
        ports.stacks.delete_change_set(&proof, &name, &found.id).await?;
    }
    Ok(())
}

fn is_of_project(tags: &Tags, envelope: &Envelope) -> bool {
    names::owned_by(tags, &envelope.project_name, &envelope.config_name)
}

/// The release whose id a change set carries in its name. Its tag `ReleaseID` may be that of an earlier release, so that the
/// change set can be empty.
fn release_of<'r>(found: &ChangeSet, envelope: &'r Envelope) -> Option<&'r str> {
    let name = format!(":changeSet/{}/", change_set_name(envelope));
    found.id.contains(&name).then_some(envelope.release_id.as_str())
}

/// Whether the stack was created during this deploy, as far as clocks agree, and at most [`MAX_STACK_AGE`] ago.
fn is_recent(stack: &Stack, envelope: &Envelope, now: DateTime<Utc>) -> bool {
    let since = envelope.started_at.unwrap_or(now) - CLOCKS_DIFFER;
    stack.creation_time >= since && now.signed_duration_since(stack.creation_time) <= MAX_STACK_AGE
}

/// Proves that this release created the stack and that it was never completed. A stack in `REVIEW_IN_PROGRESS` has no tags
/// yet, and a later release adds its change set to it: it is this release's if it has this release's change set and this
/// execution holds the lock. If it is left, it has no resources, and the next deploy uses it.
///
/// # Errors
/// It is not known whether this execution holds the lock. Then the attempt must not delete the change set: without that, the next
/// attempt would leave the stack.
async fn never_completed(
    context: &Context,
    ownership: &Ownership,
    stack: &Stack,
    own: Option<&ChangeSet>,
    envelope: &Envelope,
) -> Result<Option<Proof>, CloudError> {
    match stack.status {
        StackStatus::ReviewInProgress if own.is_some() => context.held_lock_proof(envelope).await,
        StackStatus::CreateFailed | StackStatus::RollbackComplete if is_of_project(&stack.tags, envelope) => {
            Ok(ownership.proof(stack.tags.get(RELEASE_ID).map(String::as_str)))
        }
        _ => Ok(None),
    }
}

/// If no task raised an error, writes CloudFormation's reason for the failure into the release.
fn record_cause(release: &mut FenrirRelease) {
    let fields = &release.fields;
    let resource = fields.log_summary.as_deref().and_then(log::first_failure);
    let resource = resource.map(|line| StackError::Resource(line.to_owned()));
    let reason = &fields.change_set_status_reason;
    let change_set = (!reason.is_empty()).then(|| StackError::ChangeSet(reason.clone()));
    let (status, reason) = (&fields.stack_status, &fields.stack_status_reason);
    let stack = (!status.is_unset()).then(|| StackError::Stack { status: status.clone(), reason: reason.clone() });
    if let Some(error) = resource.or(change_set).or(stack) {
        let cause = with_code(error.code(), &error.to_string());
        release.envelope.error.get_or_insert(CaughtError { error: "DeployError".into(), cause });
    }
}
