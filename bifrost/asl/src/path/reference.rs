//! Reference paths: those that name one place, to which data can also be written.

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
    /// When the text is no path, or one that may lead to several places.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = Path::parse(text)?;
        let names_one_place =
            path.aggregate.is_none() && path.steps.iter().all(|step| matches!(step, Step::Name(_) | Step::Index(0..)));
        if names_one_place {
            return Ok(Self(path));
        }
        let problem = "a path that names one place belongs here, made of `.name`, `['name']` and `[0]` only: no \
                       wildcards, slices, filters, negative indices or functions";
        Err(Cursor::new(text).error("reference path", problem.to_owned()))
    }

    /// Whether it is `$`: what is inserted replaces the whole target.
    #[must_use]
    pub fn is_input(&self) -> bool {
        self.0.is_input()
    }

    /// Whether it leads into the input, and not into the context object or a variable, which nothing may write to.
    #[must_use]
    pub fn is_in_input(&self) -> bool {
        self.0.root == Root::Input
    }

    /// Puts `value` where the path leads to in `target`, creating the objects that are missing on the way.
    ///
    /// # Errors
    /// When something on the way is there but is no object, or an index leads past the end of an array. AWS's name for
    /// it is `States.ResultPathMatchFailure`. The target is then unchanged.
    pub fn insert(&self, target: &mut Value, value: Value) -> Result<(), ResultPathFailure> {
        // Looked at first: the message shows the target as it was.
        if !self.fits(target) {
            return Err(ResultPathFailure { path: self.to_string(), target: target.to_string() });
        }
        let mut place = target;
        for step in &self.0.steps {
            let next = match (step, place) {
                (Step::Name(name), Value::Object(fields)) => {
                    // Replaced at once, or filled with the rest of the way.
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
