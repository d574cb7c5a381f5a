//! Makes text from outside safe for logs, messages and terminals: it may contain anything, and have any length.
//!
//! The tag of a project, the reason of a freeze or the cause of an error may contain escape sequences that move the cursor, hide text, or
//! send input to the shell. Records have such text without them, and commands show them escaped.

use std::borrow::Cow;
use std::fmt::Write;

/// The maximum number of characters that [`strip_control`] keeps.
const MAX_LEN: usize = 500;

/// Whether a character acts on the text around it instead of being seen: control characters, which move a terminal's cursor
/// or forge log lines; line separators; marks that change the direction of text; and characters of zero width, with which two
/// names look the same and text hides from a reader.
///
/// These are the categories `Cc`, `Zl` and `Zp` of Unicode, its property `Default_Ignorable_Code_Point`, and its annotation
/// marks.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' // Soft hyphen.
                | '\u{34f}' // Combining grapheme joiner.
                | '\u{61c}' // Arabic letter mark.
                | '\u{115f}'..='\u{1160}' // Hangul fillers, here and below.
                | '\u{17b4}'..='\u{17b5}' // Khmer vowels without a shape.
                | '\u{180b}'..='\u{180f}' // Mongolian variation selectors.
                | '\u{200b}'..='\u{200f}' // Zero-width space, joiners, direction marks.
                | '\u{2028}'..='\u{202e}' // Line and paragraph separators, embeddings, overrides.
                | '\u{2060}'..='\u{206f}' // Word joiner, invisible operators, isolates.
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' // Variation selectors.
                | '\u{feff}' // Byte order mark.
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' // Annotation marks.
                | '\u{1bca0}'..='\u{1bca3}' // Controls of shorthand.
                | '\u{1d173}'..='\u{1d17a}' // Controls of musical notation.
                | '\u{e0000}'..='\u{e0fff}' // Tags, more variation selectors.
        )
}

/// Removes control characters and line ends, and truncates the text.
pub(crate) fn strip_control(text: &str) -> String {
    text.chars().filter(|c| !is_control(*c)).take(MAX_LEN).collect()
}

/// Removes control characters from text of several lines; keeps line ends and tabs, and the whole length.
#[must_use]
pub fn strip_lines(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_control(*c)).collect()
}

/// Escapes control characters, such as `\u{1b}`, and keeps line ends.
#[must_use]
pub fn escape_control(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_control(c) && c != '\n')
}

/// Escapes control characters, such as `\u{1b}`, and line ends.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
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

/// Escapes control characters in JSON. They occur in strings only, and serde escapes those of ASCII.
#[must_use]
pub fn escape_json(json: String) -> String {
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
        let value = serde_json::json!({"cause": "\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}naïve"});
        let json = escape_json(value.to_string());
        assert!(!json.contains(is_control), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
    }

    #[test]
    fn control_characters_and_long_text_are_cut() {
        assert_eq!(strip_control("bad \x1b[31mbuild\n"), "bad [31mbuild");
        assert_eq!(strip_control(&"é".repeat(501)).chars().count(), MAX_LEN);
    }

    #[test]
    fn line_ends_of_text_are_kept() {
        assert_eq!(strip_lines("a\r\n\tb\u{85}\u{2028}c\u{200b}"), "a\n\tbc");
    }

    #[test]
    fn invisible_characters_are_removed() {
        for (name, c) in [
            ("soft hyphen", '\u{ad}'),
            ("combining grapheme joiner", '\u{34f}'),
            ("Arabic letter mark", '\u{61c}'),
            ("zero-width space", '\u{200b}'),
            ("zero-width non-joiner", '\u{200c}'),
            ("zero-width joiner", '\u{200d}'),
            ("left-to-right mark", '\u{200e}'),
            ("right-to-left mark", '\u{200f}'),
            ("line separator", '\u{2028}'),
            ("paragraph separator", '\u{2029}'),
            ("left-to-right embedding", '\u{202a}'),
            ("right-to-left override", '\u{202e}'),
            ("word joiner", '\u{2060}'),
            ("invisible plus", '\u{2064}'),
            ("left-to-right isolate", '\u{2066}'),
            ("pop directional isolate", '\u{2069}'),
            ("Hangul filler", '\u{3164}'),
            ("variation selector 1", '\u{fe00}'),
            ("variation selector 16", '\u{fe0f}'),
            ("byte order mark", '\u{feff}'),
            ("interlinear annotation anchor", '\u{fff9}'),
            ("language tag", '\u{e0001}'),
            ("tag latin small letter a", '\u{e0061}'),
            ("cancel tag", '\u{e007f}'),
            ("variation selector 17", '\u{e0100}'),
        ] {
            assert_eq!(strip_control(&format!("we{c}b")), "web", "{name}");
        }
    }

    #[test]
    fn visible_characters_are_kept() {
        let text = "naïve → ● ✓ … “quoted” 日本語 עברית العربية 👍 \u{fffd}";
        assert_eq!(strip_control(text), text);
    }
}
