//! The state `UpdateStack`.

use super::Context;
use super::identity::{own_change_set, stack_ref};
use crate::cloud::{FenrirPorts, Stack, StackEvent, StackStatus};
use crate::errors::{StackCheckError, StackFailure};
use crate::interference::Interference;
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::{CLOCKS_DIFFER, MAX_STOPPING, stack_wait};
use crate::release::FenrirRelease;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::error_code::{Coded, with_code};
use bifrost::lifecycle::{Halt, HaltCheckError};
use bifrost::release::{CaughtError, Envelope};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use tokio::join;

/// How long after `Execute` the stack may show nothing of it: CloudFormation's answers may be a few seconds old.
const MAX_UNSEEN: TimeDelta = TimeDelta::seconds(60);

/// How many bytes of outputs a release carries.
const MAX_OUTPUT_BYTES: usize = 32 * 1024;

/// The type of events of the stack itself.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Reads the stack's status and writes its events into the log. Cancels an update that was halted or whose timeout is over;
/// the next polls wait for the end of its rollback.
///
/// # Errors
/// [`StackFailure`]. [`Interference`] if it is not known how the operation of this deploy ends, as somebody else interfered, or
/// as CloudFormation has not finished [`MAX_STOPPING`] after the deploy had to stop.
pub async fn update_stack(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    // Asked in every attempt: otherwise the framework would end a halted deploy while CloudFormation goes on.
    let (halt, ports) = join!(context.halt(&release.envelope), context.target(&release.envelope));
    let ports = ports?;
    let Some(stack) = ports.stacks.stack(&stack_ref(&release)).await? else {
        release.fields.stack_status = StackStatus::DeleteComplete;
        release.fields.stack_status_reason = deleted_by_another(&release.envelope);
        return Ok(release);
    };
    let events = own_events(context, &ports, &release.envelope, &stack).await?;
    check_started(context, &ports, &mut release, &stack, &events).await?;
    let alone = check_alone(&release.envelope, &stack, &events);
    if let Some(halt) = must_stop(halt) {
        release.fields.stopping_since.get_or_insert(context.now());
        // CloudFormation cannot cancel the creation of a stack, or a rollback. The operation of somebody else is left alone.
        if stack.status == StackStatus::UpdateInProgress && !events.is_empty() && alone.is_ok() {
            cancel(context, &ports, &stack, &mut release, &halt).await?;
        }
    }
    release.fields.log_summary = Some(log::write_events(context, &release.envelope, &events).await?);
    record(&mut release, stack, &events);
    alone?;
    check_settles(context, &release)?;
    release.fields.wait_seconds = stack_wait(&release.envelope, release.fields.stopping_since, context.now());
    Ok(release)
}

/// Fails if the stack still shows no operation of this deploy a while after `Execute`: somebody else executed the change set, or
/// replaced what it was executed on.
async fn check_started(
    context: &Context,
    ports: &FenrirPorts,
    release: &mut FenrirRelease,
    stack: &Stack,
    events: &[StackEvent],
) -> Result<(), StackCheckError> {
    let now = context.now();
    let requested_at = *release.fields.execution_requested_at.get_or_insert(now);
    let waited = now.signed_duration_since(requested_at);
    if !events.is_empty() || waited <= MAX_UNSEEN {
        return Ok(());
    }
    let found = own_change_set(ports.stacks.as_ref(), release).await?;
    let execution_status = found.map_or_else(|| "deleted".to_owned(), |found| found.execution_status.to_string());
    Err(StackCheckError::Interference(Interference::ExecutionNotFound {
        stack: stack.name.clone(),
        status: stack.status.clone(),
        change_set: change_set_name(&release.envelope),
        execution_status,
        seconds: waited.num_seconds(),
    }))
}

/// Fails if another operation began after that of this deploy, except the deletion of the stack, whose end says enough. Then the
/// stack's status is not the result of this deploy.
fn check_alone(envelope: &Envelope, stack: &Stack, events: &[StackEvent]) -> Result<(), Interference> {
    let token = change_set_name(envelope);
    let begins_another = |event: &&StackEvent| {
        matches!(event.status.as_str(), "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS")
            && event.token.as_ref() != Some(&token)
    };
    let of_stack: Vec<_> = events.iter().filter(|event| event.resource_type == STACK).collect();
    let Some(other) = of_stack.iter().position(begins_another) else { return Ok(()) };
    let own = of_stack.iter().take(other).next_back().map(|event| event.status.clone()).unwrap_or_default();
    Err(Interference::StackChanged { stack: stack.name.clone(), own, status: stack.status.clone() })
}

/// Fails if the deploy must stop, and CloudFormation has not finished within [`MAX_STOPPING`].
fn check_settles(context: &Context, release: &FenrirRelease) -> Result<(), Interference> {
    let status = &release.fields.stack_status;
    let is_settled = !status.is_unset() && !status.is_in_progress();
    let stopping_since = release.fields.stopping_since;
    if is_settled || stopping_since.is_none_or(|since| context.now().signed_duration_since(since) <= MAX_STOPPING) {
        return Ok(());
    }
    Err(Interference::StackNotSettled { stack: stack_name(&release.envelope), status: status.clone() })
}

fn must_stop(halt: Result<(), HaltCheckError>) -> Option<Halt> {
    match halt {
        Ok(()) => None,
        Err(HaltCheckError::Halt(halt)) => Some(halt),
        // The next poll checks again; the update continues in any case.
        Err(HaltCheckError::Cloud(error)) => {
            tracing::warn!(%error, "cannot check for a halt flag");
            None
        }
    }
}

/// Cancels an update once.
async fn cancel(
    context: &Context,
    ports: &FenrirPorts,
    stack: &Stack,
    release: &mut FenrirRelease,
    halt: &Halt,
) -> Result<(), CloudError> {
    // Before the call: its answer may get lost. A deploy that succeeds all the same clears the error.
    let (error, cause) = ("HaltError".into(), with_code(halt.code(), &halt.to_string()));
    release.envelope.error.get_or_insert(CaughtError { error, cause });
    let proof = context.lock_proof(&release.envelope).await?;
    match ports.stacks.cancel_update(&proof, &stack.id, &cancel_token(&release.envelope)).await {
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
    fields.stack_status_reason = if fields.stack_status == StackStatus::DeleteComplete {
        deleted_by_another(&release.envelope)
    } else {
        stack.status_reason.unwrap_or_default()
    };
    fields.stack_creation_time = Some(stack.creation_time);
    fields.outputs = bounded(stack.outputs);
}

/// No task deletes the stack between `Execute` and the end of its operation.
fn deleted_by_another(envelope: &Envelope) -> String {
    format!("stack {} was deleted during the deploy, not by it", stack_name(envelope))
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
