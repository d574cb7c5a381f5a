//! Parses the `ErrorEquals` of a retrier or catcher.

use super::fields::{Fields, Located};

const FIELD: &str = "ErrorEquals";

/// The names of AWS's own errors. Any other name that begins with `States.` is a mistake.
const STATES_ERRORS: [&str; 16] = [
    "States.ALL",
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

/// The error names of an entry, which is or is not the last one.
pub(super) fn error_equals(fields: &Fields<'_>, is_last: bool) -> Option<Vec<String>> {
    fields.required(FIELD, "an array of error names");
    let names = fields.list(FIELD)?;
    if names.is_empty() {
        fields.report(FIELD, "is empty; write at least one error name");
    }
    let name = |at: Located<'_>| {
        let name = at.value.as_str().map(str::to_owned);
        if name.is_none() {
            fields.context().problems.report(at.location.to_string(), "is not a string; write the name of an error");
        }
        name
    };
    let names: Vec<Option<String>> = names.into_iter().map(name).collect();
    let names: Vec<String> = names.into_iter().collect::<Option<_>>()?;
    check(fields, &names, is_last);
    Some(names)
}

fn check(fields: &Fields<'_>, names: &[String], is_last: bool) {
    let has_all = names.iter().any(|name| name == "States.ALL");
    if has_all && names.len() > 1 {
        fields.report(FIELD, "\"States.ALL\" matches every error; write it without other names");
    }
    if has_all && !is_last {
        let message =
            "\"States.ALL\" matches every error, so that the entries after it never apply; make it the last one";
        fields.report(FIELD, message);
    }
    for name in names.iter().filter(|name| is_unknown(name)) {
        let message = format!(
            "{name:?} is not an error of Step Functions, and names that begin with `States.` are reserved; use \
             another name, or one of {}",
            STATES_ERRORS.join(", ")
        );
        fields.report(FIELD, message);
    }
}

fn is_unknown(name: &str) -> bool {
    // The HTTP task names its errors after status codes.
    name.starts_with("States.") && !name.starts_with("States.Http.") && !STATES_ERRORS.contains(&name)
}
