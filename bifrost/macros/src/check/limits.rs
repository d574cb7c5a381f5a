//! Numbers and names that Step Functions accepts.

use crate::model::{Retry, RetryField};
use crate::timestamp::is_timestamp;
use std::collections::HashSet;
use syn::{Error, Lit, LitInt, LitStr};

const MAX_STATE_NAME_LEN: usize = 80;
pub(crate) const MAX_SECONDS: u32 = 99_999_999;
const MAX_DELAY_SECONDS: u32 = 31_622_399;
const RETRY_FIELDS: [&str; 4] = ["max_attempts", "interval_seconds", "backoff_rate", "max_delay_seconds"];

pub(super) fn state_name(name: &LitStr) -> Option<Error> {
    let length = name.value().chars().count();
    let fits = (1..=MAX_STATE_NAME_LEN).contains(&length);
    (!fits)
        .then(|| Error::new(name.span(), format!("the name of a state must have 1 to {MAX_STATE_NAME_LEN} characters")))
}

pub(super) fn seconds(seconds: &LitInt) -> Option<Error> {
    let fits = seconds.base10_parse::<u32>().is_ok_and(|seconds| (1..=MAX_SECONDS).contains(&seconds));
    (!fits).then(|| Error::new(seconds.span(), format!("a wait must be 1 to {MAX_SECONDS} seconds")))
}

pub(super) fn timestamp(timestamp: &LitStr) -> Option<Error> {
    let message = "expected an RFC 3339 timestamp, such as \"2026-01-01T00:00:00Z\"";
    (!is_timestamp(&timestamp.value())).then(|| Error::new(timestamp.span(), message))
}

pub(super) fn retry(retry: &Retry) -> Vec<Error> {
    let mut seen = HashSet::new();
    let check = |field: &RetryField| {
        let name = &field.name;
        let first = seen.insert(name.to_string());
        if first { retry_field(field) } else { Some(Error::new(name.span(), format!("`{name}` is given twice"))) }
    };
    retry.fields.iter().filter_map(check).chain(max_delay(retry)).chain(total(retry)).collect()
}

/// An entry that retries nothing only excludes errors from the entries below it.
pub(super) fn last_retry(retries: &[Retry]) -> Option<Error> {
    let value = retries.last()?.value("max_attempts")?;
    let message =
        "this retries nothing, and no `retry` follows from which it excludes an error: remove it, or set more attempts";
    whole(value, 0, 0).then(|| Error::new(value.span(), message))
}

/// An execution ends after at most a year, before the last attempt.
fn total(retry: &Retry) -> Option<Error> {
    const YEAR: f64 = 31_536_000.0;
    let value = retry.value("max_attempts")?;
    let rate = retry.decimal("backoff_rate").unwrap_or(2.0);
    let longest = retry.whole("max_delay_seconds").map_or(YEAR, f64::from);
    let mut delay = f64::from(retry.whole("interval_seconds").unwrap_or(1));
    let (mut total, mut left) = (0.0, f64::from(retry.whole("max_attempts")?));
    while left > 0.0 && total <= YEAR && rate > 1.0 && delay < longest {
        (total, left, delay) = (total + delay, left - 1.0, delay * rate);
    }
    total += left * delay.min(longest);
    (total > YEAR).then(|| {
        Error::new(value.span(), "the attempts would take longer than a year, in which an execution ends: set fewer")
    })
}

/// A maximum that is not above the first interval has no effect.
fn max_delay(retry: &Retry) -> Option<Error> {
    let value = retry.value("max_delay_seconds")?;
    let interval = retry.whole("interval_seconds").unwrap_or(1);
    let message = format!("`max_delay_seconds` must be greater than `interval_seconds`, {interval}");
    (retry.whole("max_delay_seconds")? <= interval).then(|| Error::new(value.span(), message))
}

fn retry_field(RetryField { name, value }: &RetryField) -> Option<Error> {
    let (fits, expected) = match name.to_string().as_str() {
        "max_attempts" => (whole(value, 0, MAX_SECONDS), format!("a whole number from 0 to {MAX_SECONDS}")),
        "interval_seconds" => (whole(value, 1, MAX_SECONDS), format!("a whole number from 1 to {MAX_SECONDS}")),
        "max_delay_seconds" => {
            (whole(value, 1, MAX_DELAY_SECONDS), format!("a whole number from 1 to {MAX_DELAY_SECONDS}"))
        }
        "backoff_rate" => (rate(value), "a number of at least 1.0".to_owned()),
        other => {
            let message = format!("unknown field `{other}` of a retry; expected {}", RETRY_FIELDS.join(", "));
            return Some(Error::new(name.span(), message));
        }
    };
    (!fits).then(|| Error::new(value.span(), format!("`{name}` must be {expected}")))
}

fn whole(value: &Lit, min: u32, max: u32) -> bool {
    let Lit::Int(value) = value else { return false };
    value.base10_parse::<u32>().is_ok_and(|value| (min..=max).contains(&value))
}

fn rate(value: &Lit) -> bool {
    let rate = match value {
        Lit::Int(value) => value.base10_parse::<f64>(),
        Lit::Float(value) => value.base10_parse::<f64>(),
        _ => return false,
    };
    rate.is_ok_and(|rate| rate.is_finite() && rate >= 1.0)
}
