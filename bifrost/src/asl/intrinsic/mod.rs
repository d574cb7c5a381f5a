//! Intrinsic functions: `States.Format('…', $.x)` and its seventeen sisters.

use serde_json::Value;

use super::path::Scope;

/// Where random numbers and UUIDs come from.
pub trait Random {
    /// A number from 0 (inclusive) to 1 (exclusive).
    fn unit(&self) -> f64;
    /// A version 4 UUID, lower case with hyphens.
    fn uuid(&self) -> String;
}

/// An invocation of an intrinsic function.
#[derive(Debug, Clone, PartialEq)]
pub struct Intrinsic;
impl Intrinsic {
    /// Reads an invocation.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(_text: &str) -> Result<Self, IntrinsicError> {
        todo!()
    }
    /// Calls the function.
    ///
    /// # Errors
    /// When an argument is missing or unfit.
    pub fn evaluate(&self, _scope: &Scope<'_>, _random: &dyn Random) -> Result<Value, IntrinsicFailure> {
        todo!()
    }
}

/// Why a text is no invocation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IntrinsicError(String);

/// Why a call failed. Its text is the cause that AWS gives after `An error occurred while executing the state … `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IntrinsicFailure(String);
impl IntrinsicFailure {
    /// `States.Runtime` or `States.IntrinsicFailure`.
    pub fn error_name(&self) -> &'static str {
        todo!()
    }
}
