//! The states `ReleaseLock` and `CleanUp`.

use super::Context;
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::CleanUpFailure;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::ownership;
use crate::poll_interval::CLOCKS_DIFFER;
use crate::release::FenrirRelease;
use crate::rules::Tags;
use bifrost::lifecycle;
use bifrost::lock::{self, LockFailure};
use bifrost::release::{CaughtError, Envelope};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::join;

/// How old a stack may be and still be deleted by the release that made it (contract §8).
const MAX_STACK_AGE: TimeDelta = TimeDelta::minutes(30);

/// Ends the deploy: removes a change set without changes, then the halt flag, then gives the root lock back. After a
/// roll-back that failed the lock stays: nothing may be deployed until a person has looked.
///
/// # Errors
/// [`LockFailure::Lock`].
pub async fn unlock_root(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, LockFailure> {
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
        remove_empty_change_set(context, &release).await;
    }
    let flag = lifecycle::owns_halt_flag(context, &release.envelope).await?;
    lifecycle::finish(context, &release.envelope, flag).await?;
    Ok(release)
}

/// One that stays does no harm: it cannot be executed.
async fn remove_empty_change_set(context: &Context, release: &FenrirRelease) {
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    let removed = async { context.target(&release.envelope).await?.stacks.delete_change_set(&stack, &name).await };
    if let Err(error) = removed.await {
        tracing::warn!(%error, "the empty change set is not removed");
    }
}

/// Removes the change set, and the stack if this release made it and it never came up. If another deploy runs by now,
/// both are left to it.
///
/// # Errors
/// [`CleanUpFailure`].
pub async fn clean_up(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, CleanUpFailure> {
    release.envelope.success = Some(false);
    explain(&mut release);
    check_usable(&release)?;
    if lock::hold(context, &release.envelope).await? {
        let ports = context.target(&release.envelope).await?;
        remove(&ports, &release.envelope, context.now()).await?;
        lock::give_back(context, &release.envelope).await?;
    }
    Ok(release)
}

/// A stack in one of these does not run as it did before.
fn check_usable(release: &FenrirRelease) -> Result<(), CleanUpFailure> {
    let status = &release.fields.stack_status;
    let is_update = release.fields.change_set_type == Some(ChangeSetType::Update);
    match status {
        StackStatus::UpdateFailed | StackStatus::ImportRollbackFailed | StackStatus::DeleteFailed => {}
        StackStatus::DeleteComplete if is_update => {}
        _ => return Ok(()),
    }
    let name = stack_name(&release.envelope);
    let next = status.remediation(&name).unwrap_or_else(|| "deploy again, and it is made anew".into());
    Err(CleanUpFailure::CleanUp(format!("stack {name} is in {status}, and does not run as it did: {next}")))
}

async fn remove(ports: &FenrirPorts, envelope: &Envelope, now: DateTime<Utc>) -> Result<(), CleanUpFailure> {
    let (name, change_set_name) = (stack_name(envelope), change_set_name(envelope));
    let (stack, change_set) = join!(ports.stacks.stack(&name), ports.stacks.change_set(&name, &change_set_name));
    let (Some(stack), change_set) = (stack?, change_set?) else { return Ok(()) };
    // Its name is the release's; its tag need not be, where nothing else would have changed.
    let is_ours = |found: &ChangeSet| ownership::is_of(&found.tags, &envelope.project_name, &envelope.config_name);
    let own = change_set.filter(is_ours);
    if is_young(&stack, envelope, now) && never_completed(&stack, own.as_ref(), envelope) {
        // By its ARN: a stack that comes after it under the same name is another.
        ports.stacks.delete_stack(&stack.id, &format!("{change_set_name}-cleanup")).await?;
        return Ok(());
    }
    // One that was executed belongs to the stack's history.
    match own {
        Some(found) if !found.execution_status.is_executed() => {
            Ok(ports.stacks.delete_change_set(&name, &change_set_name).await?)
        }
        _ => Ok(()),
    }
}

fn is_own(tags: &Tags, envelope: &Envelope) -> bool {
    let is_release = tags.get(RELEASE_ID).map(String::as_str) == Some(envelope.release_id.as_str());
    is_release && ownership::is_of(tags, &envelope.project_name, &envelope.config_name)
}

/// Whether it was made after this release was begun, by clocks that differ, and not long ago.
fn is_young(stack: &Stack, envelope: &Envelope, now: DateTime<Utc>) -> bool {
    let since = envelope.started_at.unwrap_or(now) - CLOCKS_DIFFER;
    stack.creation_time >= since && now.signed_duration_since(stack.creation_time) <= MAX_STACK_AGE
}

/// Whether this release made it, and it never came up. One that waits for its first change set has no tags yet: that this
/// release's is there, and that it is as young as the deploy, tells whose it is.
fn never_completed(stack: &Stack, own: Option<&ChangeSet>, envelope: &Envelope) -> bool {
    match stack.status {
        StackStatus::ReviewInProgress => own.is_some(),
        StackStatus::CreateFailed | StackStatus::RollbackComplete => is_own(&stack.tags, envelope),
        _ => false,
    }
}

/// Says in the release why it failed, if nothing was raised: CloudFormation's own reason.
fn explain(release: &mut FenrirRelease) {
    let fields = &release.fields;
    let first = fields.log_summary.as_deref().and_then(log::first_failure).map(str::to_owned);
    let change_set = (!fields.change_set_status_reason.is_empty())
        .then(|| format!("change set: {}", fields.change_set_status_reason));
    let stack = (!fields.stack_status.is_unset())
        .then(|| format!("stack {}: {}", fields.stack_status, fields.stack_status_reason));
    if let Some(cause) = first.or(change_set).or(stack) {
        release.envelope.error.get_or_insert(CaughtError { error: "DeployError".into(), cause });
    }
}
