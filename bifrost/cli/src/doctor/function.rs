//! The function: is it there, and ready?

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::cloud::{CloudError, FunctionConfiguration};

const CHECK: &str = "function";

/// One call to AWS may take as long, with its retries.
const MIN_SECONDS: u32 = 60;

/// What `bootstrap` gives a function, in seconds.
const DEFAULT_SECONDS: u32 = 300;

pub(super) fn check(seen: &Result<Option<FunctionConfiguration>, CloudError>, advice: &Advice<'_>) -> DoctorFinding {
    let name = &advice.identity().name;
    let function = match seen {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("there is no function {name} in {}", advice.options());
            return DoctorFinding::bad(CHECK, message, advice.bootstrap());
        }
        Ok(Some(function)) => function,
    };
    unready(function, advice).or_else(|| hurried(function, advice)).unwrap_or_else(|| {
        let FunctionConfiguration { state, architecture, memory_mib, timeout_seconds, role, .. } = function;
        let size = format!("{architecture}, {memory_mib} MiB, at most {timeout_seconds} s");
        DoctorFinding::good(CHECK, format!("{name} is {state}: {size}, as {role}"))
    })
}

/// It, or its last update, is not done, or failed.
fn unready(function: &FunctionConfiguration, advice: &Advice<'_>) -> Option<DoctorFinding> {
    let said = |what: &str, status: &str, reason: &Option<String>| {
        let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{what} is {status}{reason}")
    };
    let state = said("its state", &function.state, &function.state_reason);
    let update = said("its last update", &function.last_update_status, &function.last_update_reason);
    match (function.state.as_str(), function.last_update_status.as_str()) {
        ("Active", "Successful") => None,
        // Lambda takes back what a function has not used for weeks, and gives it again at the next call: the checkup's.
        ("Pending" | "Inactive", _) => Some(DoctorFinding::warning(CHECK, state, advice.again())),
        ("Active", "InProgress") => Some(DoctorFinding::warning(CHECK, update, advice.again())),
        ("Active", _) => Some(DoctorFinding::bad(CHECK, update, advice.bootstrap())),
        _ => Some(DoctorFinding::bad(CHECK, state, advice.bootstrap())),
    }
}

fn hurried(function: &FunctionConfiguration, advice: &Advice<'_>) -> Option<DoctorFinding> {
    let FunctionConfiguration { timeout_seconds, .. } = function;
    let message = format!("it is stopped after {timeout_seconds} s, and one call to AWS may take {MIN_SECONDS} s");
    let update = format!("lambda update-function-configuration --function-name {}", advice.identity().name);
    let next_step = advice.aws(&format!("{update} --timeout {DEFAULT_SECONDS}"));
    (*timeout_seconds < MIN_SECONDS).then(|| DoctorFinding::warning(CHECK, message, next_step))
}
