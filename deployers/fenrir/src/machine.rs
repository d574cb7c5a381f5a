//! Fenrir's chart, whole.

use crate::errors::WatchFailure;
use crate::handlers::{clean_up, create_change_set, execute, unlock_root, update_change_set, update_stack, validate};
use crate::release::FenrirRelease;
use bifrost::lock::{LockFailure, lock};

bifrost::state_machine! {
    /// Deploys a SAM application: makes a change set of its stack, executes it, and waits for its end.
    pub machine Fenrir(FenrirRelease) starts at Validate;

    /// Refuses what is malformed, replayed or tampered with, and every template that breaks a rule.
    task Validate = validate {
        next Lock;
        catch _ => FailureClean;
    }

    /// One deploy at a time of a project's config.
    task Lock = lock {
        next CreateChangeSet;
        /// Another holds it: there is nothing to give back.
        catch LockFailure::LockExists => FailureClean;
        /// It may have been taken: give it back.
        catch _ => ReleaseLock;
    }

    /// Asks CloudFormation what the template would change.
    task CreateChangeSet = create_change_set {
        next WaitForChangeSet;
        catch _ => ReleaseLock;
    }

    /// CloudFormation needs time to compare.
    wait WaitForChangeSet for $.wait_seconds seconds { next UpdateChangeSet; }

    /// Reads what became of the change set.
    task UpdateChangeSet = update_change_set {
        next IsExecutable;
        /// Somebody wants it to stop: at once.
        retry WatchFailure::Halt { max_attempts: 0 }
        retry _ { max_attempts: 3, interval_seconds: 5 }
        catch _ => ReleaseLock;
    }

    /// Only what is available is executed.
    choice IsExecutable as "Execute?" {
        $.change_set_execution_status == "AVAILABLE" => Execute;
        $.change_set_status == "FAILED" => ReleaseLock;
        _ => WaitForChangeSet;
    }

    /// Lets CloudFormation carry the change set out.
    task Execute = execute {
        next WaitForComplete;
        /// It may have begun.
        catch _ => FailureDirty;
    }

    /// CloudFormation works.
    wait WaitForComplete for $.wait_seconds seconds { next UpdateStack; }

    /// Reads how far the stack is; cancels an update that somebody wants to stop.
    task UpdateStack = update_stack {
        next IsComplete;
        retry _ { max_attempts: 3, interval_seconds: 5 }
        catch _ => FailureDirty;
    }

    /// Done are those that CloudFormation stays in, whether they are good or bad.
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

    /// Gives the lock back; not after a roll-back that failed, as nothing may be deployed until somebody has looked.
    task ReleaseLock = unlock_root {
        next IsSuccess;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Tells by the stack how it ended. Nothing to change is a success.
    choice IsSuccess as "Success?" {
        $.change_set_empty == true => Success;
        $.stack_status in ["CREATE_COMPLETE", "UPDATE_COMPLETE"] => Success;
        $.stack_status in ["ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"] => FailureDirty;
        _ => CleanUp;
    }

    /// Removes the change set, and the stack if this release made it and it never came up.
    task CleanUp = clean_up {
        next FailureClean;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Failed; what ran before still runs.
    fail FailureClean = "NotifyError";

    /// Failed, and a person must look.
    fail FailureDirty = "AlertError";

    /// The stack is what the template says.
    succeed Success;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost::machine::Machine;

    #[test]
    fn the_definition_is_pinned() {
        let definition = Fenrir::definition("arn:aws:lambda:us-east-1:000000000000:function:coinbase-fenrir");
        insta::assert_snapshot!(serde_json::to_string_pretty(&definition).unwrap());
    }
}
