//! Plain text for terminals and files: without control characters, wrapped, with times and durations that people read.

use bifrost_core::strip_control::is_control;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use std::borrow::Cow;
use std::fmt::Write;

/// How wide a terminal is that nobody has widened.
pub(super) const WIDTH: usize = 80;

/// Escapes control and invisible characters, line ends included, such as `\u{1b}`.
pub(super) fn escape_control(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_control(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Escapes control and invisible characters in JSON. They occur in strings only, and serde escapes those of ASCII.
pub(super) fn escape_json(json: String) -> String {
    if !json.contains(is_control) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_control(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

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

/// Adds `text` after `head`, wrapped to 80 columns, with control characters escaped; later lines are indented as far as the first. Words that are longer than a
/// line, such as ARNs, are not broken, so that they can be copied.
pub fn paragraph(out: &mut String, head: &str, text: &str) {
    let indent = head.chars().count();
    out.push_str(head);
    let mut column = indent;
    let text = escape_control(text);
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
    fn control_characters_are_escaped() {
        assert_eq!(escape_control("a\x1b[2Jb\u{202e}\n"), "a\\u{1b}[2Jb\\u{202e}\\u{a}");
        assert_eq!(escape_json("\"\u{9b}\u{e0001}\"".into()), r#""\u009b\udb40\udc01""#);
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
