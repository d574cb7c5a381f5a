//! Payload templates: JSON in which keys that end in `.$` hold an expression.

use std::borrow::Cow;

use serde_json::Value;

use super::intrinsic::Random;
use super::path::Scope;

/// A path or an intrinsic function: what a `.$` key, `ErrorPath` or `CausePath` holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression;
impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(_text: &str) -> Result<Self, String> {
        todo!()
    }
    /// Its value. `field` is the key that holds it, as AWS's causes name it (`value.$`, `ErrorPath`).
    ///
    /// # Errors
    /// When it has none.
    pub fn evaluate<'a>(
        &self,
        _field: &str,
        _scope: &Scope<'a>,
        _random: &dyn Random,
    ) -> Result<Cow<'a, Value>, ExpressionFailure> {
        todo!()
    }
}

/// Why an expression has no value; the text is AWS's cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExpressionFailure(String);
impl ExpressionFailure {
    /// `States.Runtime` or `States.IntrinsicFailure`.
    pub fn error_name(&self) -> &'static str {
        todo!()
    }
}
/// The failure of a template is that of its first failing expression.
pub type TemplateFailure = ExpressionFailure;

/// A payload template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template;
impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Every key whose expression is none, with its place in the template.
    pub fn parse(_template: &Value) -> Result<Self, Vec<TemplateError>> {
        todo!()
    }
    /// The payload.
    ///
    /// # Errors
    /// The first expression without a value.
    pub fn evaluate(&self, _scope: &Scope<'_>, _random: &dyn Random) -> Result<Value, TemplateFailure> {
        todo!()
    }
}

/// A key of a template whose expression is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{location}: {message}")]
pub struct TemplateError {
    /// Where, from the template's root: `a.b[0].c.$`; empty for the root.
    pub location: String,
    /// What is wrong and what to write instead.
    pub message: String,
}
