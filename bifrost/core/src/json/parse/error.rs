//! What [`parse`](super::parse()) answers when a text is refused.

use super::super::path::{self, Step};
use super::MAX_DEPTH;

/// Why a text is no JSON that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}{}: {problem}", within(path))]
pub struct ParseError {
    /// The line of the fault, counted from 1.
    pub line: usize,
    /// Its column in characters, counted from 1.
    pub column: usize,
    /// The innermost array or object around it, such as `services.web`; for a duplicate key, the member itself. Empty
    /// for the document as a whole.
    pub path: String,
    /// What is wrong.
    pub problem: ParseProblem,
}

/// What can be wrong with a text that should be JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Something else should stand here.
    #[error("expected {expected}, found {found}{}", .hint.map(|hint| format!(" ({hint})")).unwrap_or_default())]
    Unexpected {
        /// What should stand here.
        expected: &'static str,
        /// What stands here.
        found: String,
        /// What the author may not know about JSON.
        hint: Option<&'static str>,
    },
    /// An object has two members of one name.
    #[error("this key stands twice in its object: remove one of the two")]
    DuplicateKey,
    /// Arrays and objects nest too deep.
    #[error("arrays and objects nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8: save it as UTF-8")]
    NotUtf8,
    /// A string holds an escape that JSON does not have, or half a surrogate pair.
    #[error("this escape is none that JSON has: use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX")]
    Escape,
    /// A number is spelt in a way that JSON does not have.
    #[error("this is no JSON number: write it as in 0, -1, 0.8 or 2.5e-3")]
    Number,
}

fn within(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(", in {path}") }
}

/// A problem at a byte, and the steps to it, innermost first.
pub(super) struct Fault {
    at: usize,
    problem: ParseProblem,
    steps: Vec<Step>,
}

impl Fault {
    pub(super) fn new(at: usize, problem: ParseProblem) -> Self {
        Self { at, problem, steps: Vec::new() }
    }

    pub(super) fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(super) fn locate(self, text: &str) -> ParseError {
        let before = text.get(..self.at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            path: path::render(&self.steps),
            problem: self.problem,
        }
    }
}
