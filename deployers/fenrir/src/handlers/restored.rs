//! Whether the stack is as it was before a deploy that failed.

use super::Context;
use crate::cloud::{ChangeSetType, ExecutionStatus, Stack, StackStatus};
use crate::errors::{CleanUpError, CleanUpFailure};
use crate::interference::Interference;
use crate::names::{self, change_set_name, stack_name};
use crate::new_change_set::RELEASE_ID;
use crate::release::FenrirRelease;
use crate::remediation::{self, CloudKind};
use bifrost::release::Envelope;

/// Fails if the stack is not as it was before the deploy: CloudFormation left it so, or somebody else changed it meanwhile. The
/// lock is then kept. Without the lock, what to do depends on the deploy that has it now, and the task raises `LockError`.
pub(super) async fn check_restored(
    context: &Context,
    release: &FenrirRelease,
    stack: Option<&Stack>,
) -> Result<(), CleanUpFailure> {
    let Some(error) = not_restored(release, stack, CloudKind::of(&context.account)) else { return Ok(()) };
    context.require_lock(&release.envelope).await?;
    Err(error.into())
}

fn not_restored(release: &FenrirRelease, stack: Option<&Stack>, cloud: CloudKind) -> Option<CleanUpError> {
    let (envelope, last) = (&release.envelope, &release.fields.stack_status);
    let not_restored = |status: &StackStatus, remediation| CleanUpError::NotRestored {
        stack: stack_name(envelope),
        status: status.clone(),
        remediation,
    };
    if last.is_not_restored() {
        return Some(not_restored(last, remediation::with_lock_kept(last, envelope, cloud)?));
    }
    let is_update = release.fields.change_set_type == Some(ChangeSetType::Update);
    let Some(stack) = stack else {
        return is_update.then(|| not_restored(&StackStatus::DeleteComplete, remediation::after_deletion(true)));
    };
    if has_release(stack, envelope) && is_in_service(stack) {
        return Some(changed(stack, release).into());
    }
    if is_update && is_another(stack, release) {
        let (stack, successor) = (stack.name.clone(), stack.id.clone());
        return Some(Interference::StackReplaced { stack, successor }.into());
    }
    let status = &stack.status;
    let is_left = if status.is_of_deletion() {
        is_update
    } else {
        has_release(stack, envelope) && (status.is_failed_rollback() || status.is_not_restored())
    };
    let remediation = match status {
        StackStatus::DeleteInProgress => Some(remediation::after_deletion(true)),
        status => remediation::with_lock_kept(status, envelope, cloud),
    };
    remediation.filter(|_| is_left).map(|remediation| not_restored(status, remediation))
}

/// Whether this is not the stack of the deploy, but one that somebody created under its name.
pub(super) fn is_another(stack: &Stack, release: &FenrirRelease) -> bool {
    release.fields.stack_creation_time.is_some_and(|created| created != stack.creation_time)
}

/// Whether the change set of this release was executed last on the stack.
fn has_release(stack: &Stack, envelope: &Envelope) -> bool {
    let is_tagged = names::owned_by(&stack.tags, &envelope.project_name, &envelope.config_name)
        && stack.tags.get(RELEASE_ID).is_some_and(|id| id == envelope.release_id.as_str());
    let name = format!(":changeSet/{}/", change_set_name(envelope));
    is_tagged || stack.change_set_id.as_ref().is_some_and(|id| id.contains(&name))
}

/// Whether the resources of the template exist, or are being changed.
fn is_in_service(stack: &Stack) -> bool {
    let status = &stack.status;
    let is_changing = status.is_in_progress() && *status != StackStatus::ReviewInProgress && !status.is_of_deletion();
    status.is_success() || is_changing
}

/// What somebody else did with a stack that has this release although the deploy failed: executed its change set, or began another
/// operation after the one of the deploy had ended.
fn changed(stack: &Stack, release: &FenrirRelease) -> Interference {
    let (name, status) = (stack.name.clone(), stack.status.clone());
    let own = &release.fields.stack_status;
    if !own.is_unset() {
        return Interference::StackChanged { stack: name, own: own.to_string(), status };
    }
    let execution_status =
        if status.is_success() { ExecutionStatus::ExecuteComplete } else { ExecutionStatus::ExecuteInProgress };
    Interference::ChangeSetExecuted {
        stack: name,
        status,
        change_set: change_set_name(&release.envelope),
        execution_status,
        remediation: "wait until CloudFormation has finished, see whether the stack is as you want it, then unlock",
    }
}
