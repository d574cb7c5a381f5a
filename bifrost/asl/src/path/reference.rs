//! Reference paths: paths to exactly one place, to which data can be written.

use std::fmt;

use serde_json::{Map, Value};

use super::{Path, ResultPathFailure, Root, Step, SyntaxError};
use crate::syntax::Cursor;

/// A path made of names and indices only, such as `$.release.error` or `$.checks[0]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferencePath(Path);

impl ReferencePath {
    /// Reads a reference path.
    ///
    /// # Errors
    /// [`SyntaxError`] if the string is not a path, or can select several places.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = Path::parse(text)?;
        let names_one_place = path.steps.iter().all(|step| matches!(step, Step::Name(_) | Step::Index(0..)));
        if names_one_place {
            return Ok(Self(path));
        }
        let problem = "it may select several places; use only `.name`, `['name']` and `[0]`, no wildcards, slices, \
                       filters or negative indices";
        Err(Cursor::new(text).error("reference path", problem.to_owned()))
    }

    /// Whether it is `$`: an inserted value replaces the whole target.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.0.is_input()
    }

    /// Whether it points into the input, and not into the context object or a variable, which are read-only.
    #[must_use]
    pub fn is_in_input(&self) -> bool {
        self.0.root == Root::Input
    }

    /// Inserts `value` into `target` at the path. Creates missing objects on the way.
    ///
    /// # Errors
    /// [`ResultPathFailure`] if a value on the way is not an object, or an index is past the end of an array. AWS's
    /// name for it is `States.ResultPathMatchFailure`. The target is then unchanged.
    pub fn insert(&self, target: &mut Value, value: Value) -> Result<(), ResultPathFailure> {
        // Checked first: the message shows the unchanged target.
        if !self.fits(target) {
            return Err(ResultPathFailure { path: self.to_string(), target: target.to_string() });
        }
        let mut place = target;
        for step in &self.0.steps {
            let next = match (step, place) {
                (Step::Name(name), Value::Object(fields)) => {
                    Some(fields.entry(name.clone()).or_insert_with(|| Value::Object(Map::new())))
                }
                (Step::Index(index), Value::Array(items)) => {
                    usize::try_from(*index).ok().and_then(|at| items.get_mut(at))
                }
                _ => None,
            };
            let Some(next) = next else { return Ok(()) };
            place = next;
        }
        *place = value;
        Ok(())
    }

    fn fits(&self, target: &Value) -> bool {
        let mut place = Some(target);
        self.0.steps.iter().all(|step| match (step, place) {
            (Step::Name(_), None) => true,
            (Step::Name(name), Some(Value::Object(fields))) => {
                place = fields.get(name);
                true
            }
            (Step::Index(index), Some(Value::Array(items))) => {
                place = usize::try_from(*index).ok().and_then(|at| items.get(at));
                place.is_some()
            }
            _ => false,
        })
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
