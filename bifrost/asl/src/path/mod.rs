//! JSONPath in the dialect of Step Functions.
//!
//! Step Functions evaluates paths with the Jayway library for Java, in a version before 2.1, whose dialect is older than
//! RFC 9535: `['a','b']` is only allowed at the end of a path and returns an object, `[(@.length-1)]` is the last item, a
//! slice has no step, and functions such as `length()` do not exist. AWS adds two roots: `$$` is the context object and
//! `$name` a variable. A *definite* path selects exactly one value, or fails; any other path returns the list of the
//! values that it selects, which may be empty.
//!
//! What this dialect reads, but never finds, is refused with its position: the path would fail or find nothing on AWS.

#[cfg(test)]
mod differential;
mod error;
mod evaluate;
mod filter;
mod filter_parser;
mod parser;
mod reference;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

pub use error::{PathFailure, ResultPathFailure};
pub use reference::ReferencePath;

use super::syntax::{Cursor, SyntaxError};
use filter::Filter;

/// The data that the expressions of a state can refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// `$`: the state's input, or the data to which the field applies.
    pub input: &'a Value,
    /// `$$`: the context object.
    pub context: &'a Value,
    /// `$name`: the workflow's variables.
    pub variables: &'a Map<String, Value>,
}

/// A JSONPath, such as `$.release.services[*].name`, `$$.Execution.Id` or `$attempts`.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    Input,
    Context,
    Variable(String),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `.name`, `['name']`.
    Name(String),
    /// `['a','b']`, the last step: one object with these fields.
    Names(Vec<String>),
    /// `[0]`; nothing has a negative index.
    Index(i64),
    /// `[(@.length-1)]`: the index from the end.
    FromEnd(i64),
    /// `[0,2]`.
    Indices(Vec<i64>),
    /// `[from:to]`; a negative bound counts from the end.
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`.
    Wildcard,
    /// `[?(…)]`.
    Filter(Filter),
    /// `..`: the next step applies to all values below.
    Descend,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`SyntaxError`] with the position, if the string is not a path.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let path = parser::path(&mut cursor)?;
        if cursor.at_end() { Ok(path) } else { Err(parser::error(&cursor, "the end of the path")) }
    }

    /// Reads a path at the start of a longer string, up to the first character that cannot belong to it.
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        parser::path(cursor)
    }

    /// The path as it is written in the definition.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is `$`, so that a caller can share the input instead of copying it.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.root == Root::Input && self.steps.is_empty()
    }

    /// Whether it selects exactly one value.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        self.steps.iter().all(Step::is_definite)
    }

    /// The value that a definite path selects, or the list of the values that any other path selects.
    ///
    /// # Errors
    /// [`PathFailure`] if a definite path selects nothing, for an unknown variable, and if a step does not apply to its
    /// value.
    pub fn evaluate<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, PathFailure> {
        evaluate::path(self, scope)
    }
}

impl Step {
    fn is_definite(&self) -> bool {
        match self {
            Self::Name(_) | Self::Names(_) | Self::Index(_) | Self::FromEnd(_) => true,
            Self::Indices(_) | Self::Slice(..) | Self::Wildcard | Self::Filter(_) | Self::Descend => false,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
