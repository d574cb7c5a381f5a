//! The states `Execute` and `UpdateStack`.

use super::Context;
use crate::cloud::{FenrirPorts, Stack, StackEvent, StackStatus};
use crate::errors::StackFailure;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::{CLOCKS_DIFFER, MIN_SECONDS, next_wait};
use crate::release::FenrirRelease;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::error_code::{Coded, with_code};
use bifrost::halt::{self, HaltCheckError};
use bifrost::release::{CaughtError, Envelope};
use std::collections::BTreeMap;

/// How many bytes of outputs a release carries.
const MAX_OUTPUT_BYTES: usize = 32 * 1024;

/// The type of events of the stack itself.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Starts the execution of the change set. Has no effect if an earlier attempt started it.
///
/// # Errors
/// [`StackFailure`].
pub async fn execute(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    let ports = context.target(&release.envelope).await?;
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    if let Err(error) = ports.stacks.execute_change_set(&stack, &name, &name).await
        && !is_executed(&ports, &stack, &name).await?
    {
        return Err(error.into());
    }
    release.fields.wait_seconds = MIN_SECONDS;
    Ok(release)
}

/// Whether an earlier attempt started the execution, although its answer got lost.
async fn is_executed(ports: &FenrirPorts, stack: &str, name: &str) -> Result<bool, CloudError> {
    let change_set = ports.stacks.change_set(stack, name).await?;
    Ok(change_set.is_some_and(|found| found.execution_status.is_executed()))
}

/// Reads the stack's status and writes its events into the log. Cancels an update that was halted or whose timeout is over;
/// the next polls wait for the end of its rollback.
///
/// # Errors
/// [`StackFailure`].
pub async fn update_stack(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    let ports = context.target(&release.envelope).await?;
    let name = stack_name(&release.envelope);
    let Some(stack) = ports.stacks.stack(&name).await? else {
        release.fields.stack_status = StackStatus::DeleteComplete;
        release.fields.stack_status_reason = format!("stack {name} was deleted during the deploy, not by it");
        return Ok(release);
    };
    cancel_if_halted(context, &ports, &stack, &mut release).await?;
    let events = own_events(context, &ports, &release.envelope, &stack).await?;
    release.fields.log_summary = Some(log::write_events(context, &release.envelope, &events).await?);
    record(&mut release, stack, &events);
    release.fields.wait_seconds = next_wait(&release.envelope, context.now());
    Ok(release)
}

/// Cancels an update once. CloudFormation cannot cancel the creation of a stack, or a rollback.
async fn cancel_if_halted(
    context: &Context,
    ports: &FenrirPorts,
    stack: &Stack,
    release: &mut FenrirRelease,
) -> Result<(), CloudError> {
    if stack.status != StackStatus::UpdateInProgress {
        return Ok(());
    }
    let halt = match halt::check(context, &release.envelope).await {
        Ok(()) => return Ok(()),
        // The next poll checks again; the update continues in any case.
        Err(HaltCheckError::Cloud(error)) => {
            tracing::warn!(%error, "cannot check for a halt flag");
            return Ok(());
        }
        Err(HaltCheckError::Halt(halt)) => halt,
    };
    // Before the call: its answer may get lost. A deploy that succeeds all the same clears the error.
    let (error, cause) = ("HaltError".into(), with_code(halt.code(), &halt.to_string()));
    release.envelope.error.get_or_insert(CaughtError { error, cause });
    match ports.stacks.cancel_update(&stack.id, &cancel_token(&release.envelope)).await {
        // The update ended or began to roll back since its status was read, or was cancelled before.
        Err(error) if error.code == "ValidationError" || error.kind == ErrorKind::Conflict => Ok(()),
        answer => answer,
    }
}

fn cancel_token(envelope: &Envelope) -> String {
    format!("{}-cancel", change_set_name(envelope))
}

/// The events since the execution of this release's change set, oldest first; empty if the execution does not show yet. As
/// the lock is held, all of these events belong to this deploy.
async fn own_events(
    context: &Context,
    ports: &FenrirPorts,
    envelope: &Envelope,
    stack: &Stack,
) -> Result<Vec<StackEvent>, CloudError> {
    let since = envelope.started_at.unwrap_or_else(|| context.now()) - CLOCKS_DIFFER;
    let token = change_set_name(envelope);
    let events = ports.stacks.events(&stack.id, since).await?;
    Ok(events.into_iter().skip_while(|event| event.token.as_ref() != Some(&token)).collect())
}

/// Writes the state of the stack into the release. CloudFormation may still describe the stack as it was before `Execute`,
/// so a status counts only if the last event of the stack has it, too.
fn record(release: &mut FenrirRelease, stack: Stack, events: &[StackEvent]) {
    let last = events.iter().rfind(|event| event.resource_type == STACK).map(|event| event.status.as_str());
    let fields = &mut release.fields;
    fields.stack_status = if last == Some(stack.status.as_str()) { stack.status } else { StackStatus::default() };
    fields.stack_status_reason = stack.status_reason.unwrap_or_default();
    fields.stack_creation_time = Some(stack.creation_time);
    fields.outputs = bounded(stack.outputs);
}

/// As many outputs as fit into a release, in the order of their names. The command `outputs` shows all.
fn bounded(outputs: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut room = MAX_OUTPUT_BYTES;
    let fits = outputs.into_iter().take_while(|(key, value)| {
        let size = key.len() + value.len();
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    });
    fits.collect()
}
