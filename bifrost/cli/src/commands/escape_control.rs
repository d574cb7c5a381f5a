//! Escapes control characters in text of others. The tag of a project, the reason of a freeze or the cause of an error may
//! contain escape sequences that move the cursor, hide text, or send input to the shell.

use std::borrow::Cow;

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
    // All of them are below U+10000, so one escape is enough.
    let escaped = |c: char| if is_control(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    json.chars().map(escaped).collect()
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

/// Control characters, line separators, and marks that change the direction of text.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape_control("red \u{1b}[31mno\u{9b}2J\u{202e}\r"), "red \\u{1b}[31mno\\u{9b}2J\\u{202e}\\r");
        assert_eq!(escape_control("naïve → ●\nnext"), "naïve → ●\nnext");
        assert_eq!(one_line("a\nSuccess"), "a\\nSuccess");
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let value = serde_json::json!({"cause": "\u{1b}[2J\u{7f}\u{9b}\u{202e}naïve\n"});
        let json = escaped_json(value.to_string());
        assert!(!json.contains(is_control), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
    }
}
