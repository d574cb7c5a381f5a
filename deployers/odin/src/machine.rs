//! Odin's state machine.

use crate::cloud::OdinPorts;
use crate::errors::{DeployFailure, DetachFailure, HealthFailure};
use crate::handlers::{
    check_healthy, clean_up_failure, clean_up_success, deploy, detach_for_failure, detach_for_success, validate,
    validate_resources,
};
use crate::release::OdinRelease;
use bifrost::lifecycle::{LockFailure, fail, lock};

bifrost::state_machine! {
    /// Deploys each service of a release as an auto-scaling group: first beside the one that runs, then in its place.
    pub machine Odin(OdinRelease, OdinPorts) starts at Validate, changes from Deploy;

    /// Refuses a release that is malformed, replayed or tampered with, and fills in defaults.
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

    /// Resolves every name to one resource that opted in to this release.
    task ValidateResources = validate_resources {
        next Deploy;
        catch _ => ReleaseLockFailure;
    }

    /// Creates the new groups beside the old ones.
    task Deploy = deploy {
        looks for halt;
        next WaitForDeploy;
        /// Nothing was created.
        catch DeployFailure::Halt => ReleaseLockFailure;
        /// Something may have been created: delete it.
        catch _ => DetachForFailure;
    }

    /// Waits for instances to boot.
    wait WaitForDeploy for $.wait_for_healthy seconds { next WaitForHealthy; }

    /// Waits between health checks; the longer a deploy takes, the longer.
    wait WaitForHealthy for $.wait_for_healthy seconds { next CheckHealthy; }

    /// Reads the health of every instance, and takes the next step of the rollout.
    task CheckHealthy = check_healthy {
        looks for halt;
        next IsHealthy;
        /// It is certain.
        retry HealthFailure::Alarm { max_attempts: 0 }
        /// AWS may have failed for a moment.
        retry _ { max_attempts: 3, interval_seconds: 15 }
        catch _ => DetachForFailure;
    }

    /// Continues if all services are healthy, otherwise checks again.
    choice IsHealthy as "Healthy?" {
        $.healthy == true => WaitForDetach;
        $.healthy == false => WaitForHealthy;
        _ => DetachForFailure;
    }

    /// Old and new groups serve together until the new ones have warmed up.
    wait WaitForDetach for $.wait_for_detach seconds { next DetachForSuccess; }

    /// Detaches the old groups from their balancers.
    task DetachForSuccess = detach_for_success {
        next WaitDetachForSuccess;
        /// Draining takes minutes: check again.
        retry DetachFailure::Detach { max_attempts: 60, interval_seconds: 10, backoff_rate: 1.0 }
        retry _ { max_attempts: 3, interval_seconds: 60 }
        /// Deleting a group detaches it, too.
        catch _ => WaitDetachForSuccess;
    }

    /// Waits for balancers to report the detached instances.
    wait WaitDetachForSuccess for 5 seconds { next CleanUpSuccess; }

    /// Deletes the old groups and keeps the new ones.
    task CleanUpSuccess = clean_up_success {
        unlocks;
        next Success;
        retry _ { max_attempts: 3, interval_seconds: 60, backoff_rate: 1.0 }
        catch _ => FailureDirty;
    }

    /// Detaches the new groups from their balancers.
    task DetachForFailure = detach_for_failure {
        cleans up;
        next WaitDetachForFailure;
        retry _ { max_attempts: 3, interval_seconds: 60 }
        /// Deleting a group detaches it, too.
        catch _ => WaitDetachForFailure;
    }

    /// Waits for connections to the new groups to end.
    wait WaitDetachForFailure for 60 seconds { next CleanUpFailure; }

    /// Deletes the new groups and keeps the old ones.
    task CleanUpFailure = clean_up_failure {
        cleans up;
        next ReleaseLockFailure;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Unlocks the project and config.
    task ReleaseLockFailure = fail {
        cleans up;
        unlocks;
        next FailureClean;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Failed: what the deploy created is deleted or being deleted, and what served before still serves.
    fail FailureClean = "FailureClean";

    /// Failed, and resources or the lock are left over: needs manual intervention.
    fail FailureDirty = "FailureDirty";

    /// The new groups serve, the old ones are deleted or being deleted.
    succeed Success;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost::deployer::definition;

    #[test]
    fn definition_is_pinned() {
        let definition = definition::<Odin>("arn:aws:lambda:us-east-1:000000000000:function:coinbase-odin");
        insta::assert_snapshot!(serde_json::to_string_pretty(&definition).unwrap());
        for state in ["CleanUpSuccess", "CleanUpFailure"] {
            let retries = definition["States"][state]["Retry"].as_array().unwrap();
            assert_eq!(retries.last().unwrap()["MaxAttempts"], crate::handlers::RETRIES, "{state}");
        }
    }
}
