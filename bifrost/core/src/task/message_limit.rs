//! Limits the length of error messages.
//!
//! Lambda reports an error as JSON text, and a `Catch` writes that text as a string, `Cause`, into the state's data. The data
//! of an execution may have 256 KiB, and no `Catch` matches what ends an execution with more. A task's data has at most
//! [`DATA_LIMIT_BYTES`](super::DATA_LIMIT_BYTES), so a message must be short even after it is escaped twice.

use crate::strip_control::strip_lines;

/// The maximum size of an error's message, in bytes (contract §5).
pub const MESSAGE_LIMIT_BYTES: usize = 16 * 1024;

/// The maximum size of a message in the state's data, where it is escaped twice, in bytes.
const ESCAPED_LIMIT_BYTES: usize = 40 * 1024;

/// How much of a message is examined. Each byte that is removed for being invisible makes room for another.
const EXAMINED_BYTES: usize = 4 * MESSAGE_LIMIT_BYTES;

/// Removes control characters, and cuts a message that is too long. The cut says how long the message was.
pub(super) fn cut(message: &str) -> String {
    let examined = strip_lines(prefix(message, EXAMINED_BYTES));
    if message.len() <= EXAMINED_BYTES && fitting(&examined, 0, 0) == examined.len() {
        return examined;
    }
    let note = format!("… (cut: {} bytes in all)", grouped(message.len()));
    let end = fitting(&examined, note.len(), note.chars().map(twice_escaped).sum());
    format!("{}{note}", prefix(&examined, end))
}

/// How many bytes of the text fit within both limits beside what is reserved.
fn fitting(text: &str, reserved: usize, reserved_escaped: usize) -> usize {
    let mut escaped = reserved_escaped;
    for (start, c) in text.char_indices() {
        escaped += twice_escaped(c);
        if start + c.len_utf8() + reserved > MESSAGE_LIMIT_BYTES || escaped > ESCAPED_LIMIT_BYTES {
            return start;
        }
    }
    text.len()
}

/// The size of a character in a JSON string within a JSON string. A character that some writers of JSON escape counts as
/// escaped: `\u00e9`, then `\\u00e9`.
fn twice_escaped(c: char) -> usize {
    match c {
        '"' | '\\' => 4,
        '\n' | '\t' => 3,
        '<' | '>' | '&' | '\'' | '\u{7f}' | '\0'..='\u{1f}' => 7,
        _ if c.is_ascii() => 1,
        _ => 7 * c.len_utf16(),
    }
}

/// The longest prefix of at most so many bytes.
fn prefix(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or_default()
}

/// A number with its digits in groups of three: `10,900,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
#[path = "message_limit_tests.rs"]
mod tests;
