//! Formats times and durations, and reads the age that `--older-than` takes.

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

/// An age in days, hours or minutes, written as `30d`, `12h` or `90m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Age(pub(super) TimeDelta);

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "expected a whole number of days, hours or minutes above 0, such as 30d, 12h or 90m";
        const TOO_LONG: &str = "expected at most 36500d";
        let unit = text.chars().next_back().ok_or(FORM)?;
        let number = text.strip_suffix(unit).unwrap_or_default();
        let seconds = match unit {
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            _ => return Err(FORM),
        };
        // `parse` would also accept a sign.
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) || number.bytes().all(|it| it == b'0')
        {
            return Err(FORM);
        }
        let seconds = number.parse().ok().and_then(|number: i64| number.checked_mul(seconds)).ok_or(TOO_LONG)?;
        let age = TimeDelta::try_seconds(seconds).filter(|age| *age <= TimeDelta::days(36_500));
        age.map(Self).ok_or(TOO_LONG)
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

/// An age as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedAge {
    pub(super) age: Age,
    text: String,
}

impl FromStr for TypedAge {
    type Err = <Age as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { age: text.parse()?, text: text.to_owned() })
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
        for (text, minutes) in [("30d", 30 * 24 * 60), ("12h", 12 * 60), ("90m", 90), ("007d", 7 * 24 * 60)] {
            assert_eq!(text.parse(), Ok(Age(TimeDelta::minutes(minutes))), "{text}");
        }
        for text in ["", "d", "30", "0d", "00h", "-1d", "+1d", "1.5d", "1d12h", "30 d", "30s", "30w", "३d", "é"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
        for text in ["36501d", "99999999999999999999d", "999999999999999999h"] {
            assert_eq!(text.parse::<Age>(), Err("expected at most 36500d"), "{text}");
        }
    }

    #[test]
    fn age_is_rounded_down_to_one_unit() {
        for (minutes, text) in [(-5, "0m"), (0, "0m"), (59, "59m"), (60, "1h"), (24 * 60 - 1, "23h"), (2880, "2d")] {
            assert_eq!(Age(TimeDelta::minutes(minutes)).to_string(), text);
        }
    }
}
