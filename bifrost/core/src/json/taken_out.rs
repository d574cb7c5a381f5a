//! What another version of the program wrote and this one cannot read: it is taken out before a value is read strictly, and put back
//! into what is written.

use super::path::{self, Step};
use super::read::members;
use super::read_error::{ReadError, UnknownName, ValueError};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The number of steps of a path that lead to a field that need not be read. `None` if it must be.
pub(crate) type Unused = fn(&[&str]) -> Option<usize>;

/// The fields that were taken out of a value.
#[derive(Debug, Default)]
pub(crate) struct TakenOut {
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    /// The steps to its object, innermost first.
    parent: Vec<Step>,
    name: String,
    value: Value,
    /// Whether this version knows the field, but not the value.
    is_known: bool,
}

impl TakenOut {
    /// Reads the members of an object whose keys `takes` accepts, as [`read_members`](super::read_members) does. First takes out, at
    /// every depth, the fields that `T` refuses as unknown, and those `unused` ones that it cannot read; `object` is then a copy
    /// without them.
    ///
    /// Where serde buffers a value, inside an enum with `tag`, it does not say in which object an unknown field is. It is taken out
    /// if only one object there has a field of that name; otherwise it is an error.
    pub(crate) fn read_members<T: DeserializeOwned>(
        &mut self,
        object: &mut Cow<'_, Value>,
        takes: impl Fn(&str) -> bool,
        unused: Unused,
    ) -> Result<T, ReadError> {
        loop {
            let error = match members(object, &takes) {
                Ok(read) => return Ok(read),
                Err(error) => error,
            };
            let found = match error.unknown() {
                Some(unknown) => take_unknown(object.to_mut(), error.steps(), unknown, &takes),
                None => self.take_unused(object.to_mut(), &error, unused).into_iter().collect(),
            };
            if found.is_empty() {
                return Err(error.into_error(&[]));
            }
            self.fields.extend(found);
        }
    }

    /// Takes the field out of `whole` that has what cannot be read, if it is not used.
    fn take_unused(&mut self, whole: &mut Value, error: &ValueError, unused: Unused) -> Option<Field> {
        let steps = error.steps();
        let names: Vec<String> = steps.iter().rev().map(Step::to_string).collect();
        let count = unused(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let unreadable = steps.get(steps.len().checked_sub(count)?..)?;
        // What was taken out of it belongs to its value.
        for inside in self.fields.extract_if(.., |field| field.parent.ends_with(unreadable)) {
            object_at(whole, &inside.parent)?.insert(inside.name, inside.value);
        }
        let (name, parent) = unreadable.split_first()?;
        take(whole, parent, &name.to_string(), true)
    }

    /// The paths of the fields that this version does not know.
    pub(crate) fn unknown(&self) -> Vec<String> {
        self.fields.iter().filter(|field| !field.is_known).map(Field::path).collect()
    }

    /// The paths of the fields whose values this version cannot read.
    pub(crate) fn unreadable(&self) -> Vec<String> {
        self.fields.iter().filter(|field| field.is_known).map(Field::path).collect()
    }

    /// Puts the fields into `output`, at the places that they had in `input`, from which they were taken out. Returns the paths of
    /// those whose place does not exist any more.
    ///
    /// The place in an array is that of an element which has not changed: the others may have moved.
    pub(crate) fn put_back(self, input: &Value, output: &mut Value) -> Vec<String> {
        // All places are looked up before the first field changes an element.
        let has_place: Vec<bool> = self.fields.iter().map(|field| field.has_place(input, output)).collect();
        let mut lost = Vec::new();
        for (field, has_place) in self.fields.into_iter().zip(has_place) {
            match object_at(output, &field.parent).filter(|_| has_place) {
                Some(object) => drop(object.insert(field.name, field.value)),
                None => lost.push(field.path()),
            }
        }
        lost
    }
}

impl Field {
    fn path(&self) -> String {
        let name = std::iter::once(Step::Key(self.name.clone()));
        path::render(&name.chain(self.parent.iter().cloned()).collect::<Vec<_>>())
    }

    /// Whether `output` still has the object from whose counterpart in `input` the field was taken out.
    fn has_place(&self, mut input: &Value, mut output: &Value) -> bool {
        for step in self.parent.iter().rev() {
            let (Some(before), Some(after)) = (child(input, step), child(output, step)) else { return false };
            if matches!(step, Step::Index(_)) && before != after {
                return false;
            }
            (input, output) = (before, after);
        }
        // A known field may be written again, with a default, by a task that could not read it.
        output.as_object().is_some_and(|object| self.is_known || !object.contains_key(&self.name))
    }
}

fn child<'v>(value: &'v Value, step: &Step) -> Option<&'v Value> {
    match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    }
}

fn object_at<'v>(value: &'v mut Value, innermost_first: &[Step]) -> Option<&'v mut Map<String, Value>> {
    let found = innermost_first.iter().rev().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    found?.as_object_mut()
}

fn take(whole: &mut Value, parent: &[Step], name: &str, is_known: bool) -> Option<Field> {
    let value = object_at(whole, parent)?.shift_remove(name)?;
    Some(Field { parent: parent.to_vec(), name: name.to_owned(), value, is_known })
}

/// Takes the unknown field out of `whole`, with the other unknown ones of the same object: a state may have many.
fn take_unknown(whole: &mut Value, steps: &[Step], unknown: &UnknownName, takes: impl Fn(&str) -> bool) -> Vec<Field> {
    let UnknownName { name, siblings, is_exact } = unknown;
    let Some((_, parent)) = steps.split_first().filter(|_| *is_exact) else {
        return take_buffered(whole, steps, name).into_iter().collect();
    };
    let Some(object) = object_at(whole, parent) else { return Vec::new() };
    let is_unknown = |key: &String| !siblings.contains(&key.as_str()) && (!parent.is_empty() || takes(key));
    let names: Vec<String> = object.keys().filter(|key| is_unknown(key)).cloned().collect();
    names.iter().filter_map(|name| take(whole, parent, name, false)).collect()
}

/// Takes the only field of that name out of a value that serde had buffered.
fn take_buffered(whole: &mut Value, buffered: &[Step], name: &str) -> Option<Field> {
    let start = buffered.iter().rev().try_fold(&*whole, child)?;
    let mut found = Vec::new();
    find(start, name, &mut buffered.iter().rev().cloned().collect(), &mut found);
    let [parent] = &mut found[..] else { return None };
    parent.reverse();
    take(whole, parent, name, false)
}

/// Finds all objects with a member of that name. Paths are outermost first.
fn find(value: &Value, name: &str, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    let mut below = |step: Step, value: &Value| {
        path.push(step);
        find(value, name, path, found);
        path.pop();
    };
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, element)| below(Step::Index(index), element));
        }
        Value::Object(members) => {
            members.iter().for_each(|(key, member)| below(Step::Key(key.clone()), member));
            if members.contains_key(name) {
                found.push(path.clone());
            }
        }
        _ => (),
    }
}

#[cfg(test)]
#[path = "taken_out_tests.rs"]
mod tests;
