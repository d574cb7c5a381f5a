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

/// Healthy at some check, then Success. Compare it with a path without [repeated checks](without_repeated_checks).
pub fn healthy() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &CHECK, &TO_SUCCESS])
}

/// The first check raises an error, and the deploy rolls back.
pub fn failed_at_first_check() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &["WaitForHealthy", "CheckHealthy"], &ROLL_BACK])
}

/// Unhealthy at some checks; the next check raises an error, and the deploy rolls back.
pub fn failed_at_later_check() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &CHECK, &["WaitForHealthy", "CheckHealthy"], &ROLL_BACK])
}

/// The path with one check instead of several in a row: how many there are depends on how often Odin checks.
pub fn without_repeated_checks<'p>(path: &[&'p str]) -> Vec<&'p str> {
    let mut short: Vec<&str> = Vec::new();
    for state in path {
        short.push(state);
        if let Some((rest, last)) = short.split_last_chunk::<3>()
            && *last == CHECK
            && rest.ends_with(&CHECK)
        {
            short.truncate(rest.len());
        }
    }
    short
}

/// Deploy raises an error, and the deploy rolls back.
pub fn failed_in_deploy() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &ROLL_BACK])
}

/// Concatenates parts of a path.
pub fn join(parts: &[&[&'static str]]) -> Vec<&'static str> {
    parts.concat()
}
