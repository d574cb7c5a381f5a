//! Parses the fields that apply when the work of a `Task`, `Parallel` or `Map` ends: result, `Retry`, `Catch`, `Next`.

use super::MAX_SECONDS;
use super::assign::assign;
use super::error_equals::error_equals;
use super::fields::Fields;
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
        assign: assign(fields),
        retry: retry?,
        catch: catch?,
        transition: transition?,
    })
}

/// The entries of an array field; `None` if one of them cannot be read. `read` also gets whether it is the last one.
pub(super) fn each<T>(
    fields: &Fields<'_>,
    field: &'static str,
    read: impl Fn(&Fields<'_>, bool) -> Option<T>,
) -> Option<Vec<T>> {
    if !fields.has(field) {
        return Some(Vec::new());
    }
    let entries = fields.list(field)?;
    let last = entries.len().saturating_sub(1);
    let read = |(index, at)| Fields::of(at, fields.context()).and_then(|fields| read(&fields, index == last));
    // Collected twice: every entry is read, and its problems reported, even after an invalid one.
    let entries: Vec<Option<T>> = entries.into_iter().enumerate().map(read).collect();
    entries.into_iter().collect()
}

pub(super) fn retrier(fields: &Fields<'_>, is_last: bool) -> Option<Retrier> {
    let error_equals = error_equals(fields, is_last);
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

fn catcher(fields: &Fields<'_>, is_last: bool) -> Option<Catcher> {
    let error_equals = error_equals(fields, is_last);
    fields.comment();
    let next = fields.required_text("Next");
    let (result_path, assign) = (fields.result_path(), assign(fields));
    fields.finish("a catcher");
    Some(Catcher { error_equals: error_equals?, result_path, assign, next: next?.into() })
}
