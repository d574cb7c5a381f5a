//! Timestamps in the format of Step Functions: ISO 8601 extended format, with an offset.

use std::borrow::Cow;

use chrono::{DateTime, Timelike as _, Utc};

/// The largest offset that Java reads.
const MAX_OFFSET_SECONDS: i32 = 18 * 3600;

/// Nanoseconds have nine digits.
const MAX_FRACTION_LEN: usize = 9;

/// `None` if the string is not a timestamp with an offset (`Z` or `+01:00`), as Java's `ISO_OFFSET_DATE_TIME` reads it.
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    // chrono also accepts a space instead of `T`, and a typographic minus sign.
    let has_separator = text.get(10..11).is_some_and(|separator| separator.eq_ignore_ascii_case("T"));
    if !has_separator || !text.is_ascii() || fraction_len(text) > MAX_FRACTION_LEN {
        return None;
    }
    let moment = DateTime::parse_from_rfc3339(&with_seconds(text)).ok()?;
    // chrono represents a leap second as more than a second of nanoseconds.
    let is_leap_second = moment.nanosecond() >= 1_000_000_000;
    let offset = moment.offset().local_minus_utc().abs();
    (!is_leap_second && offset <= MAX_OFFSET_SECONDS).then(|| moment.with_timezone(&Utc))
}

/// The text with seconds, which Java does not require.
fn with_seconds(text: &str) -> Cow<'_, str> {
    match text.split_at_checked(16) {
        Some((minute, rest)) if !rest.starts_with(':') => Cow::Owned(format!("{minute}:00{rest}")),
        _ => Cow::Borrowed(text),
    }
}

fn fraction_len(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, rest)| rest.bytes().take_while(u8::is_ascii_digit).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_what_java_reads() {
        for good in [
            "2016-03-14T01:59:00Z",
            "2016-03-14t01:59:00z",
            "2016-03-14T01:59Z",
            "2016-03-14T01:59+01:00",
            "2016-03-14T01:59:00.123456789Z",
            "2016-03-14T02:59:00+01:00",
            "2016-03-14T02:59:00-18:00",
            "2016-02-29T00:00:00-00:00",
            "0000-01-01T00:00:00Z",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "2016-03-14",
            "2016-03-14T01:59:00",
            "2016-03-14T01:59",
            "2016-03-14T01Z",
            "2016-03-14 01:59:00Z",
            "2016-13-14T01:59:00Z",
            "2015-02-29T00:00:00Z",
            "2016-03-14T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2016-03-14T01:59:00.1234567891Z",
            "2016-03-14T01:59:00,5Z",
            "2016-03-14T01:59:00+0100",
            "2016-03-14T01:59:00+18:01",
            "2016-03-14T01:59:00\u{2212}01:00",
            "2016-03-14T01:59:00 Z",
            "",
            "ää",
            "x",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn offset_is_subtracted() {
        assert_eq!(parse("2016-03-14T02:59:00+01:00"), parse("2016-03-14T01:59:00Z"));
        assert_eq!(parse("2016-03-14T02:59+01:00"), parse("2016-03-14T01:59:00Z"));
    }
}
