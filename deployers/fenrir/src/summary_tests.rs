use super::*;
use crate::release::sample;
use bifrost::release::CaughtError;

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
        (Fenrir::Validate, "", Previous),
        (Fenrir::CreateChangeSet, "", Previous),
        (Fenrir::UpdateChangeSet, "", Previous),
        (Fenrir::CleanUp, "", Previous),
        // CloudFormation may be changing the stack.
        (Fenrir::Execute, "", Unknown),
        (Fenrir::UpdateStack, "", Unknown),
        (Fenrir::UpdateStack, "UPDATE_IN_PROGRESS", Unknown),
        (Fenrir::UpdateStack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Unknown),
        (Fenrir::ReleaseLock, "UPDATE_COMPLETE", New),
        (Fenrir::ReleaseLock, "CREATE_COMPLETE", New),
        (Fenrir::CleanUp, "UPDATE_ROLLBACK_COMPLETE", Previous),
        (Fenrir::CleanUp, "ROLLBACK_COMPLETE", Previous),
        // An operator has to find out.
        (Fenrir::IsSuccess, "UPDATE_ROLLBACK_FAILED", Unknown),
        (Fenrir::IsSuccess, "ROLLBACK_FAILED", Unknown),
        (Fenrir::CleanUp, "UPDATE_FAILED", Unknown),
        (Fenrir::CleanUp, "DELETE_COMPLETE", Unknown),
        (Fenrir::CleanUp, "DELETE_FAILED", Unknown),
    ] {
        assert_eq!(serving(state, &ended(None, status), &[]), expected, "{state} {status}");
    }
    let mut unchanged = ended(None, "");
    unchanged.fields.change_set_empty = Some(true);
    assert_eq!(serving(Fenrir::ReleaseLock, &unchanged, &[]), Unknown);
}

/// An attempt that failed with that code.
fn failure(code: &str) -> StepFailure {
    StepFailure {
        time: chrono::DateTime::UNIX_EPOCH,
        state: "ReleaseLock".into(),
        error: "LockError".into(),
        code: Some(code.into()),
        cause: String::new(),
        attempt: 1,
        is_waiting: false,
    }
}

#[test]
fn without_the_lock_a_newer_release_may_be_in_service() {
    for (state, status) in [
        (Fenrir::ReleaseLock, "UPDATE_COMPLETE"),
        (Fenrir::ReleaseLock, "CREATE_COMPLETE"),
        (Fenrir::CleanUp, "UPDATE_ROLLBACK_COMPLETE"),
        (Fenrir::CreateChangeSet, ""),
    ] {
        let release = ended(None, status);
        for code in ["lock/lost", "lock/given-back"] {
            assert_eq!(serving(state, &release, &[failure(code)]), Serving::Unknown, "{state} {status} {code}");
        }
        // It is not known whether the lock was lost, so the status counts.
        let other = [failure("aws/unavailable")];
        assert_eq!(serving(state, &release, &other), serving(state, &release, &[]), "{state} {status}");
    }
}

#[test]
fn halt_that_cannot_be_obeyed() {
    use ChangeSetType::{Create, Update};
    for (state, change_set_type, status, is_too_late) in [
        (Fenrir::UpdateChangeSet, Create, "", false),
        (Fenrir::Execute, Create, "", true),
        (Fenrir::Execute, Update, "", false),
        (Fenrir::UpdateStack, Update, "", false),
        (Fenrir::UpdateStack, Update, "UPDATE_IN_PROGRESS", false),
        (Fenrir::UpdateStack, Update, "UPDATE_ROLLBACK_IN_PROGRESS", true),
        (Fenrir::UpdateStack, Create, "CREATE_IN_PROGRESS", true),
        (Fenrir::ReleaseLock, Update, "UPDATE_COMPLETE", true),
        (Fenrir::CleanUp, Update, "UPDATE_ROLLBACK_COMPLETE", true),
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
        // Not restored: `CleanUp` kept the lock.
        ("DELETE_COMPLETE", true, false),
        ("UPDATE_ROLLBACK_FAILED", true, false),
        ("ROLLBACK_FAILED", true, true),
        ("UPDATE_FAILED", true, false),
        ("CREATE_FAILED", false, true),
        ("DELETE_FAILED", true, true),
        ("IMPORT_ROLLBACK_FAILED", true, false),
    ] {
        let notes = changes(&ended(Some(ChangeSetType::Update), status)).notes.join("\n");
        let found = (notes.contains("unlock"), notes.contains("`delete-stack`"));
        assert_eq!(found, (unlock, delete), "{status}: {notes}");
        assert!(!notes.contains("`aws "), "a local cloud may have any account: {notes}");
    }
}

/// The lock, and the stack, may be a newer deploy's.
#[test]
fn advice_without_the_lock() {
    for status in [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "ROLLBACK_FAILED",
        "UPDATE_FAILED",
        "CREATE_FAILED",
        "DELETE_FAILED",
        "IMPORT_ROLLBACK_FAILED",
    ] {
        for code in ["lock/lost", "lock/given-back"] {
            let mut release = ended(Some(ChangeSetType::Update), status);
            let error = CaughtError { error: "LockError".into(), cause: format!("[{code}] it does not hold the lock") };
            release.envelope.error = Some(error);
            let notes = changes(&release).notes.join("\n");
            assert!(notes.contains("`status`"), "{status}: {notes}");
            for wrong in ["unlock", "lock is kept", "delete"] {
                assert!(!notes.contains(wrong), "{status}: {wrong}: {notes}");
            }
        }
    }
}
