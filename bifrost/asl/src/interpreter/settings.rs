//! Settings of states: numbers in the definition, or at a path.

use serde_json::{Number, Value};

use super::failure::StateError;
use super::frame::{Frame, Visit};
use super::simple::plain;
use crate::ValueOrPath;

impl Visit<'_> {
    /// A setting that is a count.
    pub(super) fn count(
        &self,
        frame: &mut Frame<'_>,
        field: &str,
        setting: Option<&ValueOrPath<u64>>,
        input: &Value,
    ) -> Result<Option<u64>, StateError> {
        self.setting(frame, setting, input, |path, value| {
            let number = number(value);
            match number.as_ref().map(|number| (number.as_u64(), number.as_i64())) {
                Some((Some(count), _)) => Ok(count),
                Some((None, Some(_))) => Err(self.runtime(format!("{field} cannot be negative."))),
                Some((None, None)) | None => Err(self.runtime(not_a("integer", field, path, value))),
            }
        })
    }

    /// A limit of a batch.
    pub(super) fn batch_limit(
        &self,
        frame: &mut Frame<'_>,
        field: &str,
        setting: Option<&ValueOrPath<u64>>,
        input: &Value,
    ) -> Result<usize, StateError> {
        let limit = self.count(frame, field, setting, input)?;
        Ok(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX))
    }

    /// A setting that is a percentage.
    pub(super) fn percentage(
        &self,
        frame: &mut Frame<'_>,
        field: &str,
        setting: Option<&ValueOrPath<f64>>,
        input: &Value,
    ) -> Result<Option<f64>, StateError> {
        self.setting(frame, setting, input, |path, value| match number(value).and_then(|number| number.as_f64()) {
            Some(percentage) if (0.0..=100.0).contains(&percentage) => Ok(percentage),
            Some(_) => Err(self.runtime(format!("{field} must be between 0 and 100."))),
            None => Err(self.runtime(not_a("float", field, path, value))),
        })
    }

    /// A duration in seconds, which must be positive.
    pub(super) fn seconds_limit(
        &self,
        frame: &mut Frame<'_>,
        field: &str,
        setting: Option<&ValueOrPath<u64>>,
        input: &Value,
    ) -> Result<Option<u64>, StateError> {
        self.setting(frame, setting, input, |path, value| {
            let seconds = number(value).and_then(|number| number.as_u64()).filter(|seconds| *seconds > 0);
            seconds.ok_or_else(|| self.runtime(not_a("positive integer", field, path, value)))
        })
    }

    /// The value of a setting, or the value at its path, converted by `read`.
    fn setting<T: Copy>(
        &self,
        frame: &mut Frame<'_>,
        setting: Option<&ValueOrPath<T>>,
        input: &Value,
        read: impl FnOnce(&str, &Value) -> Result<T, StateError>,
    ) -> Result<Option<T>, StateError> {
        match setting {
            None => Ok(None),
            Some(ValueOrPath::Value(value)) => Ok(Some(*value)),
            Some(ValueOrPath::Path(path)) => read(path.as_str(), &*self.look_up(frame, path, input)?).map(Some),
        }
    }
}

/// The number at the path of a setting. AWS also reads it from a string.
pub(super) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// AWS's message for a path to a value of the wrong type.
fn not_a(kind: &str, field: &str, path: &str, value: &Value) -> String {
    format!("The {field}Path field refers to value \"{}\" which is not a valid {kind}: {path}", plain(value))
}
