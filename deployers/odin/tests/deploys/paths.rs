//! The paths that executions take through the chart, in pieces.

/// To the first change of the target account.
pub const TO_DEPLOY: [&str; 4] = ["Validate", "Lock", "ValidateResources", "Deploy"];
/// One look at the health that decides.
pub const LOOK: [&str; 3] = ["WaitForHealthy", "CheckHealthy", "Healthy?"];
/// From healthy to the end.
pub const TO_SUCCESS: [&str; 5] =
    ["WaitForDetach", "DetachForSuccess", "WaitDetachForSuccess", "CleanUpSuccess", "Success"];
/// From a failure to the clean end.
pub const ROLL_BACK: [&str; 5] =
    ["DetachForFailure", "WaitDetachForFailure", "CleanUpFailure", "ReleaseLockFailure", "FailureClean"];

/// Refused because of what the release says.
pub const REFUSED_BY_VALIDATE: [&str; 2] = ["Validate", "FailureClean"];
/// Refused because somebody else has a lock.
pub const REFUSED_BY_LOCK: [&str; 3] = ["Validate", "Lock", "FailureClean"];
/// Refused because of what the release names.
pub const REFUSED_BY_RESOURCES: [&str; 5] =
    ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureClean"];

/// Healthy at the look of that number, the first being 1, and on to Success.
pub fn healthy_at_look(number: usize) -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &LOOK.repeat(number), &TO_SUCCESS])
}

/// Not healthy at so many looks; the next one raises an error, and all is taken back.
pub fn given_up_after_looks(number: usize) -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &["WaitForDeploy"], &LOOK.repeat(number), &["WaitForHealthy", "CheckHealthy"], &ROLL_BACK])
}

/// Deploy raises an error, and all is taken back.
pub fn given_up_in_deploy() -> Vec<&'static str> {
    join(&[&TO_DEPLOY, &ROLL_BACK])
}

/// The pieces one after the other.
pub fn join(pieces: &[&[&'static str]]) -> Vec<&'static str> {
    pieces.concat()
}
