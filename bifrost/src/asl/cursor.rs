//! A reading position in the text of an expression.

/// Reads a text character by character; the parsers of paths, filters and intrinsic functions share it.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, rest: text }
    }

    /// The whole text, read or not.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(crate) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    pub(crate) fn eat(&mut self, token: &str) -> bool {
        self.rest.strip_prefix(token).inspect(|rest| self.rest = rest).is_some()
    }

    pub(crate) fn starts_with(&self, token: &str) -> bool {
        self.rest.starts_with(token)
    }

    pub(crate) fn take_while(&mut self, mut wanted: impl FnMut(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(crate) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The position as a person counts it: the first character is 1.
    pub(crate) fn column(&self) -> usize {
        let done = self.text.len().saturating_sub(self.rest.len());
        self.text.get(..done).map_or(1, |read| read.chars().count() + 1)
    }

    /// What was read since `start`, an earlier copy of this cursor.
    pub(crate) fn since(&self, start: &Self) -> &'t str {
        let length = start.rest.len().saturating_sub(self.rest.len());
        start.rest.get(..length).unwrap_or_default()
    }

    /// What comes next, for a message.
    pub(crate) fn found(&self) -> String {
        self.peek().map_or_else(|| "the text ends".to_owned(), |c| format!("{c:?} stands there"))
    }
}
