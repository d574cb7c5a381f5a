//! Finds what the parser, which reads YAML 1.2, accepts and YAML 1.1, which CloudFormation reads, does not.

use super::Span;
use bifrost::json;
use granit_parser::ScalarStyle;
use serde::de::IgnoredAny;

/// The characters that end a line in YAML 1.1, and are ordinary ones in YAML 1.2: they would end a comment or a value early.
const LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Something that YAML 1.1 does not allow.
#[derive(Clone, Copy)]
pub(super) struct Fault {
    pub(super) span: Span,
    pub(super) message: &'static str,
    pub(super) help: &'static str,
}

/// Checks a text piece by piece, while the parser reads it.
pub(super) struct Yaml11<'t> {
    text: &'t str,
    /// The end of the part that was checked.
    checked: usize,
    /// Whether a fault was found. The next ones are of the same kind in most files, and are fixed together.
    is_found: bool,
}

impl<'t> Yaml11<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, checked: 0, is_found: false }
    }

    /// Checks a scalar, and the text between the last one and it.
    pub(super) fn scalar(&mut self, style: ScalarStyle, span: Span, is_blank: bool, is_in_flow: bool) -> Option<Fault> {
        let between = self.tokens_before(span.start);
        self.checked = self.checked.max(span.end);
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        let inside = match style {
            ScalarStyle::Plain => plain(written, is_in_flow),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => quoted(written),
            // The span of a scalar without content begins at its header, and of others after it.
            ScalarStyle::Literal | ScalarStyle::Folded if is_blank => tokens(written),
            ScalarStyle::Literal | ScalarStyle::Folded => written.find(LINE_BREAKS).map(At::LineBreak),
        };
        self.first(between.or(inside.map(|at| at.from(span.start))))
    }

    /// Checks a key, which has to be in one line with its colon.
    pub(super) fn key(&self, span: Span, is_in_flow: bool) -> Option<Fault> {
        let (before, after) = (self.text.get(..span.start)?, self.text.get(span.end..)?);
        let colon = after.trim_start();
        let end = self.text.len() - colon.len();
        let is_split = colon.starts_with(':') && self.text.get(span.start..end)?.contains(['\n', '\r']);
        let is_explicit = before.trim_end().ends_with('?');
        (is_in_flow && is_split && !is_explicit).then_some(Fault {
            span,
            message: "YAML 1.1, which CloudFormation reads, does not accept a key of several lines",
            help: "write the key in one line",
        })
    }

    /// Checks a tag, which has to end in white space.
    pub(super) fn tag(&self, span: Span) -> Option<Fault> {
        let next = self.text.get(span.end..)?.chars().next()?;
        (!next.is_whitespace()).then_some(Fault {
            span,
            message: "YAML 1.1, which CloudFormation reads, reads what follows as a part of the tag",
            help: "write a space after the tag",
        })
    }

    /// Checks the text after the last scalar, up to a byte.
    pub(super) fn rest(&mut self, end: usize) -> Option<Fault> {
        let between = self.tokens_before(end);
        self.first(between)
    }

    fn tokens_before(&mut self, end: usize) -> Option<At> {
        let start = self.checked;
        self.checked = end.max(start);
        tokens(self.text.get(start..end)?).map(|at| at.from(start))
    }

    /// The fault, unless it is a further one, or the text is JSON, which allows all of them.
    fn first(&mut self, at: Option<At>) -> Option<Fault> {
        let at = at.filter(|_| !self.is_found)?;
        self.is_found = true;
        let is_json = json::from_slice::<IgnoredAny>(self.text.as_bytes()).is_ok();
        (!is_json).then(|| at.fault(self.text))
    }
}

/// A fault at a byte.
#[derive(Clone, Copy)]
enum At {
    Tab(usize),
    LineBreak(usize),
    Indicator(usize),
    Comment(usize),
}

impl At {
    fn from(self, start: usize) -> Self {
        match self {
            Self::Tab(at) => Self::Tab(start + at),
            Self::LineBreak(at) => Self::LineBreak(start + at),
            Self::Indicator(at) => Self::Indicator(start + at),
            Self::Comment(at) => Self::Comment(start + at),
        }
    }

    fn fault(self, text: &str) -> Fault {
        let (at, message, help) = match self {
            Self::Tab(at) if is_indentation(text.get(..at).unwrap_or_default()) => {
                (at, "a tab indents this line", "indent with spaces")
            }
            Self::Tab(at) => {
                (at, "CloudFormation does not accept a tab here", "replace it by spaces, or quote the value")
            }
            Self::LineBreak(at) => {
                let message = "YAML 1.1, which CloudFormation reads, ends the line at this invisible character";
                (at, message, "remove it, or write it in double quotes as `\\N`, `\\L` or `\\P`")
            }
            Self::Indicator(at) => {
                let message =
                    "YAML 1.1, which CloudFormation reads, does not accept this inside of brackets without quotes";
                (at, message, "quote the value")
            }
            Self::Comment(at) => (at, "CloudFormation does not accept a comment here", "write a space in front of it"),
        };
        let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Fault { span: Span { start: at, end: at + length }, message, help }
    }
}

fn is_indentation(before: &str) -> bool {
    before.rsplit(['\n', '\r']).next().unwrap_or_default().chars().all(|c| c == ' ' || c == '\t')
}

/// Checks white space, comments, indicators, tags and anchors.
fn tokens(text: &str) -> Option<At> {
    let (mut is_comment, mut last) = (false, None);
    text.char_indices().find_map(|(at, c)| {
        let before = last.replace(c);
        match c {
            '\n' | '\r' => is_comment = false,
            '#' if !is_comment && before.is_some_and(is_of_block_header) => return Some(At::Comment(at)),
            '#' => is_comment = true,
            '\t' if !is_comment => return Some(At::Tab(at)),
            c if LINE_BREAKS.contains(&c) => return Some(At::LineBreak(at)),
            _ => {}
        }
        None
    })
}

/// Whether a character may be the last of the first line of a block scalar, such as `|-`.
fn is_of_block_header(c: char) -> bool {
    c.is_ascii_digit() || ['|', '>', '-', '+'].contains(&c)
}

fn plain(text: &str, is_in_flow: bool) -> Option<At> {
    let character = text.char_indices().find_map(|(at, c)| match c {
        '\t' => Some(At::Tab(at)),
        '?' if is_in_flow => Some(At::Indicator(at)),
        c if LINE_BREAKS.contains(&c) => Some(At::LineBreak(at)),
        _ => None,
    });
    let is_value = is_in_flow && text.starts_with(':');
    if is_value { Some(At::Indicator(0)) } else { character }
}

/// YAML 1.1 removes white space around a line break, and an escaped line break. Others are kept.
fn quoted(text: &str) -> Option<At> {
    let is_blank = |c: Option<char>| c.is_some_and(|c| [' ', '\t', '\n', '\r'].contains(&c));
    text.match_indices(LINE_BREAKS).map(|(at, found)| (at, at + found.len())).find_map(|(start, end)| {
        let (before, after) = (text.get(..start)?, text.get(end..)?);
        let is_next_line = text.get(start..end) == Some("\u{85}");
        let is_escaped = text.starts_with('"') && before.ends_with('\\');
        (is_next_line || is_escaped || is_blank(before.chars().next_back()) || is_blank(after.chars().next()))
            .then_some(At::LineBreak(start))
    })
}
