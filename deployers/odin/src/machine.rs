//! Odin's chart, whole.

use crate::errors::{DeployFailure, DetachFailure, HealthFailure};
use crate::handlers::{
    check_healthy, clean_up_failure, clean_up_success, deploy, detach_for_failure, detach_for_success,
    release_lock_failure, validate, validate_resources,
};
use crate::release::OdinRelease;
use bifrost::lock::{LockFailure, lock};

bifrost::state_machine! {
    /// Deploys each service of a release as an auto-scaling group, beside the one that runs, and then in its place.
    pub machine Odin(OdinRelease) starts at Validate;

    /// Refuses what is malformed, replayed or tampered with, and fills in defaults.
    task Validate = validate {
        next Lock;
        catch _ => FailureClean;
    }

    /// One deploy at a time of a project's config.
    task Lock = lock {
        next ValidateResources;
        /// Another holds it: there is nothing to give back.
        catch LockFailure::LockExists => FailureClean;
        /// It may have been taken: give it back.
        catch _ => ReleaseLockFailure;
    }

    /// Resolves every name to one resource that opted in to this release.
    task ValidateResources = validate_resources {
        next Deploy;
        catch _ => ReleaseLockFailure;
    }

    /// Makes the new groups, beside the old ones.
    task Deploy = deploy {
        next WaitForDeploy;
        /// Nothing was made.
        catch DeployFailure::Halt => ReleaseLockFailure;
        /// Something may have been made: take it down.
        catch _ => DetachForFailure;
    }

    /// Instances need time to boot.
    wait WaitForDeploy for 90 seconds { next WaitForHealthy; }

    /// A long deploy is looked at less often.
    wait WaitForHealthy for $.wait_for_healthy seconds { next CheckHealthy; }

    /// Reads the health of every instance, and takes the next step of the roll-out.
    task CheckHealthy = check_healthy {
        next IsHealthy;
        /// Somebody wants it to stop: at once.
        retry HealthFailure::Halt { max_attempts: 0 }
        /// AWS may be passing through a bad moment.
        retry _ { max_attempts: 3, interval_seconds: 15 }
        catch _ => DetachForFailure;
    }

    /// Healthy goes on, unhealthy looks again.
    choice IsHealthy as "Healthy?" {
        $.healthy == true => WaitForDetach;
        $.healthy == false => WaitForHealthy;
        _ => DetachForFailure;
    }

    /// Old and new serve side by side until the new ones have warmed up.
    wait WaitForDetach for $.wait_for_detach seconds { next DetachForSuccess; }

    /// Takes the old groups out of their balancers.
    task DetachForSuccess = detach_for_success {
        next WaitDetachForSuccess;
        /// Draining takes minutes.
        retry DetachFailure::Detach { max_attempts: 60, interval_seconds: 10, backoff_rate: 1.0 }
        retry _ { max_attempts: 3, interval_seconds: 60 }
        /// Deleting a group detaches it, too.
        catch _ => WaitDetachForSuccess;
    }

    /// What is detached is soon seen to be.
    wait WaitDetachForSuccess for 5 seconds { next CleanUpSuccess; }

    /// The new groups stay, the old ones go.
    task CleanUpSuccess = clean_up_success {
        next Success;
        retry _ { max_attempts: 3, interval_seconds: 60, backoff_rate: 1.0 }
        catch _ => FailureDirty;
    }

    /// Takes the new groups out of their balancers.
    task DetachForFailure = detach_for_failure {
        next WaitDetachForFailure;
        retry _ { max_attempts: 3, interval_seconds: 60 }
        /// Deleting a group detaches it, too.
        catch _ => WaitDetachForFailure;
    }

    /// Connections to the new groups get time to end.
    wait WaitDetachForFailure for 60 seconds { next CleanUpFailure; }

    /// The new groups go, the old ones stay.
    task CleanUpFailure = clean_up_failure {
        next ReleaseLockFailure;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Nothing is left of this release but its lock.
    task ReleaseLockFailure = release_lock_failure {
        next FailureClean;
        retry _ { max_attempts: 3, interval_seconds: 30 }
        catch _ => FailureDirty;
    }

    /// Failed; all that it made is gone, and what ran before still runs.
    fail FailureClean = "FailureClean";

    /// Failed, and something is left: a person must look.
    fail FailureDirty = "FailureDirty";

    /// The new groups run, the old ones are gone or going.
    succeed Success;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost::machine::Machine;

    #[test]
    fn the_definition_is_pinned() {
        let definition = Odin::definition("arn:aws:lambda:us-east-1:000000000000:function:coinbase-odin");
        insta::assert_snapshot!(serde_json::to_string_pretty(&definition).unwrap());
    }
}
