//! Intrinsic functions, such as `States.Format('deploys {}', $.project_name)`.
//!
//! If AWS's documentation is silent or differs from the service, the recorded behaviour of the service counts: numbers
//! are truncated to integers, except by `States.MathAdd`, which rounds; values are formatted as Java formats them.

mod arrays;
mod encoding;
mod format;
mod function;
mod numbers;
mod parser;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::path::{Path, PathFailure, Scope};
use super::syntax::{Cursor, SyntaxError};
use format::Piece;
use function::Function;

/// A source of random numbers and UUIDs.
pub trait Random {
    /// A number from 0 (inclusive) to 1 (exclusive).
    fn unit(&self) -> f64;
    /// A version 4 UUID, lower case with hyphens.
    fn uuid(&self) -> String;
}

/// A call of an intrinsic function.
#[derive(Debug, Clone, PartialEq)]
pub struct Intrinsic {
    text: String,
    call: Call,
}

#[derive(Debug, Clone, PartialEq)]
struct Call {
    function: Function,
    /// The first argument of `States.Format` if it is a literal, parsed once; `arguments` has the others.
    template: Option<Vec<Piece>>,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
enum Argument {
    Path(Path),
    Literal(Value),
    Call(Call),
}

/// Why a call failed. The message is the cause that AWS gives, after the words that name the state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The function '{call}' had the following error: {reason}")]
pub struct IntrinsicFailure {
    call: String,
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("The JsonPath argument for the field '{path}' could not be found in the input '{input}'")]
    NotFound { path: String, input: String },
    #[error("{0}")]
    Path(PathFailure),
    #[error("Invalid arguments in {function}")]
    Invalid { function: &'static str },
}

impl Intrinsic {
    /// Reads a call.
    ///
    /// # Errors
    /// [`SyntaxError`] with the position: an unknown function, a wrong number of arguments, a literal of the wrong
    /// type, or more than ten nested calls.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        parser::call(&mut Cursor::new(text)).map(|call| Self { text: text.to_owned(), call })
    }

    /// The call as it is written in the definition.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the result can be a string, as `ErrorPath` and `CausePath` require.
    #[must_use]
    pub fn may_give_text(&self) -> bool {
        self.call.function.may_give_text()
    }

    /// Calls the function.
    ///
    /// # Errors
    /// [`IntrinsicFailure`] if an argument is not found or not valid. AWS names both `States.Runtime`.
    pub fn evaluate(&self, scope: &Scope<'_>, random: &dyn Random) -> Result<Value, IntrinsicFailure> {
        // As on AWS, the cause shows the whole expression, even if an inner call failed.
        self.call.evaluate(scope, random).map_err(|reason| IntrinsicFailure { call: self.text.clone(), reason })
    }
}

impl Call {
    fn evaluate(&self, scope: &Scope<'_>, random: &dyn Random) -> Result<Value, Reason> {
        let values = self.values(scope, random)?;
        let values: Vec<&Value> = values.iter().map(AsRef::as_ref).collect();
        let result = match &self.template {
            Some(pieces) => format::filled(pieces, &values),
            None => self.function.call(&values, random),
        };
        result.ok_or(Reason::Invalid { function: self.function.name() })
    }

    fn values<'a>(&'a self, scope: &Scope<'a>, random: &dyn Random) -> Result<Vec<Cow<'a, Value>>, Reason> {
        let value = |argument: &'a Argument| match argument {
            Argument::Path(path) => path.evaluate(scope).map_err(|failure| not_found(path, failure, scope)),
            Argument::Literal(value) => Ok(Cow::Borrowed(value)),
            Argument::Call(call) => call.evaluate(scope, random).map(Cow::Owned),
        };
        self.arguments.iter().map(value).collect()
    }
}

/// AWS shows the library's message if a step does not apply to the type of the value, and its own if nothing is found.
fn not_found(path: &Path, failure: PathFailure, scope: &Scope<'_>) -> Reason {
    if failure.is_missing() {
        Reason::NotFound { path: path.to_string(), input: scope.input.to_string() }
    } else {
        Reason::Path(failure)
    }
}

impl fmt::Display for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
