//! What the function says when it is asked for a checkup.

use super::Finding;
use super::advice::Advice;
use bifrost_core::checkup::{CheckupReport, VERSION};
use bifrost_core::cloud::{CloudError, Invocation};
use serde_json::Value;

const WHAT: &str = "function's answer";

/// The function's report, if it gives one, and what is to be said of its answer.
pub(super) fn read(answer: &Result<Invocation, CloudError>, advice: &Advice<'_>) -> (Finding, Option<CheckupReport>) {
    match answer {
        Err(error) => (Finding::unchecked(WHAT, error), None),
        Ok(Invocation::Failed(failure)) => (failed(failure, advice), None),
        Ok(Invocation::Returned(returned)) => match CheckupReport::read(returned) {
            Ok(report) => (versions(&report, advice), Some(report)),
            Err(error) => {
                let message = format!("it is of another version than this client, {VERSION}: in its answer, {error}");
                (Finding::bad(WHAT, message, either_way(advice)), None)
            }
        },
    }
}

fn versions(report: &CheckupReport, advice: &Advice<'_>) -> Finding {
    let CheckupReport { version, principal, .. } = report;
    if version == VERSION {
        return Finding::good(WHAT, format!("version {version}, as {principal}"));
    }
    let message = format!("the function is of version {version}, this client of {VERSION}");
    Finding::warning(WHAT, message, either_way(advice))
}

fn either_way(advice: &Advice<'_>) -> String {
    format!("update this client, or, if it is the newer one, the deployer with {}", advice.bootstrap())
}

fn failed(failure: &Value, advice: &Advice<'_>) -> Finding {
    let text = |field: &str| failure.get(field).and_then(Value::as_str).unwrap_or_default();
    let (error, message) = (text("errorType"), text("errorMessage"));
    // What a deployer answers to a task that it does not have.
    if ["TaskError", "UnmarshalError"].contains(&error) {
        let message = format!("it knows no checkups, so it is older than this client: {error}: {message}");
        return Finding::bad(WHAT, message, advice.bootstrap());
    }
    let logs = advice.aws(&format!("logs tail /aws/lambda/{} --since 10m", advice.identity().name));
    Finding::bad(WHAT, format!("it fails: {error}: {message}"), logs)
}
