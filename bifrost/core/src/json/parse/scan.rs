//! The smallest parts of JSON text: space, punctuation, strings and numbers.

use serde_json::Number;

use super::error::{Fault, ParseProblem};

/// A text and the position in it.
pub(super) struct Scanner<'a> {
    text: &'a str,
    /// The index of the next byte; always the start of a character.
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips an ASCII character if it is the next one.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Skips a word if it comes next.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    pub(super) fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Skips ASCII characters and returns their number.
    fn skip_while(&mut self, is_wanted: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek().is_some_and(&is_wanted) {
            self.at += 1;
        }
        self.at - start
    }

    /// Reads a string, starting at its opening quote.
    pub(super) fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut read = String::new();
        loop {
            let plain = self.rest();
            let length = plain.find(|c: char| matches!(c, '"' | '\\') || c < ' ').unwrap_or(plain.len());
            read.push_str(plain.get(..length).unwrap_or_default());
            self.at += length;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(read);
                }
                Some(b'\\') => read.push(self.escape()?),
                _ => return Err(self.unexpected("the end of the string, `\"`")),
            }
        }
    }

    /// Reads an escape, starting at its backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        let refused = || Fault::new(start, ParseProblem::Escape);
        self.at += 1;
        let letter = self.peek().ok_or_else(refused)?;
        let escaped = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape().ok_or_else(refused),
            _ => return Err(refused()),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// Reads `uXXXX`, and the second half of a surrogate pair after a first half.
    fn unicode_escape(&mut self) -> Option<char> {
        let first = self.code_unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        let second = self.eat(b'\\').then(|| self.code_unit()).flatten()?;
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + low)
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.rest().strip_prefix('u')?.get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 5;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Reads a number, starting at its first character, a digit or `-`.
    pub(super) fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        let digit = |byte: u8| byte.is_ascii_digit();
        let refused = || Fault::new(start, ParseProblem::Number);
        self.eat(b'-');
        // No digit may follow a leading zero.
        let whole = if self.eat(b'0') { self.skip_while(digit) == 0 } else { self.skip_while(digit) > 0 };
        let fraction = !self.eat(b'.') || self.skip_while(digit) > 0;
        let mut exponent = true;
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            exponent = self.skip_while(digit) > 0;
        }
        // `0x1F`, `1_000`, `-Infinity`: the author meant the following characters as a part of the number.
        let ends = !self.rest().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if !(whole && fraction && exponent && ends) {
            return Err(refused());
        }
        self.text.get(start..self.at).unwrap_or_default().parse().map_err(|_| refused())
    }

    /// The fault that something else is expected here.
    pub(super) fn unexpected(&self, expected: &'static str) -> Fault {
        let found = match self.rest().chars().next() {
            None => "the end of the text".to_owned(),
            Some('\n' | '\r') => "a line break".to_owned(),
            Some(c) if c.is_control() || c == '\u{feff}' => format!("the character U+{:04X}", u32::from(c)),
            Some(c) => format!("`{c}`"),
        };
        Fault::new(self.at, ParseProblem::Unexpected { expected, found, hint: self.hint() })
    }

    /// A hint for authors who are used to JavaScript, JSON5 or Python.
    fn hint(&self) -> Option<&'static str> {
        let rest = self.rest();
        let comma_before = || self.text.get(..self.at).is_some_and(|before| before.trim_end().ends_with(','));
        match rest.chars().next()? {
            '/' | '#' => Some("JSON has no comments"),
            '}' | ']' if comma_before() => Some("JSON has no trailing commas"),
            '\'' | '`' => Some("JSON strings need double quotes"),
            '+' | '.' => Some("a JSON number begins with a digit or `-`"),
            '\n' | '\r' | '\t' => Some("in JSON strings, write such characters as escapes: \\n \\r \\t"),
            '\u{feff}' => Some("save the text without a byte order mark"),
            _ if ["NaN", "Infinity", "undefined"].iter().any(|word| rest.starts_with(word)) => {
                Some("JSON has no NaN, Infinity or undefined")
            }
            _ if ["True", "False", "None"].iter().any(|word| rest.starts_with(word)) => {
                Some("JSON writes true, false and null")
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => Some("keys and strings need double quotes"),
            _ => None,
        }
    }
}
