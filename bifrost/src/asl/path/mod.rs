//! JSONPath as Step Functions reads it, in the dialect of the Jayway library that stands behind the service.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What the expressions of a state may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// `$`: the state's input, or what the field works on.
    pub input: &'a Value,
    /// `$$`: the context object.
    pub context: &'a Value,
    /// `$name`: the workflow's variables.
    pub variables: &'a Map<String, Value>,
}

/// A JSONPath.
#[derive(Debug, Clone, PartialEq)]
pub struct Path;

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(_text: &str) -> Result<Self, PathError> {
        todo!()
    }
    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        todo!()
    }
    /// Whether it is `$`, so that a caller can share what it already holds.
    pub fn is_input(&self) -> bool {
        todo!()
    }
    /// A definite path gives one value, an indefinite one a list.
    pub fn is_definite(&self) -> bool {
        todo!()
    }
    /// What the path points to.
    ///
    /// # Errors
    /// When a definite path points to nothing. The text is Jayway's: it follows `Invalid path '$.a' : ` in AWS's causes.
    pub fn evaluate<'a>(&self, _scope: &Scope<'a>) -> Result<Cow<'a, Value>, PathFailure> {
        todo!()
    }
}

/// A path that names exactly one place (`ResultPath`); also the only kind allowed in some fields.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferencePath;
impl ReferencePath {
    /// Reads a reference path.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(_text: &str) -> Result<Self, PathError> {
        todo!()
    }
    /// The same as a path to read by.
    pub fn as_path(&self) -> &Path {
        todo!()
    }
    /// Puts `value` at the place, creating objects on the way.
    ///
    /// # Errors
    /// `States.ResultPathMatchFailure` when the target's shape forbids it.
    pub fn insert(&self, _target: &mut Value, _value: Value) -> Result<(), ResultPathFailure> {
        todo!()
    }
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathError(String);

/// Why a path gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PathFailure(String);

/// Why a value has no place at a reference path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ResultPathFailure(String);
