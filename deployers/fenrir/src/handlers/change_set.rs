//! The state `CreateChangeSet`, and the change set as it is found.

use super::Context;
use crate::cloud::{ChangeSet, ChangeSetType, FenrirPorts, Stack, StackStatus};
use crate::errors::ChangeSetFailure;
use crate::names::{change_set_name, stack_name};
use crate::new_change_set::build;
use crate::ownership;
use crate::release::FenrirRelease;
use crate::resolve::resolved;
use crate::rules::Tags;
use bifrost::cloud::ErrorKind;
use bifrost::release::Envelope;
use tokio::join;

/// Asks CloudFormation what the template would change.
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

/// Makes sure of the release's change set: finds the one that an earlier attempt made, or makes it. Where a stack that
/// never came up is in its way, that goes first, which takes until a later look.
pub(super) async fn ensure(
    context: &Context,
    ports: &FenrirPorts,
    release: &mut FenrirRelease,
) -> Result<Option<ChangeSet>, ChangeSetFailure> {
    let (stack_name, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    let (stack, found) = join!(ports.stacks.stack(&stack_name), ports.stacks.change_set(&stack_name, &name));
    let (stack, found) = (stack?, found?);
    check_owner(stack.as_ref(), found.as_ref(), &release.envelope)?;
    if let Some(found) = found {
        record(release, stack.as_ref(), &found);
        return Ok(Some(found));
    }
    let change_set_type = match next_step(stack.as_ref())? {
        Step::Make(change_set_type) => change_set_type,
        Step::Delete(stack) => {
            ports.stacks.delete_stack(&stack.id, &format!("{name}-delete")).await?;
            return Ok(None);
        }
        Step::Wait => return Ok(None),
    };
    release.fields.change_set_type = Some(change_set_type);
    make(context, ports, release, stack.as_ref()).await?;
    Ok(None)
}

/// Whether a release may change a stack that is as it is now.
///
/// # Errors
/// Why it may not, and what to do.
#[cfg(feature = "cli")]
pub(crate) fn may_change(stack: &Stack, envelope: &Envelope) -> Result<(), ChangeSetFailure> {
    check_owner(Some(stack), None, envelope)?;
    next_step(Some(stack)).map(drop)
}

/// What has to be done before, or for, a change set.
enum Step<'s> {
    Make(ChangeSetType),
    /// The stack never came up, and holds nothing.
    Delete(&'s Stack),
    Wait,
}

fn next_step(stack: Option<&Stack>) -> Result<Step<'_>, ChangeSetFailure> {
    let Some(stack) = stack else { return Ok(Step::Make(ChangeSetType::Create)) };
    match &stack.status {
        StackStatus::ReviewInProgress => Ok(Step::Make(ChangeSetType::Create)),
        status if status.can_be_updated() => Ok(Step::Make(ChangeSetType::Update)),
        StackStatus::RollbackComplete => Ok(Step::Delete(stack)),
        StackStatus::DeleteInProgress => Ok(Step::Wait),
        status => Err(ChangeSetFailure::Deploy(format!(
            "stack {} is in {status}, and cannot be changed: {}",
            stack.name,
            status
                .remediation(&stack.name)
                .unwrap_or_else(|| "somebody changes it past the deployer; deploy again when that is over".into())
        ))),
    }
}

/// A stack that waits for its first change set has no tags yet: then those of the change set tell.
fn check_owner(stack: Option<&Stack>, found: Option<&ChangeSet>, envelope: &Envelope) -> Result<(), ChangeSetFailure> {
    let made = stack.filter(|stack| stack.status != StackStatus::ReviewInProgress).map(|stack| &stack.tags);
    let is_others = |tags: &&Tags| !ownership::is_of(tags, &envelope.project_name, &envelope.config_name);
    match [made, found.map(|found| &found.tags)].into_iter().flatten().find(is_others) {
        Some(tags) => Err(ChangeSetFailure::Deploy(ownership::others(&stack_name(envelope), tags))),
        None => Ok(()),
    }
}

async fn make(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    stack: Option<&Stack>,
) -> Result<(), ChangeSetFailure> {
    let template = resolved(context, ports, release).await?;
    let change_set = build(ports.stacks.as_ref(), context.account.objects.as_ref(), release, stack, &template).await?;
    match ports.stacks.create_change_set(&change_set).await {
        // An answer that got lost: the next look finds it.
        Err(error) if error.kind == ErrorKind::AlreadyExists => Ok(()),
        made => Ok(made?),
    }
}

/// Enters what was found into the release.
fn record(release: &mut FenrirRelease, stack: Option<&Stack>, found: &ChangeSet) {
    let fields = &mut release.fields;
    fields.change_set_type.get_or_insert(ChangeSetType::of(stack));
    fields.change_set_status.clone_from(&found.status);
    fields.change_set_execution_status.clone_from(&found.execution_status);
    fields.change_set_status_reason = found.status_reason.clone().unwrap_or_default();
    if found.is_empty() {
        fields.change_set_empty = Some(true);
        fields.outputs = stack.map(|stack| stack.outputs.clone()).unwrap_or_default();
    }
}
