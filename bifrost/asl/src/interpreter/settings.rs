//! Settings of states: numbers in the definition, or at a path.

use serde_json::Value;

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
        self.setting(frame, setting, input, |path, value| self.count_at(field, path, value))
    }

    /// A limit of a batch; the value at a path may also be a string of digits.
    pub(super) fn batch_limit(
        &self,
        frame: &mut Frame<'_>,
        field: &str,
        setting: Option<&ValueOrPath<u64>>,
        input: &Value,
    ) -> Result<usize, StateError> {
        let limit = self.setting(frame, setting, input, |path, value| {
            match value.as_str().and_then(|digits| digits.parse().ok()) {
                Some(limit) => Ok(limit),
                None => self.count_at(field, path, value),
            }
        })?;
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
        self.setting(frame, setting, input, |path, value| match value.as_f64() {
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
            let seconds = value.as_u64().filter(|seconds| *seconds > 0);
            seconds.ok_or_else(|| self.runtime(not_a("positive integer", field, path, value)))
        })
    }

    fn count_at(&self, field: &str, path: &str, value: &Value) -> Result<u64, StateError> {
        match (value.as_u64(), value.as_i64()) {
            (Some(count), _) => Ok(count),
            (None, Some(_)) => Err(self.runtime(format!("{field} cannot be negative."))),
            (None, None) => Err(self.runtime(not_a("integer", field, path, value))),
        }
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

/// AWS's message for a path to a value of the wrong type.
fn not_a(kind: &str, field: &str, path: &str, value: &Value) -> String {
    format!("The {field}Path field refers to value \"{}\" which is not a valid {kind}: {path}", plain(value))
}
