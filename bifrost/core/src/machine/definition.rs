//! Writes a chart in the Amazon States Language. Covers only what charts can express; the crate `asl` covers the language.

#![allow(clippy::must_use_candidate, reason = "expansions call it, and use what they get")]

use serde_json::{Map, Value, json};

/// Transient errors of Lambda itself. Every task retries them, before the retries of its author.
const TRANSIENT: [&str; 4] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];

/// The whole definition. The macro refuses two states with the same name.
pub fn definition(
    comment: Option<&str>,
    start: &str,
    states: impl IntoIterator<Item = (&'static str, Value)>,
) -> Value {
    let mut definition = commented(comment);
    definition.insert("StartAt".into(), start.into());
    let states = states.into_iter().map(|(name, state)| (name.to_owned(), state)).collect();
    definition.insert("States".into(), Value::Object(states));
    definition.into()
}

/// A state that runs a handler in the Lambda function `resource`.
pub fn task(
    comment: Option<&str>,
    name: &str,
    resource: &str,
    retries: impl IntoIterator<Item = Value>,
    catches: Vec<Value>,
    next: &str,
) -> Value {
    let mut state = state(comment, "Task");
    state.insert("Resource".into(), resource.into());
    let parameters = json!({
        "Task": name,
        "Input.$": "$",
        "Execution.$": "$$.Execution.Id",
        "RetryCount.$": "$$.State.RetryCount",
    });
    state.insert("Parameters".into(), parameters);
    let transient = json!({ "ErrorEquals": TRANSIENT, "MaxAttempts": 6, "IntervalSeconds": 2, "BackoffRate": 2.0 });
    state.insert("Retry".into(), std::iter::once(transient).chain(retries).collect());
    state.insert("Catch".into(), catches.into());
    state.insert("Next".into(), next.into());
    state.into()
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
