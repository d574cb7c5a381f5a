//! Checks that the function exists and is ready.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::{CloudError, FunctionConfiguration};

const CHECK: &str = "function";

/// One call to AWS may take this long, with its retries.
const MIN_SECONDS: u32 = 60;

/// The timeout that `bootstrap` sets, in seconds.
const DEFAULT_SECONDS: u32 = 300;

pub(super) fn check(
    function: &Result<Option<FunctionConfiguration>, CloudError>,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    let name = &remediation.identity().name;
    let function = match function {
        Err(error) => return DoctorFinding::unchecked(CHECK, error),
        Ok(None) => {
            let message = format!("function {name} does not exist in {}", remediation.location());
            return DoctorFinding::bad(CHECK, message, remediation.restore());
        }
        Ok(Some(function)) => function,
    };
    check_state(function, remediation).or_else(|| check_timeout(function, remediation)).unwrap_or_else(|| {
        let FunctionConfiguration { state, architecture, memory_mib, timeout_seconds, role, .. } = function;
        let size = format!("{architecture}, {memory_mib} MiB, timeout {timeout_seconds} s");
        DoctorFinding::good(CHECK, format!("{name} is {state}: {size}, runs as {role}"))
    })
}

/// Reports a function that is not ready, or whose last update is in progress or failed.
fn check_state(function: &FunctionConfiguration, remediation: &Remediation<'_>) -> Option<DoctorFinding> {
    let describe = |what: &str, status: &str, reason: &Option<String>| {
        let reason = reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{what} is {status}{reason}")
    };
    let state = describe("its state", &function.state, &function.state_reason);
    let update = describe("its last update", &function.last_update_status, &function.last_update_reason);
    match (function.state.as_str(), function.last_update_status.as_str()) {
        ("Active", "Successful") => None,
        // Lambda reclaims the resources of a function that was idle for weeks. The next call, here the self-check,
        // restores it.
        ("Pending" | "Inactive", _) => Some(DoctorFinding::warning(CHECK, state, remediation.check_again())),
        ("Active", "InProgress") => Some(DoctorFinding::warning(CHECK, update, remediation.check_again())),
        ("Active", _) => Some(DoctorFinding::bad(CHECK, update, remediation.restore())),
        _ => Some(DoctorFinding::bad(CHECK, state, remediation.restore())),
    }
}

fn check_timeout(function: &FunctionConfiguration, remediation: &Remediation<'_>) -> Option<DoctorFinding> {
    let FunctionConfiguration { timeout_seconds, .. } = function;
    let message = format!("its timeout is {timeout_seconds} s, and one call to AWS may take {MIN_SECONDS} s");
    let update = format!("lambda update-function-configuration --function-name {}", remediation.identity().name);
    let next_step = remediation.aws(&format!("{update} --timeout {DEFAULT_SECONDS}"));
    (*timeout_seconds < MIN_SECONDS).then(|| DoctorFinding::warning(CHECK, message, next_step))
}
