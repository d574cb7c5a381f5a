//! The states `ReleaseLock` and `CleanUp`.

use super::Context;
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::{CleanUpError, CleanUpFailure, StackError};
use crate::log;
use crate::names;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::poll_interval::CLOCKS_DIFFER;
use crate::release::FenrirRelease;
use crate::remediation::{self, CloudKind};
use crate::rules::Tags;
use bifrost::error_code::{Coded, with_code};
use bifrost::lifecycle;
use bifrost::lock::{self, LockFailure};
use bifrost::release::{CaughtError, Envelope};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::join;

/// How old a stack may be and still be deleted by the release that created it (contract §8).
const MAX_STACK_AGE: TimeDelta = TimeDelta::minutes(30);

/// Ends the deploy: deletes a change set without changes, clears the halt flag, and releases the root lock. After a failed
/// rollback the lock is kept: an operator has to fix the stack before the next deploy.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn unlock_root(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, LockFailure> {
    let fields = &release.fields;
    let is_empty = fields.change_set_empty == Some(true);
    let success = is_empty || fields.stack_status.is_success();
    release.envelope.success = Some(success);
    if success {
        // Such as a halt that came too late.
        release.envelope.error = None;
    }
    if fields.stack_status.is_failed_rollback() {
        return Ok(release);
    }
    if is_empty {
        remove_empty_change_set(context, &release).await;
    }
    let flag = lifecycle::owns_halt_flag(context, &release.envelope).await?;
    lifecycle::finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// A failure is only logged: an empty change set cannot be executed, so one that is left does no harm.
async fn remove_empty_change_set(context: &Context, release: &FenrirRelease) {
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    let deleted = async { context.target(&release.envelope).await?.stacks.delete_change_set(&stack, &name).await };
    if let Err(error) = deleted.await {
        tracing::warn!(%error, "cannot delete the empty change set");
    }
}

/// Deletes the change set, and the stack if this release created it and it was never completed. If another deploy holds the
/// lock by now, both are left alone.
///
/// # Errors
/// [`CleanUpFailure`].
pub async fn clean_up(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    record_cause(&mut release);
    check_restored(&release, CloudKind::of(&context.account))?;
    if lock::retake(context, &release.envelope).await? {
        let ports = context.target(&release.envelope).await?;
        remove(&ports, &release.envelope, context.now()).await?;
        lock::give_back(context, &release.envelope).await?;
    }
    Ok(release)
}

/// Fails if CloudFormation left an existing stack in a status in which it is not as it was before the deploy.
fn check_restored(release: &FenrirRelease, cloud: CloudKind) -> Result<(), CleanUpError> {
    let (status, envelope) = (&release.fields.stack_status, &release.envelope);
    let is_update = release.fields.change_set_type == Some(ChangeSetType::Update);
    let remediation = match status {
        StackStatus::UpdateFailed | StackStatus::ImportRollbackFailed | StackStatus::DeleteFailed => {
            remediation::for_status(status, envelope, cloud)
        }
        StackStatus::DeleteComplete if is_update => Some(remediation::AFTER_DELETION.to_owned()),
        _ => None,
    };
    match remediation {
        Some(remediation) => {
            Err(CleanUpError::NotRestored { stack: stack_name(envelope), status: status.clone(), remediation })
        }
        None => Ok(()),
    }
}

async fn remove(ports: &FenrirPorts, envelope: &Envelope, now: DateTime<Utc>) -> Result<(), CleanUpFailure> {
    let (name, change_set_name) = (stack_name(envelope), change_set_name(envelope));
    let (stack, change_set) = join!(ports.stacks.stack(&name), ports.stacks.change_set(&name, &change_set_name));
    let (Some(stack), change_set) = (stack?, change_set?) else { return Ok(()) };
    // By name it is this release's. Its tag `ReleaseID` may be an earlier one, so that the change set can be empty.
    let is_ours = |found: &ChangeSet| names::owned_by(&found.tags, &envelope.project_name, &envelope.config_name);
    let own = change_set.filter(is_ours);
    if is_recent(&stack, envelope, now) && never_completed(&stack, own.as_ref(), envelope) {
        // By its ARN, so that a later stack of the same name is left alone.
        ports.stacks.delete_stack(&stack.id, &format!("{change_set_name}-cleanup")).await?;
        return Ok(());
    }
    // An executed change set belongs to the stack's history.
    match own {
        Some(found) if !found.execution_status.is_executed() => {
            Ok(ports.stacks.delete_change_set(&name, &change_set_name).await?)
        }
        _ => Ok(()),
    }
}

fn is_own(tags: &Tags, envelope: &Envelope) -> bool {
    let is_release = tags.get(RELEASE_ID).map(String::as_str) == Some(envelope.release_id.as_str());
    is_release && names::owned_by(tags, &envelope.project_name, &envelope.config_name)
}

/// Whether the stack was created during this deploy, as far as clocks agree, and at most [`MAX_STACK_AGE`] ago.
fn is_recent(stack: &Stack, envelope: &Envelope, now: DateTime<Utc>) -> bool {
    let since = envelope.started_at.unwrap_or(now) - CLOCKS_DIFFER;
    stack.creation_time >= since && now.signed_duration_since(stack.creation_time) <= MAX_STACK_AGE
}

/// Whether this release created the stack, and it was never completed. A stack in `REVIEW_IN_PROGRESS` has no tags yet: it
/// belongs to this release if it has this release's change set and is as recent as the deploy.
fn never_completed(stack: &Stack, own: Option<&ChangeSet>, envelope: &Envelope) -> bool {
    match stack.status {
        StackStatus::ReviewInProgress => own.is_some(),
        StackStatus::CreateFailed | StackStatus::RollbackComplete => is_own(&stack.tags, envelope),
        _ => false,
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
