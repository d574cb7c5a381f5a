//! The states `ReleaseLock` and `CleanUp`.

use super::Context;
use super::identity::{change_set_ref, stack_ref};
use super::restored::{check_restored, is_another};
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::{CleanUpFailure, StackError};
use crate::log;
use crate::names;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::poll_interval::CLOCKS_DIFFER;
use crate::release::{FenrirFields, FenrirRelease};
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
        remove_empty_change_set(context, &release).await;
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
async fn remove_empty_change_set(context: &Context, release: &FenrirRelease) {
    let deleted = async {
        let ports = context.target(&release.envelope).await?;
        let proof = context.lock_proof(&release.envelope).await?;
        ports.stacks.delete_change_set(&proof, &stack_ref(release), &change_set_ref(release)).await
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
    let (name, envelope) = (stack_name(&release.envelope), &release.envelope);
    let ports = context.target(envelope).await?;
    let stack = ports.stacks.stack(&name).await?;
    check_restored(context, &release, stack.as_ref()).await?;
    if let Some(stack) = stack.filter(|stack| !is_another(stack, &release)) {
        remove(context, &ports, &release, &stack).await?;
    }
    Ok(Finish::Failure(release))
}

async fn remove(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    stack: &Stack,
) -> Result<(), CleanUpFailure> {
    let (envelope, change_set_name) = (&release.envelope, change_set_name(&release.envelope));
    let (change_set, ownership) =
        join!(ports.stacks.change_set(&stack.id, &change_set_name), context.ownership(envelope));
    let (change_set, ownership) = (change_set?, ownership?);
    let own = change_set.filter(|found| is_of_project(&found.tags, envelope));
    if is_recent(stack, envelope, context.now())
        && let Some(proof) = never_completed(context, &ownership, stack, own.as_ref(), release).await?
    {
        // By its ARN, so that a later stack of the same name is left alone.
        ports.stacks.delete_stack(&proof, &stack.id, &format!("{change_set_name}-cleanup")).await?;
        return Ok(());
    }
    // An executed change set belongs to the stack's history.
    if let Some(found) = own.filter(|found| !found.execution_status.is_executed())
        && let Some(proof) = ownership.proof(release_of(&found, envelope))
    {
        ports.stacks.delete_change_set(&proof, &stack.id, &found.id).await?;
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
/// yet, and a later release adds its change set to it: it is this release's if it is the stack that `CreateChangeSet` found it had
/// created, or has this release's change set, and this execution holds the lock. If it is left, it has no resources, and the
/// next deploy uses it.
///
/// # Errors
/// It is not known whether this execution holds the lock. Then the attempt must not delete the change set: without that, the next
/// attempt would leave the stack.
async fn never_completed(
    context: &Context,
    ownership: &Ownership,
    stack: &Stack,
    own: Option<&ChangeSet>,
    release: &FenrirRelease,
) -> Result<Option<Proof>, CloudError> {
    let (envelope, fields) = (&release.envelope, &release.fields);
    let created = fields.change_set_type == Some(ChangeSetType::Create)
        && fields.stack_creation_time == Some(stack.creation_time);
    match stack.status {
        StackStatus::ReviewInProgress if own.is_some() || created => context.held_lock_proof(envelope).await,
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
