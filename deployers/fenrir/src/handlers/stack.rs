//! The states `Execute` and `UpdateStack`.

use super::Context;
use super::change_set::template_of_release;
use super::update_change_set::template_sha256;
use crate::cloud::{Change, ChangeSet, ExecutionStatus, FenrirPorts, Stack, StackEvent, StackStatus};
use crate::errors::{ChangeSetError, ChangeSetFailure, ReleaseError, StackFailure};
use crate::log;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::{CLOCKS_DIFFER, MIN_SECONDS, next_wait};
use crate::release::FenrirRelease;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::error_code::{Coded, with_code};
use bifrost::lifecycle::{BadRelease, Halt, HaltCheckError};
use bifrost::release::{CaughtError, Envelope, Sha256};
use serde_json::json;
use std::collections::BTreeMap;
use tokio::join;

/// How many bytes of outputs a release carries.
const MAX_OUTPUT_BYTES: usize = 32 * 1024;

/// The type of events of the stack itself.
const STACK: &str = "AWS::CloudFormation::Stack";

/// Compares the change set with the template once more, and starts its execution. Has no effect if an earlier attempt started
/// it.
///
/// An error in this task needs an operator, and is not retried. So it makes few calls: it reads the change set and its template.
///
/// # Errors
/// [`ChangeSetFailure`].
pub async fn execute(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, ChangeSetFailure> {
    let ports = context.target(&release.envelope).await?;
    let found = find(&ports, &release.envelope).await?;
    match found {
        Some(found) if found.execution_status.is_executed() => {}
        Some(found) if found.execution_status == ExecutionStatus::Available => {
            start(context, &ports, &release, &found).await?;
        }
        found => return Err(not_executable(&release.envelope, found.as_ref()).into()),
    }
    release.fields.wait_seconds = MIN_SECONDS;
    Ok(release)
}

async fn find(ports: &FenrirPorts, envelope: &Envelope) -> Result<Option<ChangeSet>, CloudError> {
    ports.stacks.change_set(&stack_name(envelope), &change_set_name(envelope)).await
}

fn not_executable(envelope: &Envelope, found: Option<&ChangeSet>) -> ChangeSetError {
    let status = found.map_or("deleted", |found| found.execution_status.as_str()).to_owned();
    ChangeSetError::NotExecutable { stack: stack_name(envelope), change_set: change_set_name(envelope), status }
}

/// Executes the change set by its ARN: this one was compared, and another of its name was not.
async fn start(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
) -> Result<(), ChangeSetFailure> {
    let envelope = &release.envelope;
    if !is_as_checked(context, ports, release, found).await? {
        let change_set = change_set_name(envelope);
        return Err(BadRelease::rule(ReleaseError::ChangeSetReplaced { change_set }).into());
    }
    context.record_plan(plan_sha256(&found.changes));
    let proof = context.lock_proof(envelope).await?;
    let token = change_set_name(envelope);
    let started = ports.stacks.execute_change_set(&proof, &stack_name(envelope), &found.id, &token).await;
    // An earlier attempt may have started it, although its answer got lost.
    let is_executed = |found: ChangeSet| found.execution_status.is_executed();
    match started {
        Err(error) if !find(ports, envelope).await?.is_some_and(is_executed) => Err(error.into()),
        _ => Ok(()),
    }
}

/// The SHA-256 of the changes of a change set: their JSON, one a line, sorted.
fn plan_sha256(changes: &[Change]) -> Sha256 {
    let mut lines: Vec<String> = changes.iter().map(|change| json!(change).to_string()).collect();
    lines.sort_unstable();
    Sha256::of(lines.join("\n").as_bytes())
}

/// Whether the change set has the template that `UpdateChangeSet` checked.
async fn is_as_checked(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
) -> Result<bool, ChangeSetFailure> {
    let Some(checked) = release.fields.checked_template_sha256 else {
        // Go Fenrir checked it, and was replaced during the deploy.
        return Ok(template_of_release(context, ports, release, found).await?.is_some());
    };
    let template = ports.stacks.change_set_template(&stack_name(&release.envelope), &found.id).await?;
    Ok(template.is_some_and(|template| template_sha256(&template) == checked))
}

/// Reads the stack's status and writes its events into the log. Cancels an update that was halted or whose timeout is over;
/// the next polls wait for the end of its rollback.
///
/// # Errors
/// [`StackFailure`].
pub async fn update_stack(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, StackFailure> {
    // Asked in every attempt: otherwise the framework would end a halted deploy while CloudFormation goes on.
    let (halt, ports) = join!(context.halt(&release.envelope), context.target(&release.envelope));
    let ports = ports?;
    let name = stack_name(&release.envelope);
    let Some(stack) = ports.stacks.stack(&name).await? else {
        release.fields.stack_status = StackStatus::DeleteComplete;
        release.fields.stack_status_reason = format!("stack {name} was deleted during the deploy, not by it");
        return Ok(release);
    };
    // CloudFormation cannot cancel the creation of a stack, or a rollback.
    if let Some(halt) = must_stop(halt)
        && stack.status == StackStatus::UpdateInProgress
    {
        cancel(context, &ports, &stack, &mut release, &halt).await?;
    }
    let events = own_events(context, &ports, &release.envelope, &stack).await?;
    release.fields.log_summary = Some(log::write_events(context, &release.envelope, &events).await?);
    record(&mut release, stack, &events);
    release.fields.wait_seconds = next_wait(&release.envelope, context.now());
    Ok(release)
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
