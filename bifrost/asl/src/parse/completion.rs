//! Parses the fields that apply when the work of a `Task`, `Parallel` or `Map` ends: result, `Retry`, `Catch`, `Next`.

use super::MAX_SECONDS;
use super::fields::{Fields, Located};
use super::state::transition;
use crate::model::{Catcher, Completion, Retrier};

/// The longest `MaxDelaySeconds`: a year.
const MAX_DELAY: u64 = 31_622_400;

/// `None` if the transition or an entry of `Retry` or `Catch` cannot be read.
pub(super) fn completion(fields: &Fields<'_>) -> Option<Completion> {
    let (retry, catch) = (each(fields, "Retry", retrier), each(fields, "Catch", catcher));
    let transition = transition(fields);
    Some(Completion {
        result_selector: fields.object_template("ResultSelector"),
        result_path: fields.result_path(),
        assign: fields.assign(),
        retry: retry?,
        catch: catch?,
        transition: transition?,
    })
}

/// The entries of an array field; `None` if one of them cannot be read.
fn each<T>(fields: &Fields<'_>, field: &'static str, read: impl Fn(&Fields<'_>) -> Option<T>) -> Option<Vec<T>> {
    if !fields.has(field) {
        return Some(Vec::new());
    }
    let read = |at: Located<'_>| Fields::of(at, fields.problems()).and_then(|fields| read(&fields));
    // Collected twice: every entry is read, and its problems reported, even after an invalid one.
    let entries: Vec<Option<T>> = fields.list(field)?.into_iter().map(read).collect();
    entries.into_iter().collect()
}

fn retrier(fields: &Fields<'_>) -> Option<Retrier> {
    let error_equals = error_equals(fields);
    fields.comment();
    let full_jitter = match fields.text("JitterStrategy") {
        None | Some("NONE") => false,
        Some("FULL") => true,
        Some(other) => {
            fields.report("JitterStrategy", format!("is {other:?}; write \"FULL\" or \"NONE\""));
            false
        }
    };
    let retrier = Retrier {
        max_attempts: fields.integer("MaxAttempts", 0..=MAX_SECONDS).unwrap_or(3),
        interval_seconds: fields.integer("IntervalSeconds", 1..=MAX_SECONDS).unwrap_or(1),
        backoff_rate: fields.number("BackoffRate", 1.0..=f64::MAX).unwrap_or(2.0),
        max_delay_seconds: fields.integer("MaxDelaySeconds", 1..=MAX_DELAY),
        full_jitter,
        error_equals: error_equals?,
    };
    fields.finish("a retrier");
    Some(retrier)
}

fn catcher(fields: &Fields<'_>) -> Option<Catcher> {
    let error_equals = error_equals(fields);
    fields.comment();
    let next = fields.required_text("Next");
    let (result_path, assign) = (fields.result_path(), fields.assign());
    fields.finish("a catcher");
    Some(Catcher { error_equals: error_equals?, result_path, assign, next: next?.into() })
}

fn error_equals(fields: &Fields<'_>) -> Option<Vec<String>> {
    let field = "ErrorEquals";
    fields.required(field, "an array of error names");
    let names = fields.list(field)?;
    if names.is_empty() {
        fields.report(field, "is empty; write at least one error name");
    }
    let name = |at: Located<'_>| {
        let name = at.value.as_str().map(str::to_owned);
        if name.is_none() {
            fields.problems().report(at.location.to_string(), "is not a string; write the name of an error");
        }
        name
    };
    let names: Vec<Option<String>> = names.into_iter().map(name).collect();
    names.into_iter().collect()
}
