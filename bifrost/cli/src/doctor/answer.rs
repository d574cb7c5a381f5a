//! The answer of the function to a self-check.

use super::DoctorFinding;
use super::remediation::Remediation;
use bifrost_core::cloud::{CloudError, Invocation};
use bifrost_core::self_check::{SelfCheckReport, VERSION};
use serde_json::Value;

const CHECK: &str = "function's answer";

/// The finding, and the function's report if its answer contains one.
pub(super) fn read(
    answer: &Result<Invocation, CloudError>,
    remediation: &Remediation<'_>,
) -> (DoctorFinding, Option<SelfCheckReport>) {
    match answer {
        Err(error) => (DoctorFinding::unchecked(CHECK, error), None),
        Ok(Invocation::Failed(failure)) => (failed(failure, remediation), None),
        Ok(Invocation::Returned(returned)) => match SelfCheckReport::read(returned) {
            Ok(report) => (versions(&report, remediation), Some(report)),
            Err(error) => {
                let message = format!("this client (version {VERSION}) cannot read the function's answer: {error}");
                (DoctorFinding::bad(CHECK, message, update_the_older(remediation)), None)
            }
        },
    }
}

fn versions(report: &SelfCheckReport, remediation: &Remediation<'_>) -> DoctorFinding {
    let SelfCheckReport { version, principal, .. } = report;
    if version == VERSION {
        return DoctorFinding::good(CHECK, format!("version {version}, runs as {principal}"));
    }
    let message = format!("the function has version {version}, this client has version {VERSION}");
    DoctorFinding::warning(CHECK, message, update_the_older(remediation))
}

/// Without a common version it is not known which one is newer.
pub(super) fn update_the_older(remediation: &Remediation<'_>) -> String {
    format!(
        "update this client; or, if this client is the newer one, update the deployer with {}",
        remediation.upgrade()
    )
}

fn failed(failure: &Value, remediation: &Remediation<'_>) -> DoctorFinding {
    let text = |field: &str| failure.get(field).and_then(Value::as_str).unwrap_or_default();
    let (error, message) = (text("errorType"), text("errorMessage"));
    // A deployer answers these to a task that it does not have.
    if ["TaskError", "UnmarshalError"].contains(&error) {
        let message = format!("the function has no self-check, so it is older than this client: {error}: {message}");
        return DoctorFinding::bad(CHECK, message, remediation.upgrade());
    }
    let logs = remediation.aws(&format!("logs tail /aws/lambda/{} --since 10m", remediation.identity().name));
    DoctorFinding::bad(CHECK, format!("the function fails: {error}: {message}"), format!("read its log with {logs}"))
}
