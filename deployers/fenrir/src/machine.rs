//! Fenrir's state machine. The comments of its states are shown during a deploy.

use crate::cloud::FenrirPorts;
use crate::handlers::{clean_up, create_change_set, execute, unlock_root, update_change_set, update_stack, validate};
use crate::release::FenrirRelease;
use bifrost::lifecycle::{LockFailure, lock};

bifrost::state_machine! {
    /// Deploys a SAM application: creates a change set of its stack, executes it and waits for the result.
    pub machine Fenrir(FenrirRelease, FenrirPorts) starts at Validate, changes from Execute;

    /// Checks the release and its template against all rules.
    task Validate = validate {
        validates;
        next Lock;
        catch _ => FailureClean;
    }

    /// Takes the lock: one deploy at a time per project and config.
    task Lock = lock {
        locks;
        next CreateChangeSet;
        /// Another deploy holds the lock: there is nothing to release.
        catch LockFailure::LockExists => FailureClean;
        /// The lock may have been taken: release it.
        catch _ => ReleaseLock;
    }

    /// Creates a change set: what the template would change.
    task CreateChangeSet = create_change_set {
        next WaitForChangeSet;
        catch _ => ReleaseLock;
    }

    /// Waits for CloudFormation to compute the changes.
    wait WaitForChangeSet for $.wait_seconds seconds { next UpdateChangeSet; }

    /// Reads the status of the change set.
    task UpdateChangeSet = update_change_set {
        looks for halt;
        next IsExecutable;
        retry _ { max_attempts: 3, interval_seconds: 5 }
        catch _ => ReleaseLock;
    }

    /// Continues when the change set is available or has failed.
    choice IsExecutable as "Execute?" {
        $.change_set_execution_status == "AVAILABLE" => Execute;
        $.change_set_status == "FAILED" => ReleaseLock;
        _ => WaitForChangeSet;
    }

    /// Starts the execution of the change set.
    task Execute = execute {
        next WaitForComplete;
        /// CloudFormation may have started the execution.
        catch _ => FailureDirty;
    }

    /// Waits for CloudFormation to change the stack.
    wait WaitForComplete for $.wait_seconds seconds { next UpdateStack; }

    /// Reads the stack's status; cancels an update on halt or timeout.
    task UpdateStack = update_stack {
        looks for halt;
        next IsComplete;
        retry _ { max_attempts: 3, interval_seconds: 5 }
        catch _ => FailureDirty;
    }

    /// Continues when the stack's status is final, good or bad.
    choice IsComplete as "Complete?" {
        $.stack_status in [
            "CREATE_COMPLETE", "CREATE_FAILED",
            "ROLLBACK_COMPLETE", "ROLLBACK_FAILED",
            "UPDATE_COMPLETE", "UPDATE_FAILED",
            "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED",
            "DELETE_COMPLETE", "DELETE_FAILED",
            "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"
        ] => ReleaseLock;
        _ => WaitForComplete;
    }

    /// Releases the lock if the deploy succeeded.
    task ReleaseLock = unlock_root {
        unlocks;
        next IsSuccess;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Continues by the result of the deploy; no changes is a success.
    choice IsSuccess as "Success?" {
        $.success == true => Success;
        $.stack_status in ["CREATE_COMPLETE", "UPDATE_COMPLETE"] => Success;
        $.stack_status in ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"] => FailureDirty;
        _ => CleanUp;
    }

    /// Deletes the change set, and a stack that this release failed to create; then releases the lock.
    task CleanUp = clean_up {
        cleans up;
        unlocks;
        next FailureClean;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Failed and cleaned up; what ran before still runs.
    fail FailureClean = "NotifyError";

    /// Failed and needs manual intervention.
    fail FailureDirty = "AlertError";

    /// The stack matches the template.
    succeed Success;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_is_pinned() {
        let definition =
            bifrost::deployer::definition::<Fenrir>("arn:aws:lambda:us-east-1:000000000000:function:coinbase-fenrir");
        insta::assert_snapshot!(serde_json::to_string_pretty(&definition).unwrap());
    }
}
