//! Errors of [`read`](super::read()), made from serde's errors.

use std::fmt::Display;

use serde::de::{self, Expected, Unexpected};

use super::path::{self, Step};
use crate::error_code::{Coded, ErrorCode};

/// A JSON value cannot be read as a Rust type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", path::or_document(path))]
pub struct ReadError {
    /// The path, such as `services.web.subnets[0]`. Empty for the document as a whole.
    pub path: String,
    /// The kind of fault.
    pub kind: ReadErrorKind,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// The kinds of faults of a [`ReadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// A required field is absent or empty.
    Missing,
    /// A field is `null`.
    Null,
    /// No field of that name exists.
    Unknown,
    /// The value has another JSON type.
    Type,
    /// The value has the right type, but is not valid for the field.
    Value,
}

impl ReadError {
    /// The name of this error on the wire: `UnmarshalError` for a document of the wrong shape, `BadReleaseError` for one of the
    /// right shape with an invalid value.
    #[must_use]
    pub fn wire_name(&self) -> &'static str {
        if self.is_of_value() { "BadReleaseError" } else { "UnmarshalError" }
    }

    /// Whether the document has the right shape, and a value is missing or not valid.
    #[must_use]
    pub fn is_of_value(&self) -> bool {
        matches!(self.kind, ReadErrorKind::Missing | ReadErrorKind::Null | ReadErrorKind::Value)
    }
}

impl Coded for ReadError {
    const CODES: &'static [ErrorCode] = &[
        ErrorCode {
            code: "release/missing-field",
            cause: "A required field is absent or empty.",
            remedy: "add the field",
        },
        ErrorCode { code: "release/null", cause: "A field is `null`.", remedy: "remove the field, or give it a value" },
        ErrorCode {
            code: "release/unknown-field",
            cause: "No field of that name exists.",
            remedy: "correct the name, or remove the field",
        },
        ErrorCode {
            code: "release/wrong-type",
            cause: "A field has another JSON type than it should have.",
            remedy: "write the value as the type that the message names",
        },
        ErrorCode {
            code: "release/invalid-value",
            cause: "A field has the right JSON type, but not a valid value.",
            remedy: "correct the value as the message says",
        },
    ];

    fn code(&self) -> &'static str {
        match self.kind {
            ReadErrorKind::Missing => "release/missing-field",
            ReadErrorKind::Null => "release/null",
            ReadErrorKind::Unknown => "release/unknown-field",
            ReadErrorKind::Type => "release/wrong-type",
            ReadErrorKind::Value => "release/invalid-value",
        }
    }
}

/// serde's error while a value is read. It is boxed, because every `Result` on the way carries it.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct ValueError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    /// Innermost first: steps are added while the error travels out, so that successful reading costs nothing.
    steps: Vec<Step>,
    kind: ReadErrorKind,
    message: String,
    /// For an unknown field.
    unknown: Option<UnknownName>,
}

/// A field that a type does not have.
#[derive(Debug)]
pub(super) struct UnknownName {
    pub(super) name: String,
    /// The fields that exist.
    pub(super) siblings: &'static [&'static str],
    /// Whether the path ends at the field. It ends further up if serde had buffered the value.
    pub(super) is_exact: bool,
}

impl ValueError {
    fn new(kind: ReadErrorKind, message: String) -> Self {
        Self(Box::new(Inner { steps: Vec::new(), kind, message, unknown: None }))
    }

    pub(super) fn null() -> Self {
        Self::new(ReadErrorKind::Null, "null is not allowed; remove the field".to_owned())
    }

    /// Adds the step to this value from its container.
    pub(super) fn within(mut self, step: Step) -> Self {
        self.0.steps.push(step);
        self
    }

    /// Adds the step to a member whose name was refused.
    pub(super) fn of_member(mut self, name: &str) -> Self {
        if let Some(unknown) = &mut self.0.unknown {
            unknown.is_exact = true;
        }
        self.within(Step::Key(name.to_owned()))
    }

    /// The steps to what is wrong, innermost first.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0.steps
    }

    /// The field that its type does not have, if that is what is wrong.
    pub(super) fn unknown(&self) -> Option<&UnknownName> {
        self.0.unknown.as_ref()
    }

    /// An empty string that its type refused counts as a missing value, if the fault is the string itself and not a part.
    pub(super) fn of_empty_text(mut self) -> Self {
        if self.0.steps.is_empty() && self.0.kind == ReadErrorKind::Value {
            self.0.kind = ReadErrorKind::Missing;
            "required, but empty".clone_into(&mut self.0.message);
        }
        self
    }

    /// Builds the final error. `also` has fields that the outermost object may have in addition to those of its type.
    pub(super) fn into_error(self, also: &[&str]) -> ReadError {
        let Inner { steps, kind, mut message, unknown } = *self.0;
        if let (Some(UnknownName { siblings, .. }), Some(Step::Key(field))) = (unknown, steps.first()) {
            let also = if steps.len() == 1 { also } else { &[] };
            if let Some(name) = nearest(field, siblings.iter().chain(also).copied()) {
                message = format!("{message}; did you mean `{name}`?");
            }
        }
        ReadError { path: path::render(&steps), kind, message }
    }
}

impl de::Error for ValueError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ReadErrorKind::Value, message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(ReadErrorKind::Type, format!("expected {}, found {}", in_json(expected), noun(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(ReadErrorKind::Value, format!("expected {}, found {}", in_json(expected), noun(found)))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(ReadErrorKind::Value, format!("expected {}, found {length}", in_json(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut message = format!("{variant:?} is not one of {}", expected.join(", "));
        if let Some(name) = nearest(variant, expected.iter().copied()) {
            message = format!("{message}; did you mean `{name}`?");
        }
        Self::new(ReadErrorKind::Value, message)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut error = Self::new(ReadErrorKind::Unknown, "unknown field".to_owned());
        error.0.unknown = Some(UnknownName { name: field.to_owned(), siblings: expected, is_exact: false });
        error
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ReadErrorKind::Missing, "required, but absent".to_owned()).within(Step::Key(field.to_owned()))
    }
}

/// The name most similar to the written one, if it is similar enough to suggest it.
fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Names below this Jaro-Winkler similarity have little in common. (`clap` uses 0.7 for commands.)
    const MIN_SIMILARITY: f64 = 0.8;
    names
        .map(|name| (strsim::jaro_winkler(written, name), name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// What serde expects, in terms of JSON: authors of releases need not know Rust.
fn in_json(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    let words = match expected.as_str() {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "a nonzero u32" => "a whole number from 1 to 4294967295",
        "u64" | "usize" => "a whole number, at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other if other.starts_with("enum ") => "a string",
        other => match other.strip_prefix("a tuple of size ") {
            Some(size) => return format!("an array of {size} elements"),
            None => other,
        },
    };
    words.to_owned()
}

/// What was found. Strings are not shown: they may be secrets.
fn noun(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(_) | Unexpected::Char(_) => "a string".to_owned(),
        Unexpected::Seq => "an array".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}
