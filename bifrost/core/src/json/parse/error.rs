//! Errors of [`parse`](super::parse()).

use super::super::path::{self, Step};
use super::MAX_DEPTH;
use crate::error_code::Coded;

/// A file is not valid JSON, or is ambiguous, such as an object with the same key twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Coded)]
#[error("line {line}, column {column}{}: {problem}", within(path))]
#[code("release/not-json", "correct the JSON at the line and column that the message names")]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// The path of the innermost array or object around it, such as `services.web`. For a duplicate key, the path of the
    /// member. Empty for the document as a whole.
    pub path: String,
    /// What is wrong.
    pub problem: ParseProblem,
}

/// The problems of a text that is not accepted as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseProblem {
    /// Something else is expected here.
    #[error("expected {expected}, found {found}{}", .hint.map(|hint| format!(" ({hint})")).unwrap_or_default())]
    Unexpected {
        /// What is expected.
        expected: &'static str,
        /// What was found.
        found: String,
        /// A hint about JSON for the author.
        hint: Option<&'static str>,
    },
    /// An object has the same key twice.
    #[error("duplicate key in an object; remove one of the two")]
    DuplicateKey,
    /// Arrays and objects are nested too deeply.
    #[error("arrays and objects are nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8; save it as UTF-8")]
    NotUtf8,
    /// A string has an escape that JSON does not have, or half of a surrogate pair.
    #[error("invalid escape; use \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX")]
    Escape,
    /// A number is not written as JSON allows.
    #[error("invalid number; write it like 0, -1, 0.8 or 2.5e-3")]
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
