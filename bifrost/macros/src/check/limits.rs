//! The numbers and names that Step Functions accepts.

use crate::model::RetryField;
use crate::timestamp::is_timestamp;
use syn::{Error, Lit, LitInt, LitStr};

const LONGEST_STATE_NAME: usize = 80;
const MOST_SECONDS: u32 = 99_999_999;
const MOST_DELAY_SECONDS: u32 = 31_622_399;
const RETRY_FIELDS: [&str; 4] = ["max_attempts", "interval_seconds", "backoff_rate", "max_delay_seconds"];

pub(super) fn state_name(name: &LitStr) -> Option<Error> {
    let length = name.value().chars().count();
    let fits = (1..=LONGEST_STATE_NAME).contains(&length);
    (!fits).then(|| Error::new(name.span(), format!("a state's name has 1 to {LONGEST_STATE_NAME} characters")))
}

pub(super) fn seconds(seconds: &LitInt) -> Option<Error> {
    let fits = seconds.base10_parse::<u32>().is_ok_and(|seconds| seconds <= MOST_SECONDS);
    (!fits).then(|| Error::new(seconds.span(), format!("a wait takes 0 to {MOST_SECONDS} seconds")))
}

pub(super) fn timestamp(timestamp: &LitStr) -> Option<Error> {
    let message = "expected a timestamp as in RFC 3339, such as \"2026-01-01T00:00:00Z\"";
    (!is_timestamp(&timestamp.value())).then(|| Error::new(timestamp.span(), message))
}

pub(super) fn retry(fields: &[RetryField]) -> Vec<Error> {
    let twice = |place: usize, name: &syn::Ident| fields.iter().take(place).any(|earlier| earlier.name == *name);
    let check = |(place, field): (usize, &RetryField)| {
        if twice(place, &field.name) {
            let message = format!("`{}` is given twice", field.name);
            return Some(Error::new(field.name.span(), message));
        }
        retry_field(field)
    };
    fields.iter().enumerate().filter_map(check).chain(cap(fields)).collect()
}

/// A cap that the first interval reaches already is not what anybody means.
fn cap(fields: &[RetryField]) -> Option<Error> {
    let given = |name| fields.iter().find(|field| field.name == name).map(|field| &field.value);
    let number = |value: &Lit| {
        if let Lit::Int(value) = value { value.base10_parse::<u32>().ok() } else { None }
    };
    let value = given("max_delay_seconds")?;
    let interval = given("interval_seconds").map_or(Some(1), number)?;
    let too_low = number(value)? <= interval;
    too_low.then(|| {
        Error::new(value.span(), format!("`max_delay_seconds` must be more than the first interval, {interval} s"))
    })
}

fn retry_field(RetryField { name, value }: &RetryField) -> Option<Error> {
    let (fits, expected) = match name.to_string().as_str() {
        "max_attempts" => (whole(value, 0, MOST_SECONDS), format!("a whole number from 0 to {MOST_SECONDS}")),
        "interval_seconds" => (whole(value, 1, MOST_SECONDS), format!("a whole number from 1 to {MOST_SECONDS}")),
        "max_delay_seconds" => {
            (whole(value, 1, MOST_DELAY_SECONDS), format!("a whole number from 1 to {MOST_DELAY_SECONDS}"))
        }
        "backoff_rate" => (rate(value), "a number from 1.0".to_owned()),
        other => {
            let message = format!("a retry has no `{other}`; it has {}", RETRY_FIELDS.join(", "));
            return Some(Error::new(name.span(), message));
        }
    };
    (!fits).then(|| Error::new(value.span(), format!("`{name}` must be {expected}")))
}

fn whole(value: &Lit, least: u32, most: u32) -> bool {
    let Lit::Int(value) = value else { return false };
    value.base10_parse::<u32>().is_ok_and(|value| (least..=most).contains(&value))
}

fn rate(value: &Lit) -> bool {
    let rate = match value {
        Lit::Int(value) => value.base10_parse::<f64>(),
        Lit::Float(value) => value.base10_parse::<f64>(),
        _ => return false,
    };
    rate.is_ok_and(|rate| rate.is_finite() && rate >= 1.0)
}
