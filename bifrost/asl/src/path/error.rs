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
    #[error("Expected to find an object with property {property} in path {place} but found '{found}'.")]
    NotAnObject {
        /// The name, in the notation `['a']`.
        property: String,
        /// The path to the value that is not an object.
        place: String,
        /// The kind of the value.
        found: &'static str,
    },
    /// An index is looked up in something that is not an array.
    #[error("Filter: {step} can only be applied to arrays. Current context is: {found}")]
    NotAnArray {
        /// The step, in the notation `[0]`.
        step: String,
        /// The value, as JSON.
        found: String,
    },
    /// No variable of this name was assigned.
    #[error("The variable '{name}' is not defined: no state that ran before assigned it.")]
    UnknownVariable {
        /// The name, without `$`.
        name: String,
    },
    /// A function at the end of the path does not fit the data.
    #[error("Aggregation function '{function}' cannot be applied to: {found}")]
    Aggregation {
        /// The function's name.
        function: &'static str,
        /// The value, as JSON.
        found: String,
    },
}

/// A value cannot be inserted at a reference path. AWS's error name for it is `States.ResultPathMatchFailure`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Unable to apply ReferencePath {path} to input {target}")]
pub struct ResultPathFailure {
    pub(super) path: String,
    pub(super) target: String,
}
