//! Text of strangers, made fit for a terminal. A project's tag, a freeze's reason or an error's cause may hold escape
//! sequences that move the cursor, hide text or answer for the person who looks.

use std::borrow::Cow;

/// The text with every character that a terminal would obey written out, as `\u{1b}`; only line ends stay.
pub(super) fn escape_control(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_obeyed(c) && c != '\n')
}

/// The text on one line: every character that a terminal would obey is written out, as `\u{1b}`, and line ends, too.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed)
}

/// JSON, which holds such characters in its strings alone, with all of them in JSON's own escapes. Those of ASCII are.
pub(super) fn escaped_json(json: String) -> String {
    if !json.contains(is_obeyed) {
        return json;
    }
    // All of them are below U+10000, so that one escape says it.
    let escaped = |c: char| if is_obeyed(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    json.chars().map(escaped).collect()
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    let mut escape_control = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) { escape_control.extend(c.escape_default()) } else { escape_control.push(c) }
    }
    escape_control.into()
}

/// Control characters, line separators, and what turns the direction of writing.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(escape_control("red \u{1b}[31mno\u{9b}2J\u{202e}\r"), "red \\u{1b}[31mno\\u{9b}2J\\u{202e}\\r");
        assert_eq!(escape_control("naïve → ●\nnext"), "naïve → ●\nnext");
        assert_eq!(one_line("a\nSuccess"), "a\\nSuccess");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({"cause": "\u{1b}[2J\u{7f}\u{9b}\u{202e}naïve\n"});
        let json = escaped_json(value.to_string());
        assert!(!json.contains(is_obeyed), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
    }
}
