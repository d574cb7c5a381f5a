//! Writes a chart in the Amazon States Language. Covers only what charts can express; the crate `asl` covers the language.

#![allow(clippy::must_use_candidate, reason = "expansions call it, and use what they get")]

use serde_json::{Map, Value, json};

/// Transient errors of Lambda itself. Every task retries them, before the retries of its author.
const TRANSIENT: [&str; 5] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
];

/// Invocations that timed out or were lost: nobody knows what they have done, or whether they still run. Every task
/// retries them, too: an attempt finds what an earlier one did.
const LOST: [&str; 4] = ["Sandbox.Timedout", "Lambda.Unknown", "Runtime.ExitError", "States.Timeout"];

/// What a definition says beyond its states: where its tasks run, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionSettings {
    /// The ARN of the Lambda function that runs every task.
    pub resource: String,
    /// `TimeoutSeconds` of every task. It must be above the timeout of the function.
    pub task_timeout_seconds: u32,
    /// `TimeoutSeconds` of the state machine: the longest deploy, and a margin.
    pub machine_timeout_seconds: u32,
}

/// Marks of a task on which its definition depends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// The task receives the execution's input, which may be any JSON.
    pub validates: bool,
    /// The task may raise `HaltError`, which is never retried.
    pub looks_for_halt: bool,
}

/// The whole definition. The macro refuses two states with the same name.
pub fn definition(
    comment: Option<&str>,
    start: &str,
    settings: &DefinitionSettings,
    states: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let mut definition = commented(comment);
    definition.insert("StartAt".into(), start.into());
    definition.insert("TimeoutSeconds".into(), settings.machine_timeout_seconds.into());
    let states = states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    definition.insert("States".into(), Value::Object(states));
    definition.into()
}

/// A state that runs a handler. `retries` and `catches` are those of its author; the last catch matches every error.
pub fn task_state(
    comment: Option<&str>,
    name: &str,
    settings: &DefinitionSettings,
    marks: Marks,
    retries: Vec<Value>,
    catches: Vec<Value>,
    next: &str,
) -> Value {
    let mut state = state(comment, "Task");
    state.insert("Resource".into(), settings.resource.as_str().into());
    state.insert("TimeoutSeconds".into(), settings.task_timeout_seconds.into());
    let parameters = json!({
        "Task": name,
        "Input.$": "$",
        "Execution.$": "$$.Execution.Id",
        "RetryCount.$": "$$.State.RetryCount",
    });
    state.insert("Parameters".into(), parameters);
    state.insert("Retry".into(), all_retries(marks, retries));
    state.insert("Catch".into(), all_catches(marks, catches));
    state.insert("Next".into(), next.into());
    state.into()
}

/// The retries of the framework, then those of the task's author.
fn all_retries(marks: Marks, retries: Vec<Value>) -> Value {
    let transient = json!({ "ErrorEquals": TRANSIENT, "MaxAttempts": 6, "IntervalSeconds": 2, "BackoffRate": 2.0 });
    let lost = json!({ "ErrorEquals": LOST, "MaxAttempts": 2, "IntervalSeconds": 10, "BackoffRate": 2.0 });
    // Only a retry of the author could match it: none before does.
    let never = (marks.looks_for_halt && !retries.is_empty())
        .then(|| json!({ "ErrorEquals": ["HaltError"], "MaxAttempts": 0 }));
    [transient, lost].into_iter().chain(never).chain(retries).collect()
}

/// The catch of the framework, then those of the task's author.
fn all_catches(marks: Marks, catches: Vec<Value>) -> Value {
    let end = catches.last().and_then(|last| last.get("Next")).filter(|_| marks.validates);
    let unusable = end.map(|end| {
        json!({
            "Comment": "Replaces the input, because $.error cannot be written into one that is no object or too large.",
            "ErrorEquals": ["InputError", "States.DataLimitExceeded"],
            "ResultPath": "$",
            "Next": end,
        })
    });
    unusable.into_iter().chain(catches).collect()
}

/// The parameters of a retry.
#[derive(Clone, Copy)]
pub struct Backoff {
    /// Maximum number of retries; 0 for none.
    pub max_attempts: u32,
    /// The wait before the first retry.
    pub interval_seconds: u32,
    /// The factor between one wait and the next.
    pub backoff_rate: f64,
    /// The longest wait.
    pub max_delay_seconds: Option<u32>,
}

/// One entry of `Retry`.
pub fn retry(comment: Option<&str>, error: &str, backoff: Backoff) -> Value {
    let mut retry = commented(comment);
    retry.insert("ErrorEquals".into(), json!([error]));
    retry.insert("MaxAttempts".into(), backoff.max_attempts.into());
    // Without retries the other parameters have no meaning.
    if backoff.max_attempts > 0 {
        retry.insert("IntervalSeconds".into(), backoff.interval_seconds.into());
        retry.insert("BackoffRate".into(), backoff.backoff_rate.into());
        retry.extend(backoff.max_delay_seconds.map(|seconds| ("MaxDelaySeconds".to_owned(), seconds.into())));
    }
    retry.into()
}

/// One entry of `Catch`. The error is put into `$.error` of the failed task's input.
pub fn catch(comment: Option<&str>, error: &str, next: &str) -> Value {
    let mut catch = commented(comment);
    catch.insert("ErrorEquals".into(), json!([error]));
    catch.insert("ResultPath".into(), "$.error".into());
    catch.insert("Next".into(), next.into());
    catch.into()
}

/// A state that waits. `field` is one of the language's four fields that say how long.
pub fn wait(comment: Option<&str>, field: &str, value: impl Into<Value>, next: &str) -> Value {
    let mut state = state(comment, "Wait");
    state.insert(field.into(), value.into());
    state.insert("Next".into(), next.into());
    state.into()
}

/// A state that continues with the first rule that matches, or with `default`.
pub fn choice(comment: Option<&str>, rules: Vec<Value>, default: &str) -> Value {
    let mut state = state(comment, "Choice");
    state.insert("Choices".into(), rules.into());
    state.insert("Default".into(), default.into());
    state.into()
}

/// One rule of a choice.
pub fn rule(comment: Option<&str>, condition: Value, next: &str) -> Value {
    let mut rule = commented(comment);
    if let Value::Object(condition) = condition {
        rule.extend(condition);
    }
    rule.insert("Next".into(), next.into());
    rule.into()
}

/// A state that continues, and may set the field at a path.
pub fn pass(comment: Option<&str>, set: Option<(&str, Value)>, next: &str) -> Value {
    let mut state = state(comment, "Pass");
    if let Some((path, value)) = set {
        state.insert("Result".into(), value);
        state.insert("ResultPath".into(), path.into());
    }
    state.insert("Next".into(), next.into());
    state.into()
}

/// A state that ends the execution with success.
pub fn succeed(comment: Option<&str>) -> Value {
    state(comment, "Succeed").into()
}

/// A state that ends the execution with `error`.
pub fn fail(comment: Option<&str>, error: &str, cause: Option<&str>) -> Value {
    let mut state = state(comment, "Fail");
    state.insert("Error".into(), error.into());
    state.extend(cause.map(|cause| ("Cause".to_owned(), cause.into())));
    state.into()
}

fn state(comment: Option<&str>, kind: &str) -> Map<String, Value> {
    let mut state = commented(comment);
    state.insert("Type".into(), kind.into());
    state
}

fn commented(comment: Option<&str>) -> Map<String, Value> {
    comment.map(|comment| ("Comment".to_owned(), comment.into())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFTEN: Backoff = Backoff { max_attempts: 5, interval_seconds: 1, backoff_rate: 1.0, max_delay_seconds: None };

    fn settings() -> DefinitionSettings {
        DefinitionSettings { resource: "arn".into(), task_timeout_seconds: 310, machine_timeout_seconds: 7200 }
    }

    fn task(marks: Marks, retries: Vec<Value>) -> Value {
        let catches = vec![catch(None, "OwnError", "Elsewhere"), catch(None, "States.ALL", "Failed")];
        task_state(None, "Work", &settings(), marks, retries, catches, "Done")
    }

    /// The errors of each entry of `Retry` or `Catch`.
    fn errors(entries: &Value) -> Vec<&Value> {
        entries.as_array().unwrap().iter().map(|entry| &entry["ErrorEquals"]).collect()
    }

    #[test]
    fn machine_and_tasks_have_timeouts() {
        let work = task(Marks::default(), Vec::new());
        assert_eq!(work["TimeoutSeconds"], 310);
        assert_eq!(work["Resource"], "arn");
        assert_eq!(definition(None, "Work", &settings(), [("Work", work)])["TimeoutSeconds"], 7200);
    }

    #[test]
    fn lost_invocation_is_retried() {
        let work = task(Marks::default(), vec![retry(None, "States.ALL", OFTEN)]);
        let errors = errors(&work["Retry"]);
        assert_eq!(errors, [&json!(TRANSIENT), &json!(LOST), &json!(["States.ALL"])]);
        assert_eq!(work["Retry"][1]["MaxAttempts"], 2);
    }

    #[test]
    fn halt_is_never_retried() {
        let marks = Marks { looks_for_halt: true, ..Marks::default() };
        let work = task(marks, vec![retry(None, "States.ALL", OFTEN)]);
        assert_eq!(work["Retry"][2], json!({ "ErrorEquals": ["HaltError"], "MaxAttempts": 0 }));
        assert_eq!(errors(&work["Retry"])[3], &json!(["States.ALL"]));
        // Without retries of the author, nothing would retry it.
        assert_eq!(errors(&task(marks, Vec::new())["Retry"]).len(), 2);
    }

    #[test]
    fn unusable_input_is_replaced() {
        let work = task(Marks { validates: true, ..Marks::default() }, Vec::new());
        let first = &work["Catch"][0];
        assert_eq!(first["ErrorEquals"], json!(["InputError", "States.DataLimitExceeded"]));
        assert_eq!((&first["ResultPath"], &first["Next"]), (&json!("$"), &json!("Failed")));
        assert_eq!(
            errors(&task(Marks::default(), Vec::new())["Catch"]),
            [&json!(["OwnError"]), &json!(["States.ALL"])]
        );
    }
}
