//! Errors of evaluating a path.

/// A path selects nothing in the data.
///
/// The messages are those of the library that AWS uses, as causes have them after `Invalid path '$.a' : `. Places are
/// in its notation, `$['a']['b'][0]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathFailure {
    /// The last step selects nothing.
    #[error("No results for path: {place}")]
    NoResults {
        /// The whole path.
        place: String,
    },
    /// A step before the last selects nothing.
    #[error("Missing property in path {place}")]
    MissingProperty {
        /// The path up to the step that selects nothing.
        place: String,
    },
    /// A name is looked up in something that is not an object.
    #[error("Property {property} not found in path {place}")]
    NotAnObject {
        /// The name, in the notation `['a']`.
        property: String,
        /// The path to the value that is not an object.
        place: String,
    },
    /// An index is negative, or past the end of the array.
    #[error("Index out of bounds when evaluating path {place}")]
    OutOfBounds {
        /// The path with the index.
        place: String,
    },
    /// An index or a slice is looked up in `null`.
    #[error("The path {place} is null")]
    Null {
        /// The path to the `null`.
        place: String,
    },
    /// An index or a slice is looked up in something that is not an array.
    #[error("Filter: {steps} can only be applied to arrays. Current context is: {found}")]
    NotAnArray {
        /// The step and those that follow, in the notation `[0]['a']`.
        steps: String,
        /// The value, as JSON.
        found: String,
    },
    /// A filter is applied to something that has neither items nor fields.
    #[error("Filter: {steps} can not be applied to primitives. Current context is: {found}")]
    Primitive {
        /// The filter and the steps that follow, in the notation `[?]['a']`.
        steps: String,
        /// The value, as JSON.
        found: String,
    },
    /// No variable of this name was assigned.
    #[error("The variable '{name}' is not defined: no state that ran before assigned it.")]
    UnknownVariable {
        /// The name, without `$`.
        name: String,
    },
}

impl PathFailure {
    /// Whether nothing is found, as opposed to a step that does not apply to the type of the value.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::NoResults { .. }
            | Self::MissingProperty { .. }
            | Self::NotAnObject { .. }
            | Self::OutOfBounds { .. }
            | Self::Null { .. } => true,
            Self::NotAnArray { .. } | Self::Primitive { .. } | Self::UnknownVariable { .. } => false,
        }
    }
}

/// A value cannot be inserted at a reference path. AWS's error name for it is `States.ResultPathMatchFailure`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply ReferencePath {path} to input {target}")]
pub struct ResultPathFailure {
    pub(super) path: String,
    pub(super) target: String,
}
