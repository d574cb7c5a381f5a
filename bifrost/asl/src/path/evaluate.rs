//! The evaluation of paths.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{Path, PathFailure, Root, Scope, Step};

pub(super) fn path<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, PathFailure> {
    let root = root(&path.root, scope)?;
    let found = if path.steps_are_definite() {
        definite(&path.steps, root)?
    } else {
        Cow::Owned(indefinite(&path.steps, root, scope).into_iter().map(Cow::into_owned).collect())
    };
    match path.aggregate {
        Some(aggregate) => aggregate.apply(&found).map(Cow::Owned),
        None => Ok(found),
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
pub(super) fn in_filter<'a>(path: &Path, current: bool, item: &'a Value, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
    let scope = if current { Scope { input: item, ..*scope } } else { *scope };
    self::path(path, &scope).ok()
}

fn definite<'a>(steps: &[Step], root: &'a Value) -> Result<Cow<'a, Value>, PathFailure> {
    let mut value = root;
    for (at, step) in steps.iter().enumerate() {
        let next = match (step, value) {
            (Step::Name(name), Value::Object(fields)) => fields.get(name),
            (Step::Index(index), Value::Array(items)) => item(items, *index),
            (Step::Names(names), Value::Object(fields)) => return Ok(Cow::Owned(selected(names, fields))),
            _ => return Err(misfit(steps, at, value)),
        };
        value = next.ok_or_else(|| nowhere(steps, at))?;
    }
    Ok(Cow::Borrowed(value))
}

fn indefinite<'a>(steps: &[Step], root: &'a Value, scope: &Scope<'a>) -> Vec<Cow<'a, Value>> {
    let mut found = vec![root];
    let last = steps.len().saturating_sub(1);
    for (at, step) in steps.iter().enumerate() {
        if let (Step::Names(names), true) = (step, at == last) {
            let objects = found.into_iter().filter_map(Value::as_object);
            return objects.map(|fields| Cow::Owned(selected(names, fields))).collect();
        }
        let mut next = Vec::new();
        for value in found {
            follow(step, value, scope, &mut next);
        }
        found = next;
    }
    found.into_iter().map(Cow::Borrowed).collect()
}

fn follow<'a>(step: &Step, value: &'a Value, scope: &Scope<'a>, found: &mut Vec<&'a Value>) {
    match (step, value) {
        (Step::Name(name), Value::Object(fields)) => found.extend(fields.get(name)),
        (Step::Names(names), Value::Object(fields)) => found.extend(names.iter().filter_map(|name| fields.get(name))),
        (Step::Index(index), Value::Array(items)) => found.extend(item(items, *index)),
        (Step::Indices(indices), Value::Array(items)) => {
            found.extend(indices.iter().filter_map(|index| item(items, *index)));
        }
        (Step::Slice(from, to), Value::Array(items)) => found.extend(slice(items, *from, *to)),
        (Step::Wildcard, Value::Array(items)) => found.extend(items),
        (Step::Wildcard, Value::Object(fields)) => found.extend(fields.values()),
        (Step::Filter(filter), Value::Array(items)) => {
            found.extend(items.iter().filter(|item| filter.matches(item, scope)));
        }
        // Jayway applies a filter to an object itself.
        (Step::Filter(filter), Value::Object(_)) => found.extend(Some(value).filter(|it| filter.matches(it, scope))),
        (Step::Descend, _) => descend(value, found),
        _ => {}
    }
}

/// The value and everything below it, parents first. Not recursive: templates can nest data without limit.
fn descend<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        found.push(value);
        match value {
            Value::Array(items) => waiting.extend(items.iter().rev()),
            Value::Object(fields) => waiting.extend(fields.values().rev()),
            _ => {}
        }
    }
}

fn selected(names: &[String], fields: &Map<String, Value>) -> Value {
    names.iter().filter_map(|name| Some((name.clone(), fields.get(name)?.clone()))).collect()
}

fn item(items: &[Value], index: i64) -> Option<&Value> {
    items.get(position(items.len(), index)?)
}

fn slice(items: &[Value], from: Option<i64>, to: Option<i64>) -> &[Value] {
    let bound = |end: i64| {
        if end < 0 { position(items.len(), end).unwrap_or(0) } else { clamp(items.len(), end) }
    };
    let from = from.map_or(0, bound);
    let to = to.map_or(items.len(), bound);
    items.get(from..to).unwrap_or_default()
}

fn clamp(length: usize, end: i64) -> usize {
    usize::try_from(end).unwrap_or(usize::MAX).min(length)
}

fn position(length: usize, index: i64) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

fn nowhere(steps: &[Step], at: usize) -> PathFailure {
    match steps.get(at) {
        Some(Step::Name(_)) if at + 1 < steps.len() => PathFailure::MissingProperty { place: place(steps, at + 1) },
        _ => PathFailure::NoResults { place: place(steps, steps.len()) },
    }
}

fn misfit(steps: &[Step], at: usize, found: &Value) -> PathFailure {
    let step = steps.get(at).map(written).unwrap_or_default();
    if matches!(steps.get(at), Some(Step::Index(_))) {
        return PathFailure::NotAnArray { step, found: found.to_string() };
    }
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    PathFailure::NotAnObject { property: step, place: place(steps, at), found }
}

/// The first `count` steps in Jayway's notation, `$['a'][0]`.
fn place(steps: &[Step], count: usize) -> String {
    let mut text = "$".to_owned();
    for step in steps.iter().take(count) {
        let _ = write!(text, "{}", written(step));
    }
    text
}

fn written(step: &Step) -> String {
    match step {
        Step::Name(name) => format!("['{name}']"),
        Step::Names(names) => format!("['{}']", names.join("','")),
        Step::Index(index) => format!("[{index}]"),
        // Messages name only the steps of definite paths.
        Step::Indices(_) | Step::Slice(..) | Step::Wildcard | Step::Filter(_) | Step::Descend => String::new(),
    }
}
