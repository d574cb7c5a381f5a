//! The state `UpdateStack`.

use super::Context;
use crate::cloud::{FenrirPorts, Stack, StackEvent};
use crate::errors::StackFailure;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::pace::next_wait;
use crate::release::FenrirRelease;
use bifrost::cloud::CloudError;
use bifrost::halt::{self, Halt};
use bifrost::release::{CaughtError, Envelope};
use chrono::TimeDelta;

/// Clocks differ: events are read from a little before the deploy.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

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
        release.fields.stack_status = "DELETE_COMPLETE".into();
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
    if stack.status != "UPDATE_IN_PROGRESS" {
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
    let token = format!("{}-cancel", change_set_name(&release.envelope));
    match ports.stacks.cancel_update(&stack.id, &token).await {
        Ok(()) => {
            let (error, cause) = ("HaltError".into(), halt.to_string());
            release.envelope.error.get_or_insert(CaughtError { error, cause });
            Ok(())
        }
        // It ended, or began to roll back, between the look and now.
        Err(error) if error.code == "ValidationError" => Ok(()),
        Err(error) => Err(error),
    }
}

/// The events that came by this release's change set, its cancelling included.
async fn own_events(
    context: &Context,
    ports: &FenrirPorts,
    envelope: &Envelope,
    stack: &Stack,
) -> Result<Vec<StackEvent>, CloudError> {
    let since = envelope.started_at.unwrap_or_else(|| context.now()) - CLOCKS_DIFFER;
    let token = change_set_name(envelope);
    let mut events = ports.stacks.events(&stack.id, since).await?;
    events.retain(|event| event.token.as_ref().is_some_and(|found| found.starts_with(&token)));
    Ok(events)
}

/// Enters what was found into the release. Right after `Execute` the stack may still be described as it was before: what
/// it says counts once this release's change set shows.
fn record(release: &mut FenrirRelease, stack: Stack, events: &[StackEvent]) {
    let change_set = format!(":changeSet/{}/", change_set_name(&release.envelope));
    let began = !events.is_empty() || stack.change_set_id.is_some_and(|id| id.contains(&change_set));
    let fields = &mut release.fields;
    fields.stack_status = if began { stack.status } else { String::new() };
    fields.stack_status_reason = stack.status_reason.unwrap_or_default();
    fields.stack_creation_time = Some(stack.creation_time);
    fields.outputs = stack.outputs;
}
