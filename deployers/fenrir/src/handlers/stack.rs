//! The states `Execute` and `UpdateStack`.

use super::Context;
use crate::cloud::{FenrirPorts, Stack, StackEvent, StackStatus};
use crate::errors::StackFailure;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::{CLOCKS_DIFFER, MIN_SECONDS, next_wait};
use crate::release::FenrirRelease;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::halt::{self, Halt};
use bifrost::release::{CaughtError, Envelope};
use std::collections::BTreeMap;

/// How many bytes of outputs travel with the release.
const MAX_OUTPUT_BYTES: usize = 32 * 1024;

/// The type of events of the stack itself.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Lets CloudFormation carry the change set out. One that it is at already stays so.
///
/// # Errors
/// [`StackFailure`].
pub async fn execute(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    let ports = context.target(&release.envelope).await?;
    let (stack, name) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    if let Err(error) = ports.stacks.execute_change_set(&stack, &name, &name).await
        && !is_under_way(&ports, &stack, &name).await?
    {
        return Err(error.into());
    }
    release.fields.wait_seconds = MIN_SECONDS;
    Ok(release)
}

/// Whether an earlier attempt had its effect, though its answer got lost.
async fn is_under_way(ports: &FenrirPorts, stack: &str, name: &str) -> Result<bool, CloudError> {
    let change_set = ports.stacks.change_set(stack, name).await?;
    Ok(change_set.is_some_and(|found| found.execution_status.is_executed()))
}

/// Reads how far the stack is, and writes its events into the log. Cancels an update that somebody wants to stop, or that
/// is out of time: its end is waited for.
///
/// # Errors
/// [`StackFailure`].
pub async fn update_stack(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    let ports = context.target(&release.envelope).await?;
    let name = stack_name(&release.envelope);
    let Some(stack) = ports.stacks.stack(&name).await? else {
        // Somebody deleted it meanwhile.
        release.fields.stack_status = StackStatus::DeleteComplete;
        release.fields.stack_status_reason = format!("stack {name} was deleted past the deployer");
        return Ok(release);
    };
    cancel_if_unwanted(context, &ports, &stack, &mut release).await?;
    let events = own_events(context, &ports, &release.envelope, &stack).await?;
    release.fields.log_summary = Some(log::write_events(context, &release.envelope, &events).await?);
    record(&mut release, stack, &events);
    release.fields.wait_seconds = next_wait(&release.envelope, context.now());
    Ok(release)
}

/// Cancels an update once. A stack that is being made, or rolls back already, cannot be stopped.
async fn cancel_if_unwanted(
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
        // The next look asks again, and the update goes on meanwhile in any case.
        Err(Halt::Unknown(error)) => {
            tracing::warn!(%error, "whether somebody asked for a halt is not known");
            return Ok(());
        }
        Err(halt) => halt,
    };
    // Before it is asked: an answer may get lost. A deploy that succeeds in spite of it forgets it.
    let (error, cause) = ("HaltError".into(), halt.to_string());
    release.envelope.error.get_or_insert(CaughtError { error, cause });
    match ports.stacks.cancel_update(&stack.id, &cancel_token(&release.envelope)).await {
        // It ended, or began to roll back, between the look and now; or it was asked before.
        Err(error) if error.code == "ValidationError" || error.kind == ErrorKind::Conflict => Ok(()),
        answer => answer,
    }
}

fn cancel_token(envelope: &Envelope) -> String {
    format!("{}-cancel", change_set_name(envelope))
}

/// What happened since this release's change set was executed, oldest first; nothing if that does not show yet. While the
/// lock is held, all that happens then is of this deploy.
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

/// Enters what was found into the release. The stack may still be described as it was before `Execute`: its status counts
/// once the last of its own events says the same.
fn record(release: &mut FenrirRelease, stack: Stack, events: &[StackEvent]) {
    let told = events.iter().rfind(|event| event.resource_type == STACK).map(|event| event.status.as_str());
    let fields = &mut release.fields;
    fields.stack_status = if told == Some(stack.status.as_str()) { stack.status } else { StackStatus::default() };
    fields.stack_status_reason = stack.status_reason.unwrap_or_default();
    fields.stack_creation_time = Some(stack.creation_time);
    fields.outputs = bounded(stack.outputs);
}

/// As many outputs as can travel with a release, in the order of their names. `outputs` tells all of them.
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
