//! What the client shows of a deploy: how severe a line of its log is, and how it ended.

use crate::cloud::{ChangeSetStatus, ChangeSetType, StackStatus};
use crate::impact::refused_replacement_help;
use crate::log;
use crate::machine::Fenrir;
use crate::names::stack_name;
use crate::release::FenrirRelease;
use crate::remediation::{self, CloudKind};
use bifrost::client::{Changes, LogSeverity, Serving, StepFailure};
use bifrost::error_code::split_code;
use bifrost::release::Envelope;

/// How severe a line of the log is. The line comes without its time.
#[must_use]
pub(crate) fn severity(line: &str) -> LogSeverity {
    let loses_data = line.ends_with(log::HOLDS_DATA);
    match line.split(' ').next().unwrap_or_default() {
        "REPLACE" | "REPLACE?" | "REMOVE" if loses_data => LogSeverity::Bad,
        "REPLACE" | "REPLACE?" | "REMOVE" | "DYNAMIC" => LogSeverity::Warn,
        status if status.ends_with("_FAILED") => LogSeverity::Bad,
        status if status.contains("ROLLBACK") => LogSeverity::Warn,
        status if status.ends_with("_COMPLETE") => LogSeverity::Good,
        _ => LogSeverity::Plain,
    }
}

/// Why a halt has no effect any more in this state; `None` while it has.
#[must_use]
pub(crate) fn too_late(state: Fenrir, release: &FenrirRelease) -> Option<String> {
    use Fenrir as S;
    let is_new = release.fields.change_set_type == Some(ChangeSetType::Create);
    let status = &release.fields.stack_status;
    match state {
        S::Execute | S::WaitForComplete | S::UpdateStack | S::IsComplete if is_new => {
            Some("CloudFormation cannot cancel the creation of a stack, so the deploy continues to its end".into())
        }
        S::WaitForComplete | S::UpdateStack | S::IsComplete
            if !status.is_unset() && *status != StackStatus::UpdateInProgress =>
        {
            Some(format!("the stack is in {status}, which CloudFormation cannot cancel"))
        }
        S::ReleaseLock | S::IsSuccess | S::CleanUp | S::Success | S::FailureClean | S::FailureDirty => {
            Some("the deploy is already ending".into())
        }
        S::Validate
        | S::Lock
        | S::CreateChangeSet
        | S::WaitForChangeSet
        | S::UpdateChangeSet
        | S::IsExecutable
        | S::Execute
        | S::WaitForComplete
        | S::UpdateStack
        | S::IsComplete => None,
    }
}

/// Which release is in service after a deploy that failed or was stopped in `state`.
#[must_use]
pub(crate) fn serving(state: Fenrir, release: &FenrirRelease, failures: &[StepFailure]) -> Serving {
    let fields = &release.fields;
    match &fields.stack_status {
        // A newer release may have changed the stack since this deploy read its status.
        _ if failures.iter().any(|failure| is_of_lost_lock(failure.code.as_deref())) => Serving::Unknown,
        status if status.is_success() => Serving::New,
        // The stack keeps the tag of the release that changed it last, so it looks like that of another release.
        _ if fields.change_set_empty == Some(true) => Serving::Unknown,
        StackStatus::RollbackComplete | StackStatus::UpdateRollbackComplete => Serving::Previous,
        // `UpdateStack` has read no status yet.
        status if status.is_unset() => before_any_status(state),
        _ => Serving::Unknown,
    }
}

/// Whether an error shows that the lock was not this execution's any more.
fn is_of_lost_lock(code: Option<&str>) -> bool {
    matches!(code, Some("lock/lost" | "lock/given-back"))
}

/// Whether the deploy ended because it had lost its lock.
fn lost_the_lock(envelope: &Envelope) -> bool {
    envelope.error.as_ref().is_some_and(|error| is_of_lost_lock(split_code(&error.cause).0))
}

/// Which release is in service if the release has no status of the stack.
fn before_any_status(state: Fenrir) -> Serving {
    use Fenrir as S;
    match state {
        S::Execute | S::WaitForComplete | S::UpdateStack | S::IsComplete => Serving::Unknown,
        S::Validate
        | S::Lock
        | S::CreateChangeSet
        | S::WaitForChangeSet
        | S::UpdateChangeSet
        | S::IsExecutable
        | S::ReleaseLock
        | S::IsSuccess
        | S::CleanUp
        | S::Success
        | S::FailureClean
        | S::FailureDirty => Serving::Previous,
    }
}

/// What a deploy changed, from the output of its last state.
#[must_use]
pub(crate) fn changes(release: &FenrirRelease) -> Changes {
    let fields = &release.fields;
    let stack = stack_name(&release.envelope);
    if is_unchanged(release) {
        let note = format!("no changes: stack {stack} already matches the template");
        return Changes { outputs: fields.outputs.clone(), notes: vec![note], ..Changes::default() };
    }
    if fields.stack_status.is_success() && !lost_the_lock(&release.envelope) {
        let created = (fields.change_set_type == Some(ChangeSetType::Create)).then(|| format!("stack {stack}"));
        return Changes {
            created: created.into_iter().collect(),
            outputs: fields.outputs.clone(),
            ..Changes::default()
        };
    }
    Changes { notes: notes(release, &stack), ..Changes::default() }
}

/// Whether the deploy found no changes. Its end clears `change_set_empty`.
fn is_unchanged(release: &FenrirRelease) -> bool {
    let fields = &release.fields;
    let has_ended = release.envelope.success == Some(true) && fields.stack_status.is_unset();
    fields.change_set_empty == Some(true) || has_ended
}

/// What to know about a deploy that failed: the reason, and the state of its stack.
fn notes(release: &FenrirRelease, stack: &str) -> Vec<String> {
    let fields = &release.fields;
    let first = fields.log_summary.as_deref().and_then(log::first_failure);
    let change_set = (fields.change_set_status == ChangeSetStatus::Failed)
        .then(|| format!("the change set failed: {}", fields.change_set_status_reason));
    let failed = first.map(|line| format!("failed first: {line}")).or(change_set);
    let mut notes: Vec<String> = cancelled(release).or(failed).into_iter().collect();
    notes.extend(first.and_then(refused_replacement_help));
    notes.extend(outcome(release, stack));
    notes
}

/// Why the update was cancelled, if it was: by a halt or by the timeout.
fn cancelled(release: &FenrirRelease) -> Option<String> {
    let error = release.envelope.error.as_ref()?;
    let is_cancelled = error.error == "HaltError" && !release.fields.stack_status.is_unset();
    is_cancelled.then(|| format!("cancelled: {}", split_code(&error.cause).1))
}

/// The state of the stack after the deploy, and what to do about it. Without the lock, that depends on the deploy that has it
/// now, so the deploy's own status leads to no command.
fn outcome(release: &FenrirRelease, stack: &str) -> Option<String> {
    let (status, envelope) = (&release.fields.stack_status, &release.envelope);
    if lost_the_lock(envelope) {
        return (!status.is_unset()).then(|| {
            format!(
                "stack {stack} was in {status} when it was last read; the deploy has lost its lock since then, so a newer \
                 deploy may hold the lock and have changed the stack: see with `status` what is deployed before you change \
                 anything"
            )
        });
    }
    let cloud = CloudKind::of_release(envelope);
    let with_lock_kept = || remediation::with_lock_kept(status, envelope, cloud);
    Some(match status {
        StackStatus::RollbackComplete => {
            format!("rolled back: CloudFormation deleted all resources that it had created for stack {stack}")
        }
        StackStatus::UpdateRollbackComplete => format!("rolled back: stack {stack} is as it was before the deploy"),
        StackStatus::DeleteComplete => {
            let is_update = release.fields.change_set_type == Some(ChangeSetType::Update);
            let next = remediation::after_deletion(is_update);
            format!("stack {stack} was deleted during the deploy, not by it: {next}")
        }
        failed if failed.is_failed_rollback() => {
            let next = with_lock_kept()?;
            format!("the rollback failed, too: stack {stack} is in {failed}, and its lock is kept: {next}")
        }
        failed if failed.is_not_restored() => {
            format!("stack {stack} is in {failed}, and its lock is kept: {}", with_lock_kept()?)
        }
        status if status.is_in_progress() => format!(
            "stack {stack} was in {status} when it was last read: wait until CloudFormation has finished before you unlock"
        ),
        status => {
            format!("stack {stack} is in {status}: {}", remediation::for_status(status, envelope, cloud)?)
        }
    })
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
