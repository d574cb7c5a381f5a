//! What the client shows of a deploy: how severe a line of its log is, and how it ended.

use crate::cloud::{ChangeSetStatus, ChangeSetType, StackStatus};
use crate::impact::refused_replacement_help;
use crate::log;
use crate::names::stack_name;
use crate::release::FenrirRelease;
use crate::remediation::{self, CloudKind};
use bifrost::client::{Changes, LogSeverity, Serving};
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
pub(crate) fn too_late(state: &str, release: &FenrirRelease) -> Option<String> {
    let is_new = release.fields.change_set_type == Some(ChangeSetType::Create);
    let status = &release.fields.stack_status;
    match state {
        "Execute" | "WaitForComplete" | "UpdateStack" | "Complete?" if is_new => {
            Some("CloudFormation cannot cancel the creation of a stack, so the deploy continues to its end".into())
        }
        "WaitForComplete" | "UpdateStack" | "Complete?"
            if !status.is_unset() && *status != StackStatus::UpdateInProgress =>
        {
            Some(format!("the stack is in {status}, which CloudFormation cannot cancel"))
        }
        "ReleaseLock" | "Success?" | "CleanUp" => Some("the deploy is already ending".into()),
        _ => None,
    }
}

/// Which release is in service after a deploy that failed or was stopped in `state`.
#[must_use]
pub(crate) fn serving(state: &str, release: &FenrirRelease) -> Serving {
    let fields = &release.fields;
    let status = &fields.stack_status;
    match status {
        status if status.is_success() => Serving::New,
        // The stack keeps the tag of the release that changed it last, so it looks like that of another release.
        _ if fields.change_set_empty == Some(true) => Serving::Unknown,
        StackStatus::RollbackComplete | StackStatus::UpdateRollbackComplete => Serving::Previous,
        // `UpdateStack` has read no status yet.
        status if status.is_unset() => match state {
            "Execute" | "WaitForComplete" | "UpdateStack" | "Complete?" => Serving::Unknown,
            _ => Serving::Previous,
        },
        _ => Serving::Unknown,
    }
}

/// What a deploy changed, from the output of its last state.
#[must_use]
pub(crate) fn changes(release: &FenrirRelease) -> Changes {
    let fields = &release.fields;
    let stack = stack_name(&release.envelope);
    if fields.change_set_empty == Some(true) {
        let note = format!("no changes: stack {stack} already matches the template");
        return Changes { outputs: fields.outputs.clone(), notes: vec![note], ..Changes::default() };
    }
    if fields.stack_status.is_success() {
        let created = (fields.change_set_type == Some(ChangeSetType::Create)).then(|| format!("stack {stack}"));
        return Changes {
            created: created.into_iter().collect(),
            outputs: fields.outputs.clone(),
            ..Changes::default()
        };
    }
    Changes { notes: notes(release, &stack), ..Changes::default() }
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
    notes.extend(outcome(&fields.stack_status, &release.envelope, stack));
    notes
}

/// Why the update was cancelled, if it was: by a halt or by the timeout.
fn cancelled(release: &FenrirRelease) -> Option<String> {
    let error = release.envelope.error.as_ref()?;
    let is_cancelled = error.error == "HaltError" && !release.fields.stack_status.is_unset();
    is_cancelled.then(|| format!("cancelled: {}", split_code(&error.cause).1))
}

/// The state of the stack after the deploy, and what to do about it.
fn outcome(status: &StackStatus, envelope: &Envelope, stack: &str) -> Option<String> {
    let cloud = CloudKind::of_release(envelope);
    Some(match status {
        StackStatus::RollbackComplete => {
            format!("rolled back: CloudFormation deleted all resources that it had created for stack {stack}")
        }
        StackStatus::UpdateRollbackComplete => format!("rolled back: stack {stack} is as it was before the deploy"),
        StackStatus::DeleteComplete => {
            format!("stack {stack} was deleted during the deploy, not by it: {}", remediation::AFTER_DELETION)
        }
        failed if failed.is_failed_rollback() => format!(
            "the rollback failed, too: stack {stack} is in {failed}, and its lock is kept: {}",
            remediation::after_failed_rollback(failed, envelope, cloud)?
        ),
        status if status.is_in_progress() => format!(
            "stack {stack} was in {status} when it was last read: wait until CloudFormation has finished before you unlock"
        ),
        status => {
            format!("stack {stack} is in {status}: {}", remediation::for_status(status, envelope, cloud)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::sample;

    #[test]
    fn severity_of_a_log_line() {
        for (line, expected) in [
            ("REPLACE AWS::DynamoDB::Table table KeySchema (it holds data)", LogSeverity::Bad),
            ("REMOVE AWS::Lambda::Function hello", LogSeverity::Warn),
            ("ADD AWS::DynamoDB::Table table (it holds data)", LogSeverity::Plain),
            ("CREATE_FAILED AWS::Lambda::Function hello no code", LogSeverity::Bad),
            ("UPDATE_ROLLBACK_COMPLETE AWS::CloudFormation::Stack sam-a-b", LogSeverity::Warn),
            ("UPDATE_COMPLETE AWS::Lambda::Function hello", LogSeverity::Good),
            ("UPDATE_IN_PROGRESS AWS::Lambda::Function hello", LogSeverity::Plain),
            ("", LogSeverity::Plain),
        ] {
            assert_eq!(severity(line), expected, "{line}");
        }
    }

    fn ended(change_set_type: Option<ChangeSetType>, status: &str) -> FenrirRelease {
        let mut release = sample::release();
        release.envelope.aws_account_id = "222222222222".parse().unwrap();
        release.fields.change_set_type = change_set_type;
        release.fields.stack_status = status.into();
        release
    }

    /// The states in which a deploy can fail or be stopped, and the status of the stack that the release has then.
    #[test]
    fn release_in_service_after_each_end() {
        use Serving::{New, Previous, Unknown};
        for (state, status, expected) in [
            // Before `Execute` the stack is not changed.
            ("Validate", "", Previous),
            ("CreateChangeSet", "", Previous),
            ("UpdateChangeSet", "", Previous),
            ("CleanUp", "", Previous),
            // CloudFormation may be changing the stack.
            ("Execute", "", Unknown),
            ("UpdateStack", "", Unknown),
            ("UpdateStack", "UPDATE_IN_PROGRESS", Unknown),
            ("UpdateStack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Unknown),
            ("ReleaseLock", "UPDATE_COMPLETE", New),
            ("ReleaseLock", "CREATE_COMPLETE", New),
            ("CleanUp", "UPDATE_ROLLBACK_COMPLETE", Previous),
            ("CleanUp", "ROLLBACK_COMPLETE", Previous),
            // An operator has to find out.
            ("Success?", "UPDATE_ROLLBACK_FAILED", Unknown),
            ("Success?", "ROLLBACK_FAILED", Unknown),
            ("CleanUp", "UPDATE_FAILED", Unknown),
            ("CleanUp", "DELETE_COMPLETE", Unknown),
            ("CleanUp", "DELETE_FAILED", Unknown),
        ] {
            assert_eq!(serving(state, &ended(None, status)), expected, "{state} {status}");
        }
        let mut unchanged = ended(None, "");
        unchanged.fields.change_set_empty = Some(true);
        assert_eq!(serving("ReleaseLock", &unchanged), Unknown);
    }

    #[test]
    fn halt_that_cannot_be_obeyed() {
        use ChangeSetType::{Create, Update};
        for (state, change_set_type, status, is_too_late) in [
            ("UpdateChangeSet", Create, "", false),
            ("Execute", Create, "", true),
            ("Execute", Update, "", false),
            ("UpdateStack", Update, "", false),
            ("UpdateStack", Update, "UPDATE_IN_PROGRESS", false),
            ("UpdateStack", Update, "UPDATE_ROLLBACK_IN_PROGRESS", true),
            ("UpdateStack", Create, "CREATE_IN_PROGRESS", true),
            ("ReleaseLock", Update, "UPDATE_COMPLETE", true),
            ("CleanUp", Update, "UPDATE_ROLLBACK_COMPLETE", true),
        ] {
            let reason = too_late(state, &ended(Some(change_set_type), status));
            assert_eq!(reason.is_some(), is_too_late, "{state} {status}: {reason:?}");
        }
    }

    /// What a failed deploy advises: to unlock only if the deploy kept its lock, and to delete only as [`remediation`] says.
    #[test]
    fn advice_after_a_failed_deploy() {
        for (status, unlock, delete) in [
            ("", false, false),
            // The deploy lost contact with CloudFormation, and kept its lock.
            ("UPDATE_IN_PROGRESS", true, false),
            ("ROLLBACK_COMPLETE", false, false),
            ("UPDATE_ROLLBACK_COMPLETE", false, false),
            ("DELETE_COMPLETE", false, false),
            ("UPDATE_ROLLBACK_FAILED", true, false),
            ("ROLLBACK_FAILED", true, true),
            ("UPDATE_FAILED", false, false),
            ("CREATE_FAILED", false, true),
            ("DELETE_FAILED", false, true),
            ("IMPORT_ROLLBACK_FAILED", false, false),
        ] {
            let notes = changes(&ended(Some(ChangeSetType::Update), status)).notes.join("\n");
            let found = (notes.contains("unlock"), notes.contains("`delete-stack`"));
            assert_eq!(found, (unlock, delete), "{status}: {notes}");
            assert!(!notes.contains("`aws "), "a local cloud may have any account: {notes}");
        }
    }
}
