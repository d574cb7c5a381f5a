//! Plain text for terminals and files: wrapped, with times and durations that people read.

use bifrost_core::strip_control::one_line;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::fmt::Display;

/// How wide a terminal is that nobody has widened.
pub(super) const WIDTH: usize = 80;

/// A time as `2026-11-30 12:00:00`, in UTC.
pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time for programs, in the form of RFC 3339.
pub(super) fn timestamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// A duration in its two largest units, such as `2 min 5 s`.
pub(super) fn duration(length: TimeDelta) -> String {
    let millis = length.num_milliseconds().max(0);
    let seconds = millis / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, 0) => format!("{millis} ms"),
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// A number of things, such as `1 entry` or `3 entries`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

/// Adds `text` after `head`, wrapped to 80 columns, with control characters escaped; later lines are indented as far as the first. Words that are longer than a
/// line, such as ARNs, are not broken, so that they can be copied.
pub fn paragraph(out: &mut String, head: &str, text: &str) {
    let indent = head.chars().count();
    out.push_str(head);
    let mut column = indent;
    let text = one_line(text);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > indent {
            if column + 1 + length > WIDTH {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_singular() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "entry", "entries")), ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn text_is_wrapped_under_its_head() {
        let mut out = String::new();
        paragraph(&mut out, "  Head  ", &"word ".repeat(20));
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH), "{out}");
        assert!(out.lines().skip(1).all(|line| line.starts_with("        word")), "{out}");
    }

    #[test]
    fn durations_have_two_units() {
        let shown = [0, 999, 1000, 65_000, 3_725_000, 90_000_000].map(|ms| duration(TimeDelta::milliseconds(ms)));
        assert_eq!(shown, ["0 ms", "999 ms", "1 s", "1 min 5 s", "1 h 2 min", "1 d 1 h"]);
    }
}
