//! The evaluation of paths.
//!
//! As in Jayway, a step that does not fit its value fails the path, even if the path selects several values. There are
//! two exceptions: a name that is missing before or just after a step that selects several values selects nothing, and so
//! does an item of an array under a wildcard for which nothing is found.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Path, PathFailure, Root, Scope, Step};

pub(super) fn path<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, PathFailure> {
    let root = root(&path.root, scope)?;
    let is_definite = path.is_definite();
    let mut walk = Walk { steps: &path.steps, scope, place: Vec::new(), found: Vec::new() };
    walk.follow(0, root)?;
    let Walk { mut found, .. } = walk;
    match found.pop() {
        Some(value) if is_definite => Ok(value),
        last => Ok(Cow::Owned(found.into_iter().chain(last).map(Cow::into_owned).collect())),
    }
}

fn root<'a>(root: &Root, scope: &Scope<'a>) -> Result<&'a Value, PathFailure> {
    match root {
        Root::Input => Ok(scope.input),
        Root::Context => Ok(scope.context),
        Root::Variable(name) => {
            scope.variables.get(name).ok_or_else(|| PathFailure::UnknownVariable { name: name.clone() })
        }
    }
}

/// What a path inside a filter selects, or `None`.
pub(super) fn in_filter<'a>(path: &Path, at_item: bool, item: &'a Value, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
    let scope = if at_item { Scope { input: item, ..*scope } } else { *scope };
    self::path(path, &scope).ok()
}

/// A walk along the steps of a path. It recurs only at steps that select several values, whose number is limited.
struct Walk<'p, 'a> {
    steps: &'p [Step],
    scope: &'p Scope<'a>,
    /// The way from the root to the current value, for messages.
    place: Vec<Part<'a>>,
    found: Vec<Cow<'a, Value>>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Name(&'a str),
    Index(i64),
}

impl<'a> Walk<'_, 'a> {
    /// Follows the steps from the one at `at`, and adds what they select.
    fn follow(&mut self, mut at: usize, mut value: &'a Value) -> Result<(), PathFailure> {
        while let Some(step) = self.steps.get(at) {
            value = match (step, value) {
                (Step::Name(name), Value::Object(fields)) => match fields.get_key_value(name) {
                    Some((name, next)) => self.enter(Part::Name(name), next),
                    None if self.is_last(at) => return Err(PathFailure::NoResults { place: self.place_of(step) }),
                    None if self.is_near_branch(at) => return Ok(()),
                    None => return Err(PathFailure::MissingProperty { place: self.place_of(step) }),
                },
                (Step::Index(index), Value::Array(items)) => self.enter(Part::Index(*index), self.item(items, *index)?),
                (Step::FromEnd(index), Value::Array(items)) => {
                    let index = from_end(items, *index);
                    self.enter(Part::Index(index), self.item(items, index)?)
                }
                (Step::Names(names), Value::Object(fields)) => {
                    self.found.push(Cow::Owned(selected(names, fields)));
                    return Ok(());
                }
                (step, value) if !step.is_definite() => return self.branch(step, at, value),
                (step, value) => return Err(self.misfit(step, at, value)),
            };
            at += 1;
        }
        self.found.push(Cow::Borrowed(value));
        Ok(())
    }

    /// Follows the steps after the one at `at` from each value that it selects.
    fn branch(&mut self, step: &Step, at: usize, value: &'a Value) -> Result<(), PathFailure> {
        match (step, value) {
            (Step::Indices(indices), Value::Array(items)) => indices.iter().try_for_each(|index| {
                let item = self.item(items, *index)?;
                self.follow_from(Part::Index(*index), at + 1, item)
            }),
            (Step::Slice(from, to), Value::Array(items)) => {
                let (from, to) = bounds(items, *from, *to);
                numbered(items)
                    .skip(from)
                    .take(to.saturating_sub(from))
                    .try_for_each(|(index, item)| self.follow_from(Part::Index(index), at + 1, item))
            }
            (Step::Wildcard, Value::Array(items)) => {
                numbered(items).try_for_each(|(index, item)| match self.follow_from(Part::Index(index), at + 1, item) {
                    Err(failure) if failure.is_missing() => Ok(()),
                    result => result,
                })
            }
            (Step::Wildcard, Value::Object(fields)) => {
                fields.iter().try_for_each(|(name, field)| self.follow_from(Part::Name(name), at + 1, field))
            }
            (Step::Filter(filter), Value::Array(items)) => numbered(items)
                .filter(|(_, item)| filter.matches(item, self.scope))
                .collect::<Vec<_>>()
                .into_iter()
                .try_for_each(|(index, item)| self.follow_from(Part::Index(index), at + 1, item)),
            // Jayway applies a filter to an object itself.
            (Step::Filter(filter), Value::Object(_)) if filter.matches(value, self.scope) => self.follow(at + 1, value),
            (Step::Filter(_), Value::Object(_)) | (Step::Wildcard, _) => Ok(()),
            (Step::Descend, _) => self.descend(at + 1, value),
            _ => Err(self.misfit(step, at, value)),
        }
    }

    /// Follows the steps from the one at `at` from all values below this one to which it applies, parents first. Not
    /// recursive: templates can nest data without limit.
    fn descend(&mut self, at: usize, value: &'a Value) -> Result<(), PathFailure> {
        let start = self.place.len();
        let mut waiting = vec![(start, None, value)];
        while let Some((depth, part, value)) = waiting.pop() {
            self.place.truncate(depth);
            self.place.extend(part);
            let depth = self.place.len();
            self.visit(at, value)?;
            self.place.truncate(depth);
            match value {
                Value::Array(items) => {
                    waiting.extend(numbered(items).rev().map(|(index, item)| (depth, Some(Part::Index(index)), item)));
                }
                Value::Object(fields) => {
                    let fields = fields.iter().rev();
                    waiting.extend(fields.map(|(name, field)| (depth, Some(Part::Name(name)), field)));
                }
                _ => {}
            }
        }
        self.place.truncate(start);
        Ok(())
    }

    /// Follows the step at `at`, after `..`, if it applies to a value.
    fn visit(&mut self, at: usize, value: &'a Value) -> Result<(), PathFailure> {
        let applies = match (self.steps.get(at), value) {
            (Some(Step::Name(name)), Value::Object(fields)) => fields.contains_key(name),
            (Some(Step::Names(names)), Value::Object(fields)) => names.iter().all(|name| fields.contains_key(name)),
            (Some(Step::Wildcard), Value::Array(items)) if !self.is_last(at) => {
                // Here, an item for which nothing is found fails the path.
                return numbered(items)
                    .try_for_each(|(index, item)| self.follow_from(Part::Index(index), at + 1, item));
            }
            (Some(Step::Wildcard), _) => value.is_array() || value.is_object(),
            // A filter chooses among objects wherever they are: their arrays would find each a second time.
            (Some(Step::Filter(_)), _) => value.is_object(),
            (Some(Step::Index(_) | Step::FromEnd(_) | Step::Indices(_) | Step::Slice(..)), _) => value.is_array(),
            _ => false,
        };
        if applies { self.follow(at, value) } else { Ok(()) }
    }

    fn follow_from(&mut self, part: Part<'a>, at: usize, value: &'a Value) -> Result<(), PathFailure> {
        let depth = self.place.len();
        self.place.push(part);
        let result = self.follow(at, value);
        self.place.truncate(depth);
        result
    }

    fn enter(&mut self, part: Part<'a>, value: &'a Value) -> &'a Value {
        self.place.push(part);
        value
    }

    fn item(&self, items: &'a [Value], index: i64) -> Result<&'a Value, PathFailure> {
        let item = usize::try_from(index).ok().and_then(|index| items.get(index));
        item.ok_or_else(|| PathFailure::OutOfBounds { place: format!("{}[{index}]", self.place()) })
    }

    fn is_last(&self, at: usize) -> bool {
        at + 1 == self.steps.len()
    }

    /// Whether the step before the one at `at`, or any after it, selects several values.
    fn is_near_branch(&self, at: usize) -> bool {
        self.steps.iter().skip(at.saturating_sub(1)).any(|step| !step.is_definite())
    }

    fn misfit(&self, step: &Step, at: usize, found: &Value) -> PathFailure {
        let rest = || self.steps.iter().skip(at).map(written).collect();
        match (step, found) {
            (Step::Name(_) | Step::Names(_), _) => {
                PathFailure::NotAnObject { property: written(step), place: self.place() }
            }
            (Step::Filter(_), _) => PathFailure::Primitive { steps: rest(), found: found.to_string() },
            (_, Value::Null) => PathFailure::Null { place: self.place() },
            _ => PathFailure::NotAnArray { steps: rest(), found: found.to_string() },
        }
    }

    fn place_of(&self, step: &Step) -> String {
        self.place() + &written(step)
    }

    /// The current place in Jayway's notation, `$['a'][0]`.
    fn place(&self) -> String {
        self.place.iter().fold("$".to_owned(), |mut text, part| {
            let _ = match part {
                Part::Name(name) => write!(text, "['{name}']"),
                Part::Index(index) => write!(text, "[{index}]"),
            };
            text
        })
    }
}

fn numbered(items: &[Value]) -> impl DoubleEndedIterator<Item = (i64, &Value)> {
    items.iter().enumerate().map(|(index, item)| (i64::try_from(index).unwrap_or(i64::MAX), item))
}

fn selected(names: &[String], fields: &Map<String, Value>) -> Value {
    names.iter().filter_map(|name| Some((name.clone(), fields.get(name)?.clone()))).collect()
}

fn from_end(items: &[Value], index: i64) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX).saturating_sub(index)
}

fn bounds(items: &[Value], from: Option<i64>, to: Option<i64>) -> (usize, usize) {
    let bound = |end: i64| {
        let end = if end < 0 { from_end(items, end.saturating_neg()) } else { end };
        usize::try_from(end.max(0)).unwrap_or(usize::MAX).min(items.len())
    };
    (from.map_or(0, bound), to.map_or(items.len(), bound))
}

/// A step in Jayway's notation.
fn written(step: &Step) -> String {
    let bound = |bound: &Option<i64>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    match step {
        Step::Name(name) => format!("['{name}']"),
        Step::Names(names) => format!("['{}']", names.join("', '")),
        Step::Index(index) => format!("[{index}]"),
        Step::FromEnd(index) => format!("[@.size()-{index}]"),
        Step::Indices(indices) => {
            format!("[{}]", indices.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
        }
        Step::Slice(from, to) => format!("[{}:{}]", bound(from), bound(to)),
        Step::Wildcard => "[*]".to_owned(),
        Step::Filter(_) => "[?]".to_owned(),
        Step::Descend => "..".to_owned(),
    }
}
