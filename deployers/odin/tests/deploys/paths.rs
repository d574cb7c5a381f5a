//! The paths of executions through the state machine, in parts.

/// Up to the first change of the target account.
pub const TO_DEPLOY: [&str; 4] = ["Validate", "Lock", "ValidateResources", "Deploy"];
/// One health check.
pub const CHECK: [&str; 3] = ["WaitForHealthy", "CheckHealthy", "Healthy?"];
/// From healthy to the end.
pub const TO_SUCCESS: [&str; 5] =
    ["WaitForDetach", "DetachForSuccess", "WaitDetachForSuccess", "CleanUpSuccess", "Success"];
/// From a failure to the clean end.
pub const ROLL_BACK: [&str; 5] =
    ["DetachForFailure", "WaitDetachForFailure", "CleanUpFailure", "ReleaseLockFailure", "FailureClean"];

/// Refused because of the content of the release.
pub const REFUSED_BY_VALIDATE: [&str; 2] = ["Validate", "FailureClean"];
/// Refused because of a lock or freeze.
pub const REFUSED_BY_LOCK: [&str; 3] = ["Validate", "Lock", "FailureClean"];
/// Refused because of the resources to which the release refers.
pub const REFUSED_BY_RESOURCES: [&str; 5] =
    ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureClean"];

/// Healthy at the check of that number (from 1), then Success.
pub fn healthy_at_check(number: usize) -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &CHECK.repeat(number), &TO_SUCCESS])
}

/// Unhealthy at that many checks; the next check raises an error, and the deploy rolls back.
pub fn failed_after_checks(number: usize) -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &CHECK.repeat(number), &["WaitForHealthy", "CheckHealthy"], &ROLL_BACK])
}

/// Deploy raises an error, and the deploy rolls back.
pub fn failed_in_deploy() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &ROLL_BACK])
}

/// Concatenates parts of a path.
pub fn join(parts: &[&[&'static str]]) -> Vec<&'static str> {
    parts.concat()
}
