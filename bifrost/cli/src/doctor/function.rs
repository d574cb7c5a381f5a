//! Checks that the function exists and is ready.

use super::DoctorFinding;
use super::remediation::Remediation;
use crate::bootstrap;
use bifrost_core::cloud::{CloudError, FunctionConfiguration};
use serde_json::Value;

const CHECK: &str = "function";

/// One call to AWS may take this long, with its retries.
const MIN_SECONDS: u32 = 60;

/// `definition` is the definition of the state machine that runs the function.
pub(super) fn check(
    function: &Result<Option<FunctionConfiguration>, CloudError>,
    definition: &Value,
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
    let fault = check_ready(CHECK, function, remediation).or_else(|| check_timeout(function, definition, remediation));
    fault.unwrap_or_else(|| {
        let FunctionConfiguration { state, architecture, memory_mib, timeout_seconds, role, .. } = function;
        let size = format!("{architecture}, {memory_mib} MiB, timeout {timeout_seconds} s");
        DoctorFinding::good(CHECK, format!("{name} is {state}: {size}, runs as {role}"))
    })
}

/// Reports a function that is not ready, or whose last update is in progress or failed.
pub(super) fn check_ready(
    check: &str,
    function: &FunctionConfiguration,
    remediation: &Remediation<'_>,
) -> Option<DoctorFinding> {
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
        ("Pending" | "Inactive", _) => Some(DoctorFinding::warning(check, state, remediation.check_again())),
        ("Active", "InProgress") => Some(DoctorFinding::warning(check, update, remediation.check_again())),
        ("Active", _) => Some(DoctorFinding::bad(check, update, remediation.restore())),
        _ => Some(DoctorFinding::bad(check, state, remediation.restore())),
    }
}

/// The function must be able to finish its calls, and must end before Step Functions gives up its task. Otherwise the
/// retry of the task runs beside the first invocation, which may still change something.
fn check_timeout(
    function: &FunctionConfiguration,
    definition: &Value,
    remediation: &Remediation<'_>,
) -> Option<DoctorFinding> {
    let FunctionConfiguration { timeout_seconds: timeout, .. } = function;
    let right = bootstrap::timeout_seconds(definition);
    let update = format!("lambda update-function-configuration --function-name {}", remediation.identity().name);
    let update = remediation.aws(&format!("{update} --timeout {right}"));
    // A shorter timeout would be too short for a call, a longer one too long for the task.
    let is_task_short = right < u64::from(MIN_SECONDS);
    let task = bootstrap::shortest_task_seconds(definition).filter(|task| u64::from(*timeout) >= *task);
    if let Some(task) = task {
        let message = format!(
            "its timeout is {timeout} s, but Step Functions gives up a task after {task} s (`TimeoutSeconds`), and \
             retries it while the function still runs"
        );
        let next_step = if is_task_short {
            raise_task_timeout(remediation)
        } else {
            format!("lower the function's timeout with {update}, or raise TASK_TIMEOUT_SECONDS of the deployer")
        };
        return Some(DoctorFinding::bad(CHECK, message, next_step));
    }
    let message = format!("its timeout is {timeout} s, and one call to AWS may take {MIN_SECONDS} s");
    let next_step = if is_task_short { raise_task_timeout(remediation) } else { update };
    (*timeout < MIN_SECONDS).then(|| DoctorFinding::warning(CHECK, message, next_step))
}

/// For a definition whose tasks end before a call may.
fn raise_task_timeout(remediation: &Remediation<'_>) -> String {
    format!(
        "raise TASK_TIMEOUT_SECONDS of the deployer to at least {} and build it, then run {}",
        u64::from(MIN_SECONDS) + bootstrap::TIMEOUT_MARGIN_SECONDS,
        remediation.upgrade()
    )
}
