//! Timestamps in the format of Step Functions: ISO 8601 extended format, with an offset.

use chrono::{DateTime, Utc};

/// `None` if the string is not a timestamp with an offset (`Z` or `+01:00`).
pub(crate) fn parse(text: &str) -> Option<DateTime<Utc>> {
    // chrono also accepts a space instead of `T`; AWS does not.
    let has_separator = text.get(10..11).is_some_and(|separator| separator.eq_ignore_ascii_case("T"));
    let moment = DateTime::parse_from_rfc3339(text).ok().filter(|_| has_separator)?;
    Some(moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_needs_a_separator_and_an_offset() {
        for good in ["2016-03-14T01:59:00Z", "2016-03-14T01:59:00.123456789Z", "2016-03-14T02:59:00+01:00"] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in ["2016-03-14", "2016-03-14T01:59:00", "2016-03-14 01:59:00Z", "2016-13-14T01:59:00Z", "", "ää", "x"]
        {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn offset_is_subtracted() {
        assert_eq!(parse("2016-03-14T02:59:00+01:00"), parse("2016-03-14T01:59:00Z"));
    }
}
