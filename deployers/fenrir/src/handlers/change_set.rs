//! The state `CreateChangeSet`.

use super::Context;
use super::identity::{deleted, own_change_set, stack_ref};
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::{ChangeSetError, ChangeSetFailure};
use crate::interference::Interference;
use crate::names;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::build;
use crate::release::FenrirRelease;
use crate::remediation::{self, CloudKind};
use crate::resolve::{checked, resolved};
use crate::rules::{CheckedTemplate, Tags};
use bifrost::cloud::ErrorKind;
use bifrost::release::Envelope;
use chrono::{DateTime, Utc};
use tokio::join;

/// Creates the change set: CloudFormation computes what the template would change.
///
/// # Errors
/// [`ChangeSetFailure`].
pub async fn create_change_set(
    context: &Context,
    mut release: FenrirRelease,
) -> Result<FenrirRelease, ChangeSetFailure> {
    let ports = context.target(&release.envelope).await?;
    ensure(context, &ports, &mut release).await?;
    Ok(release)
}

/// The release's change set. If none was requested yet, this requests one and gives `None`: the next poll finds it. A stack that
/// was never completed is deleted first. A change set that was deleted is not requested again: somebody does not want it.
///
/// # Errors
/// [`ChangeSetFailure`]; [`Interference`] if somebody else deleted or executed the change set, or deleted its stack.
pub(super) async fn ensure(
    context: &Context,
    ports: &FenrirPorts,
    release: &mut FenrirRelease,
) -> Result<Option<ChangeSet>, ChangeSetFailure> {
    let stack_ref = stack_ref(release);
    let (stack, found) = join!(ports.stacks.stack(&stack_ref), own_change_set(ports.stacks.as_ref(), release));
    let (stack, found) = (stack?, found?);
    if found.is_none() && release.fields.change_set_id.is_some() {
        return Err(deleted(ports.stacks.as_ref(), release, stack.as_ref()).await?.into());
    }
    check_owner(stack.as_ref(), found.as_ref(), &release.envelope)?;
    if let Some(found) = found {
        check_not_executed(release, stack.as_ref(), &found)?;
        record(release, stack.as_ref(), &found);
        return Ok(Some(found));
    }
    let name = change_set_name(&release.envelope);
    let change_set_type = match next_step(stack.as_ref(), &release.envelope, CloudKind::of(&context.account))? {
        Step::Create(change_set_type) => change_set_type,
        Step::DeleteStack(stack) => {
            let proof = context.lock_proof(&release.envelope).await?;
            ports.stacks.delete_stack(&proof, &stack.id, &format!("{name}-delete")).await?;
            return Ok(None);
        }
        Step::Wait => return Ok(None),
    };
    release.fields.change_set_type = Some(change_set_type);
    request(context, ports, release, stack.as_ref()).await?;
    Ok(None)
}

/// Refuses a change set that was executed before `Execute`: the deploy has not checked it yet, and cannot know with which options.
fn check_not_executed(release: &FenrirRelease, stack: Option<&Stack>, found: &ChangeSet) -> Result<(), Interference> {
    if !found.execution_status.is_executed() {
        return Ok(());
    }
    Err(Interference::ChangeSetExecuted {
        stack: stack_name(&release.envelope),
        status: stack.map_or(StackStatus::DeleteComplete, |stack| stack.status.clone()),
        change_set: change_set_name(&release.envelope),
        execution_status: found.execution_status.clone(),
        remediation: "find out who executes change sets without Fenrir, then deploy again",
    })
}

/// Checks that a release may change a stack, as it is now.
///
/// # Errors
/// Why it may not, and what to do.
#[cfg(feature = "cli")]
pub(crate) fn may_change(stack: &Stack, envelope: &Envelope) -> Result<(), ChangeSetError> {
    check_owner(Some(stack), None, envelope)?;
    next_step(Some(stack), envelope, CloudKind::of_release(envelope)).map(drop)
}

/// What has to be done to get a change set.
enum Step<'s> {
    Create(ChangeSetType),
    /// The stack was never completed, and has no resources.
    DeleteStack(&'s Stack),
    /// The stack is being deleted.
    Wait,
}

fn next_step<'s>(stack: Option<&'s Stack>, envelope: &Envelope, cloud: CloudKind) -> Result<Step<'s>, ChangeSetError> {
    let Some(stack) = stack else { return Ok(Step::Create(ChangeSetType::Create)) };
    match &stack.status {
        StackStatus::ReviewInProgress => Ok(Step::Create(ChangeSetType::Create)),
        status if status.can_be_updated() => Ok(Step::Create(ChangeSetType::Update)),
        StackStatus::RollbackComplete => Ok(Step::DeleteStack(stack)),
        StackStatus::DeleteInProgress => Ok(Step::Wait),
        status => Err(ChangeSetError::NotUpdatable {
            stack: stack.name.clone(),
            status: status.clone(),
            remediation: remediation::before_deploy(status, envelope, cloud),
        }),
    }
}

/// Refuses the stack of another project or config. A stack in `REVIEW_IN_PROGRESS` has no tags yet: there the tags of the
/// change set count.
fn check_owner(
    stack: Option<&Stack>,
    change_set: Option<&ChangeSet>,
    envelope: &Envelope,
) -> Result<(), ChangeSetError> {
    let created = stack.filter(|stack| stack.status != StackStatus::ReviewInProgress).map(|stack| &stack.tags);
    let is_foreign = |tags: &&Tags| !names::owned_by(tags, &envelope.project_name, &envelope.config_name);
    match [created, change_set.map(|found| &found.tags)].into_iter().flatten().find(is_foreign) {
        Some(tags) => Err(ChangeSetError::foreign_stack(stack_name(envelope), tags)),
        None => Ok(()),
    }
}

async fn request(
    context: &Context,
    ports: &FenrirPorts,
    release: &mut FenrirRelease,
    stack: Option<&Stack>,
) -> Result<(), ChangeSetFailure> {
    let template = resolved(context, ports, release).await?;
    let change_set = build(ports.stacks.as_ref(), context.account.objects.as_ref(), release, stack, &template).await?;
    let proof = context.lock_proof(&release.envelope).await?;
    let created = match ports.stacks.create_change_set(&proof, &change_set).await {
        // An earlier attempt created it and its answer got lost: the next poll finds it.
        Err(error) if error.kind == ErrorKind::AlreadyExists => return Ok(()),
        answer => answer?,
    };
    release.fields.stack_creation_time = creation_time(ports, stack, &created.stack_id).await;
    (release.fields.change_set_id, release.fields.stack_id) = (Some(created.id), Some(created.stack_id));
    Ok(())
}

/// When the stack was created, by which `CleanUp` recognizes it.
async fn creation_time(ports: &FenrirPorts, stack: Option<&Stack>, stack_id: &str) -> Option<DateTime<Utc>> {
    if let Some(stack) = stack.filter(|stack| stack.id == stack_id) {
        return Some(stack.creation_time);
    }
    match ports.stacks.stack(stack_id).await {
        Ok(created) => created.map(|created| created.creation_time),
        // The change set was requested in any case, and the next poll reads the stack again.
        Err(error) => {
            tracing::warn!(%error, "cannot read when the stack was created");
            None
        }
    }
}

/// The template that a change set was created from, with the result of the rules; `None` if that is not the template of the
/// release.
///
/// # Errors
/// [`ChangeSetFailure`], if the template of the release is refused or a call fails.
pub(super) async fn template_of_release(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
) -> Result<Option<CheckedTemplate>, ChangeSetFailure> {
    let expected = checked(context, ports, release).await?;
    let actual = ports.stacks.change_set_template(&found.stack_id, &found.id).await?;
    Ok(actual.is_some_and(|actual| actual == expected.template).then_some(expected))
}

/// Writes the state of the change set into the release.
fn record(release: &mut FenrirRelease, stack: Option<&Stack>, found: &ChangeSet) {
    let fields = &mut release.fields;
    fields.change_set_type.get_or_insert(ChangeSetType::of(stack));
    // An earlier attempt requested it and its answer got lost.
    fields.change_set_id.get_or_insert_with(|| found.id.clone());
    fields.stack_id.get_or_insert_with(|| found.stack_id.clone());
    fields.stack_creation_time = fields.stack_creation_time.or(stack.map(|stack| stack.creation_time));
    fields.change_set_status.clone_from(&found.status);
    fields.change_set_execution_status.clone_from(&found.execution_status);
    fields.change_set_status_reason = found.status_reason.clone().unwrap_or_default();
    if found.is_empty() {
        fields.change_set_empty = Some(true);
        fields.outputs = stack.map(|stack| stack.outputs.clone()).unwrap_or_default();
    }
}
