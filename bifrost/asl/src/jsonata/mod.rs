//! JSONata expressions, as far as a definition is checked before it is deployed: their syntax, and what they refer to.
//! Nothing evaluates them.
//!
//! The grammar is that of JSONata 2.0.6, the version of Step Functions: it has no `??` and no `?:`.

mod lexer;
mod operators;
mod parser;
#[cfg(test)]
mod tests;

use indexmap::IndexSet;

use crate::syntax::SyntaxError;

/// What an expression refers to, apart from its own and the state machine's variables.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Reference {
    /// A name, or `$`, that is looked up in the input document. Step Functions supplies none.
    Input(String),
    /// `$$`, the input document itself.
    Root,
    /// A field of the reserved variable: `$states.input`.
    States(String),
    /// A call of `$eval`, which Step Functions does not have.
    Eval,
}

/// Whether a string of a payload is an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiters {
    /// `{% … %}`
    Expression,
    /// No delimiter at either end: literal text.
    Literal,
    /// A delimiter at one end only.
    Unbalanced,
}

impl Delimiters {
    /// AWS takes text with blanks around the delimiters as literal.
    pub(crate) fn of(text: &str) -> Self {
        match (text.starts_with("{%"), text.ends_with("%}")) {
            (true, true) if text.len() >= "{%%}".len() => Self::Expression,
            (false, false) => Self::Literal,
            _ => Self::Unbalanced,
        }
    }
}

/// Parses a string `{% … %}`, and returns what the expression refers to.
///
/// # Errors
/// [`SyntaxError`] with the position in the whole string.
pub(crate) fn references(text: &str) -> Result<IndexSet<Reference>, SyntaxError> {
    Ok(parser::parse(text)?.into_iter().collect())
}
