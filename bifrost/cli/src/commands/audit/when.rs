//! Reads the times that `--since` and `--until` take: a date, a time, or an age.

use crate::commands::time::Age;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::str::FromStr;

/// A time on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// A day in UTC, such as `2026-11-30`.
    Day(NaiveDate),
    /// A time, such as `2026-11-30T12:00:00Z`.
    At(DateTime<Utc>),
    /// So long ago, such as `30d`.
    Ago(TimeDelta),
}

const FORM: &str =
    "expected a date such as 2026-11-30, a time such as 2026-11-30T12:00:00Z, or an age such as 30d, 12h or 90m";

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::Day(day));
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        text.parse().map(|Age(age)| Self::Ago(age)).map_err(|_| FORM)
    }
}

impl When {
    /// The first moment that it includes.
    pub(super) fn start(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Day(day) => midnight(day),
            Self::At(time) => time,
            Self::Ago(age) => now.checked_sub_signed(age).unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }

    /// The first moment after it: a day is included as a whole.
    pub(super) fn end(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, midnight),
            other => other.start(now),
        }
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn day_is_included_as_a_whole() {
        let now = at("2026-12-01T00:00:00Z");
        let day: When = "2026-11-30".parse().unwrap();
        assert_eq!((day.start(now), day.end(now)), (at("2026-11-30T00:00:00Z"), at("2026-12-01T00:00:00Z")));
    }

    #[test]
    fn time_is_in_any_zone() {
        let now = at("2026-12-01T00:00:00Z");
        let time: When = "2026-11-30T12:00:00+02:00".parse().unwrap();
        assert_eq!((time.start(now), time.end(now)), (at("2026-11-30T10:00:00Z"), at("2026-11-30T10:00:00Z")));
        assert_eq!("30d".parse::<When>().unwrap().start(now), at("2026-11-01T00:00:00Z"));
    }

    #[test]
    fn extreme_and_wrong_times_are_no_panic() {
        let now = DateTime::<Utc>::MIN_UTC;
        assert_eq!("36500d".parse::<When>().unwrap().start(now), DateTime::<Utc>::MIN_UTC);
        let last = When::Day(NaiveDate::MAX);
        assert_eq!(last.end(now), DateTime::<Utc>::MAX_UTC);
        for text in ["", "yesterday", "2026-13-01", "2026-11-31", "30", "-1d", "2026-11-30T25:00:00Z", "12:00"] {
            assert_eq!(text.parse::<When>(), Err(FORM), "{text}");
        }
    }
}
