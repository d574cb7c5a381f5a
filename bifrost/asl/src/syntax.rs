//! A cursor and an error, which the parsers of paths, filters and intrinsic functions share.

/// A string is not a valid path or intrinsic function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a valid {kind}: at character {column}, {problem}")]
pub struct SyntaxError {
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) column: usize,
    pub(super) problem: String,
}

impl SyntaxError {
    /// The position of the error in characters; the first character is 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// Reads a string character by character.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, rest: text }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.rest.strip_prefix(token).inspect(|rest| self.rest = rest).is_some()
    }

    pub(super) fn starts_with(&self, token: &str) -> bool {
        self.rest.starts_with(token)
    }

    pub(super) fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    pub(super) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The position in characters; the first character is 1.
    pub(super) fn column(&self) -> usize {
        let done = self.text.len().saturating_sub(self.rest.len());
        self.text.get(..done).map_or(1, |read| read.chars().count() + 1)
    }

    /// The part that was read since `start`, an earlier copy of this cursor.
    pub(super) fn since(&self, start: &Self) -> &'t str {
        let length = start.rest.len().saturating_sub(self.rest.len());
        start.rest.get(..length).unwrap_or_default()
    }

    /// An error at this position, where `expected` should be.
    pub(super) fn unexpected(&self, kind: &'static str, expected: &str) -> SyntaxError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), |c| format!("{c:?}"));
        self.error(kind, format!("expected {expected}, found {found}"))
    }

    /// An error at this position.
    pub(super) fn error(&self, kind: &'static str, problem: String) -> SyntaxError {
        SyntaxError { kind, text: self.text.to_owned(), column: self.column(), problem }
    }
}
