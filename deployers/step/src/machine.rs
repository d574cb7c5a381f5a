//! Step's state machine.

use crate::cloud::StepPorts;
use crate::errors::DeployFailure;
use crate::handlers::{deploy, validate_resources};
use crate::release::StepRelease;
use bifrost::lifecycle::{LockFailure, fail, lock, validate};

bifrost::state_machine! {
    /// Deploys a state machine and its Lambda function.
    pub machine Step(StepRelease, StepPorts) starts at Validate, changes from Deploy;

    /// Refuses a release that is malformed, replayed or tampered with.
    task Validate = validate {
        validates;
        next Lock;
        catch _ => FailureClean;
    }

    /// Locks the project and config, so that only one deploy runs at a time.
    task Lock = lock {
        locks;
        next ValidateResources;
        /// Another deploy holds the lock: there is nothing to unlock.
        catch LockFailure::LockExists => FailureClean;
        /// The lock may be held: unlock.
        catch _ => ReleaseLockFailure;
    }

    /// Checks that function and state machine opted in to this release, and that its code and definition can run there.
    task ValidateResources = validate_resources {
        looks for halt;
        next Deploy;
        catch _ => ReleaseLockFailure;
    }

    /// Updates the state machine and the function, and unlocks.
    task Deploy = deploy {
        unlocks;
        next Success;
        /// Both are as they were before.
        catch DeployFailure::DeploySFN => ReleaseLockFailure;
        /// It is not known, or only one of them is.
        catch _ => FailureDirty;
    }

    /// Unlocks the project and config.
    task ReleaseLockFailure = fail {
        unlocks;
        next FailureClean;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Failed: state machine and function are as they were before.
    fail FailureClean = "NotifyError";

    /// Failed, and state machine, function or lock need manual intervention.
    fail FailureDirty = "AlertError";

    /// New executions run the new definition and code.
    succeed Success;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definition_is_pinned() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:coinbase-step-deployer";
        insta::assert_snapshot!(serde_json::to_string_pretty(&bifrost::deployer::definition::<Step>(arn)).unwrap());
    }
}
