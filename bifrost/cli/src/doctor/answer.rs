//! What the function says when it is asked for a checkup.

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::cloud::{CloudError, Invocation};
use bifrost_core::self_check::{SelfCheckReport, VERSION};
use serde_json::Value;

const CHECK: &str = "function's answer";

/// The function's report, if it gives one, and what is to be said of its answer.
pub(super) fn read(
    answer: &Result<Invocation, CloudError>,
    advice: &Advice<'_>,
) -> (DoctorFinding, Option<SelfCheckReport>) {
    match answer {
        Err(error) => (DoctorFinding::unchecked(CHECK, error), None),
        Ok(Invocation::Failed(failure)) => (failed(failure, advice), None),
        Ok(Invocation::Returned(returned)) => match SelfCheckReport::read(returned) {
            Ok(report) => (versions(&report, advice), Some(report)),
            Err(error) => {
                let message = format!("it is of another version than this client, {VERSION}: in its answer, {error}");
                (DoctorFinding::bad(CHECK, message, either_way(advice)), None)
            }
        },
    }
}

fn versions(report: &SelfCheckReport, advice: &Advice<'_>) -> DoctorFinding {
    let SelfCheckReport { version, principal, .. } = report;
    if version == VERSION {
        return DoctorFinding::good(CHECK, format!("version {version}, as {principal}"));
    }
    let message = format!("the function is of version {version}, this client of {VERSION}");
    DoctorFinding::warning(CHECK, message, either_way(advice))
}

fn either_way(advice: &Advice<'_>) -> String {
    format!("update this client, or, if it is the newer one, the deployer with {}", advice.bootstrap())
}

fn failed(failure: &Value, advice: &Advice<'_>) -> DoctorFinding {
    let text = |field: &str| failure.get(field).and_then(Value::as_str).unwrap_or_default();
    let (error, message) = (text("errorType"), text("errorMessage"));
    // What a deployer answers to a task that it does not have.
    if ["TaskError", "UnmarshalError"].contains(&error) {
        let message = format!("it knows no checkups, so it is older than this client: {error}: {message}");
        return DoctorFinding::bad(CHECK, message, advice.bootstrap());
    }
    let logs = advice.aws(&format!("logs tail /aws/lambda/{} --since 10m", advice.identity().name));
    DoctorFinding::bad(CHECK, format!("it fails: {error}: {message}"), logs)
}
