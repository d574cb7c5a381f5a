//! The text of a template as the parser needs it.

use granit_parser::{ErrorKind, ScanError};
use std::borrow::Cow;

/// How many bytes the parser reads at most, again and again, because of inserted characters.
const MAX_READ_AGAIN: usize = 50_000_000;

/// A text with characters that the parser demands and YAML 1.1, which CloudFormation reads, does not: a space in front of a
/// comment after a quote or a bracket (`[a]#b`), a space after a colon in front of a bracket (`{a:[b]}`), a space in front of the
/// `|` or `>` of a value that is not indented, and quotes around a hyphen in brackets (`[-, a]`).
pub(super) struct Layout<'t> {
    text: Cow<'t, str>,
    /// Where the inserted characters are in the text, in ascending order.
    inserted: Vec<usize>,
    read_again: usize,
}

impl<'t> Layout<'t> {
    /// The text as it was written.
    pub(super) fn of(text: &'t str) -> Self {
        Self { text: Cow::Borrowed(text), inserted: Vec::new(), read_again: 0 }
    }

    /// The text for the parser.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The byte of the written text for a byte of the parser's text.
    pub(super) fn written(&self, byte: usize) -> usize {
        byte - self.inserted.partition_point(|inserted| *inserted < byte)
    }

    /// Inserts what the parser misses. False if the error has another reason.
    pub(super) fn repair(&mut self, error: &ScanError) -> bool {
        let Some(at) = error.marker().byte_offset() else { return false };
        self.read_again = self.read_again.saturating_add(self.text.len());
        if self.read_again > MAX_READ_AGAIN {
            return false;
        }
        match error.kind() {
            ErrorKind::CommentNotSeparated if self.is_at(at, '#') => self.insert(at, ' '),
            ErrorKind::SimpleKeyExpected if self.is_block_value(at) => self.insert(at, ' '),
            ErrorKind::FlowMappingValueAdjacentCollection if self.is_at(at, ':') => self.insert(at + 1, ' '),
            ErrorKind::PlainScalarStartsWithDashFlowIndicator if self.is_at(at, '-') => {
                self.insert(at + 1, '\'');
                self.insert(at, '\'');
            }
            _ => return false,
        }
        true
    }

    /// Inserts a character of one byte.
    fn insert(&mut self, at: usize, character: char) {
        self.text.to_mut().insert(at, character);
        let next = self.inserted.partition_point(|inserted| *inserted < at);
        self.inserted.iter_mut().skip(next).for_each(|inserted| *inserted += 1);
        self.inserted.insert(next, at);
    }

    /// Whether a block scalar begins here, which is the value of the key or item in the line above.
    fn is_block_value(&self, byte: usize) -> bool {
        let before = self.text.get(..byte).unwrap_or_default().trim_end();
        let above = before.rsplit('\n').next().unwrap_or_default().trim();
        let above = above.rsplit_once(' ').filter(|(_, last)| last.starts_with('!')).map_or(above, |(key, _tag)| key);
        (self.is_at(byte, '|') || self.is_at(byte, '>')) && (above == "-" || above.ends_with(':'))
    }

    fn is_at(&self, byte: usize, indicator: char) -> bool {
        self.text.get(byte..).is_some_and(|rest| rest.starts_with(indicator))
    }
}
