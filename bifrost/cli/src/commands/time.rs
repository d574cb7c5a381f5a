//! Formats times and durations, and reads the ages that options such as `--older-than` take.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::fmt;
use std::str::FromStr;

/// A time in UTC, to the second.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A duration as minutes and seconds, with hours if there are any.
pub(super) fn duration(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// An age in weeks, days, hours or minutes, written as `2w`, `30d`, `12h` or `90m`. It is above 0 and at most 36,500 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(pub TimeDelta);

/// The units of an age: its letter, its name, and its seconds.
const UNITS: [(char, &str, i64); 4] =
    [('w', "week", 604_800), ('d', "day", 86_400), ('h', "hour", 3600), ('m', "minute", 60)];

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(|typed: TypedAge| typed.age)
    }
}

/// In the largest unit of which there is at least one, rounded down.
impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age = self.0.max(TimeDelta::zero());
        match (age.num_days(), age.num_hours()) {
            (0, 0) => write!(f, "{}m", age.num_minutes()),
            (0, hours) => write!(f, "{hours}h"),
            (days, _) => write!(f, "{days}d"),
        }
    }
}

/// An age as it was typed, for messages with the words of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedAge {
    age: Age,
    text: String,
    number: i64,
    unit: &'static str,
}

impl TypedAge {
    /// The age.
    #[must_use]
    pub fn age(&self) -> Age {
        self.age
    }

    /// The age in words, such as `30 days`, for sentences.
    #[must_use]
    pub fn in_words(&self) -> String {
        let plural = if self.number == 1 { "" } else { "s" };
        format!("{} {}{plural}", self.number, self.unit)
    }
}

impl FromStr for TypedAge {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str =
            "expected a whole number of weeks, days, hours or minutes above 0, such as 2w, 30d, 12h or 90m";
        const TOO_LONG: &str = "expected at most 36500d";
        let letter = text.chars().next_back().ok_or(FORM)?;
        let digits = text.strip_suffix(letter).unwrap_or_default();
        let (_, unit, seconds) = UNITS.into_iter().find(|(known, ..)| *known == letter).ok_or(FORM)?;
        // `parse` would also accept a sign.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.bytes().all(|it| it == b'0')
        {
            return Err(FORM);
        }
        let number: i64 = digits.parse().map_err(|_| TOO_LONG)?;
        let age = number.checked_mul(seconds).and_then(TimeDelta::try_seconds);
        let age = age.filter(|age| *age <= TimeDelta::days(36_500)).map(Age).ok_or(TOO_LONG)?;
        Ok(Self { age, text: text.to_owned(), number, unit })
    }
}

impl fmt::Display for TypedAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_has_one_unit() {
        for (text, minutes) in
            [("30d", 30 * 24 * 60), ("12h", 12 * 60), ("90m", 90), ("007d", 7 * 24 * 60), ("2w", 14 * 24 * 60)]
        {
            assert_eq!(text.parse(), Ok(Age(TimeDelta::minutes(minutes))), "{text}");
        }
        for text in ["", "d", "30", "0d", "00h", "-1d", "+1d", "1.5d", "1d12h", "30 d", "30s", "30y", "३d", "é"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
        for text in ["36501d", "99999999999999999999d", "999999999999999999h", "5215w"] {
            assert_eq!(text.parse::<Age>(), Err("expected at most 36500d"), "{text}");
        }
    }

    #[test]
    fn age_is_rounded_down_to_one_unit() {
        for (minutes, text) in [(-5, "0m"), (0, "0m"), (59, "59m"), (60, "1h"), (24 * 60 - 1, "23h"), (2880, "2d")] {
            assert_eq!(Age(TimeDelta::minutes(minutes)).to_string(), text);
        }
    }

    #[test]
    fn typed_age_is_shown_as_typed_and_in_words() {
        for (text, words) in [("030d", "30 days"), ("1d", "1 day"), ("2w", "2 weeks"), ("12h", "12 hours")] {
            let typed: TypedAge = text.parse().unwrap();
            assert_eq!((typed.to_string().as_str(), typed.in_words().as_str()), (text, words));
        }
    }
}
