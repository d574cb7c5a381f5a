//! Escapes control and invisible characters in text of others. The tag of a project, the reason of a freeze or the cause of
//! an error may contain escape sequences that move the cursor, hide text, or send input to the shell.

use bifrost_core::strip_control::is_control;
use std::borrow::Cow;
use std::fmt::Write;

/// Escapes control characters, such as `\u{1b}`, and keeps line ends.
pub(super) fn escape_control(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_control(c) && c != '\n')
}

/// Escapes control characters, such as `\u{1b}`, and line ends.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
}

/// Escapes control characters in JSON. They occur in strings only, and serde escapes those of ASCII.
pub(super) fn escaped_json(json: String) -> String {
    if !json.contains(is_control) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_control(c) {
            // Above U+FFFF JSON has two escapes for a character.
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

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape_control("red \u{1b}[31mno\u{9b}2J\u{202e}\r"), "red \\u{1b}[31mno\\u{9b}2J\\u{202e}\\r");
        assert_eq!(escape_control("naïve → ●\nnext"), "naïve → ●\nnext");
        assert_eq!(one_line("a\nSuccess"), "a\\nSuccess");
        assert_eq!(one_line("we\u{200b}b\u{e0041}"), "we\\u{200b}b\\u{e0041}");
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({"cause": "\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}naïve\n"});
        let json = escaped_json(value.to_string());
        assert!(!json.contains(is_control), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
    }
}
