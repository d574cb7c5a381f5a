//! The state `Execute`.

use super::Context;
use super::change_set::template_of_release;
use super::identity::{deleted, own_change_set, stack_ref, successor};
use super::update_change_set::template_sha256;
use crate::cloud::{Change, ChangeSet, ChangeSetStatus, ExecutionStatus, FenrirPorts};
use crate::errors::{ChangeSetError, ChangeSetFailure, ReleaseError};
use crate::interference::Interference;
use crate::names::{change_set_name, stack_name};
use crate::poll_interval::FIRST_SECONDS;
use crate::release::FenrirRelease;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::lifecycle::BadRelease;
use bifrost::release::Sha256;
use serde_json::json;

/// Compares the change set with the one that was created and checked once more, and starts its execution. Has no effect if an
/// earlier attempt started it; if somebody else did, `UpdateStack` finds out.
///
/// An error in this task needs an operator, and is not retried. So it makes few calls: it reads the change set and its template.
///
/// # Errors
/// [`ChangeSetFailure`].
pub async fn execute(context: &Context, mut release: FenrirRelease) -> Result<FenrirRelease, ChangeSetFailure> {
    let ports = context.target(&release.envelope).await?;
    match own_change_set(ports.stacks.as_ref(), &release).await? {
        Some(found) if found.execution_status.is_executed() => {}
        Some(found) if is_available(&found) => start(context, &ports, &release, &found).await?,
        found => return Err(not_executable(&ports, &release, found.as_ref()).await?),
    }
    release.fields.execution_requested_at = Some(context.now());
    release.fields.wait_seconds = FIRST_SECONDS;
    Ok(release)
}

fn is_available(found: &ChangeSet) -> bool {
    found.status == ChangeSetStatus::CreateComplete && found.execution_status == ExecutionStatus::Available
}

/// Why the change set cannot be executed: what became of it.
async fn not_executable(
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: Option<&ChangeSet>,
) -> Result<ChangeSetFailure, CloudError> {
    let status = match found {
        Some(found) => found.execution_status.to_string(),
        None if successor(ports.stacks.as_ref(), release).await?.is_some() => return Ok(replaced(release)),
        None => {
            let stack = ports.stacks.stack(&stack_ref(release)).await?;
            match deleted(ports.stacks.as_ref(), release, stack.as_ref()).await? {
                Interference::StackDeleted { status, .. } => format!("deleted with its stack, which is in {status}"),
                _ => "deleted".to_owned(),
            }
        }
    };
    let (stack, change_set) = (stack_name(&release.envelope), change_set_name(&release.envelope));
    Ok(ChangeSetError::NotExecutable { stack, change_set, status }.into())
}

fn replaced(release: &FenrirRelease) -> ChangeSetFailure {
    let change_set = change_set_name(&release.envelope);
    BadRelease::rule(ReleaseError::ChangeSetReplaced { change_set }).into()
}

/// Executes the change set by its ARN: this one was compared, and another of its name was not.
async fn start(
    context: &Context,
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
) -> Result<(), ChangeSetFailure> {
    if !is_as_checked(context, ports, release, found).await? {
        return Err(replaced(release));
    }
    context.record_plan(plan_sha256(&found.changes));
    let proof = context.lock_proof(&release.envelope).await?;
    let token = change_set_name(&release.envelope);
    match ports.stacks.execute_change_set(&proof, &found.stack_id, &found.id, &token).await {
        Ok(()) => Ok(()),
        Err(error) => check_started(ports, release, found, error).await,
    }
}

/// The call failed. An earlier attempt may have started the execution all the same, although its answer got lost.
async fn check_started(
    ports: &FenrirPorts,
    release: &FenrirRelease,
    found: &ChangeSet,
    source: CloudError,
) -> Result<(), ChangeSetFailure> {
    match ports.stacks.change_set(&found.stack_id, &found.id).await? {
        Some(found) if found.execution_status.is_executed() => Ok(()),
        _ if matches!(source.kind, ErrorKind::Conflict | ErrorKind::NotFound) => {
            let (stack, change_set) = (stack_name(&release.envelope), change_set_name(&release.envelope));
            Err(ChangeSetError::Refused { stack, change_set, source: Box::new(source) }.into())
        }
        _ => Err(source.into()),
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
    let template = ports.stacks.change_set_template(&found.stack_id, &found.id).await?;
    Ok(template.is_some_and(|template| template_sha256(&template) == checked))
}
