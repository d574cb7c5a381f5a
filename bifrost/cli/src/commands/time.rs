//! Formats times.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

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
