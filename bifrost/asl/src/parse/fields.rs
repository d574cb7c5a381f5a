//! Parses the fields of one object of a definition, and collects their problems.
//!
//! A parser reads each field that it knows, by name and type. An absent or malformed field is `None`; a malformed one
//! is also reported, with its location. `finish` reports the fields that were not read: they are unknown.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::context::{Context, QueryLanguage};
use super::{context_use, unknown};
use crate::model::{ContextUse, DataPath, ResultPath, ValueOrPath};
use crate::path::{Path, ReferencePath};
use crate::problem::Location;
use crate::template::{Template, TemplateError};
use crate::timestamp;

/// A value of the definition and its location.
#[derive(Debug, Clone)]
pub(super) struct Located<'a> {
    pub(super) value: &'a Value,
    pub(super) location: Location<'a>,
}

/// The fields of one object.
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    location: Location<'a>,
    context: Context<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The fields of a value that must be an object.
    pub(super) fn of(at: Located<'a>, context: Context<'a>) -> Option<Self> {
        let Located { value, location } = at;
        let Value::Object(object) = value else {
            context.problems.report(location.to_string(), format!("is {}; write an object", kind_of(value)));
            return None;
        };
        Some(Self { object, location, context, known: RefCell::new(Vec::with_capacity(MAX_FIELDS)) })
    }

    /// Reports a problem with one field, or with the object itself if `field` is empty.
    pub(super) fn report(&self, field: &str, message: impl Into<String>) {
        self.context.problems.report(self.location_of(field), message);
    }

    pub(super) fn location_of(&self, field: &str) -> String {
        join(&self.location.to_string(), field)
    }

    pub(super) fn context(&self) -> Context<'a> {
        self.context
    }

    /// The same fields in another context.
    pub(super) fn with(self, context: Context<'a>) -> Self {
        Self { context, ..self }
    }

    pub(super) fn is_jsonata(&self) -> bool {
        self.context.language == QueryLanguage::Jsonata
    }

    /// The names of all fields, read or not.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str)
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.object.contains_key(field)
    }

    /// Every field as an object of its own, for objects whose keys are names.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, Option<Fields<'a>>)> {
        self.object.iter().map(|(name, value)| {
            let location = self.location.field(name);
            (name.as_str(), Fields::of(Located { value, location }, self.context))
        })
    }

    /// A field of any type.
    pub(super) fn any(&self, field: &'static str) -> Option<&'a Value> {
        self.known.borrow_mut().push(field);
        self.object.get(field)
    }

    /// A field of any type, with its location.
    pub(super) fn located(&self, field: &'static str) -> Option<Located<'a>> {
        Some(Located { value: self.any(field)?, location: self.location.field(field) })
    }

    pub(super) fn text(&self, field: &'static str) -> Option<&'a str> {
        let value = self.any(field)?;
        value.as_str().or_else(|| self.mistyped(field, value, "a string"))
    }

    pub(super) fn required_text(&self, field: &'static str) -> Option<&'a str> {
        self.required(field, "a string");
        self.text(field)
    }

    /// Reports a missing field.
    pub(super) fn required(&self, field: &str, what: &str) {
        if !self.has(field) {
            self.report("", format!("{field} is missing; write {what}"));
        }
    }

    pub(super) fn comment(&self) -> Option<String> {
        self.text("Comment").map(str::to_owned)
    }

    pub(super) fn boolean(&self, field: &'static str) -> Option<bool> {
        let value = self.any(field)?;
        value.as_bool().or_else(|| self.mistyped(field, value, "true or false"))
    }

    pub(super) fn integer(&self, field: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.any(field)?;
        let what = || format!("an integer from {} to {}", range.start(), range.end());
        match value.as_u64() {
            Some(number) if range.contains(&number) => Some(number),
            _ => self.mistyped(field, value, &what()),
        }
    }

    pub(super) fn number(&self, field: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.any(field)?;
        let what = || match *range.end() {
            f64::MAX => format!("a number of at least {}", range.start()),
            end => format!("a number from {} to {end}", range.start()),
        };
        match value.as_f64() {
            Some(number) if range.contains(&number) => Some(number),
            _ => self.mistyped(field, value, &what()),
        }
    }

    pub(super) fn timestamp(&self, field: &'static str) -> Option<DateTime<Utc>> {
        let text = self.text(field)?;
        let moment = timestamp::parse(text);
        if moment.is_none() {
            self.report(field, format!("{text:?} is not a valid timestamp; write one such as 2016-03-14T01:59:00Z"));
        }
        moment
    }

    pub(super) fn object(&self, field: &'static str) -> Option<Fields<'a>> {
        Fields::of(self.located(field)?, self.context)
    }

    /// The elements of an array.
    pub(super) fn list(&self, field: &'static str) -> Option<Vec<Located<'a>>> {
        let value = self.any(field)?;
        let Value::Array(elements) = value else {
            return self.mistyped(field, value, "an array");
        };
        let list = self.location.field(field);
        let element = |(index, value)| Located { value, location: list.item(index) };
        Some(elements.iter().enumerate().map(element).collect())
    }

    pub(super) fn path(&self, field: &'static str) -> Option<Path> {
        let text = self.text(field)?;
        Path::parse(text).map_err(|error| self.report(field, error.to_string())).ok()
    }

    /// A setting whose value is in `field`, or at the path in `path_field`.
    pub(super) fn setting<T>(
        &self,
        field: &'static str,
        path_field: &'static str,
        read: impl FnOnce(&Self, &'static str) -> Option<T>,
    ) -> Option<ValueOrPath<T>> {
        let (value, path) = (read(self, field), self.path(path_field));
        if self.has(field) && self.has(path_field) {
            self.report(path_field, format!("conflicts with {field}; write only one of them"));
        }
        value.map(ValueOrPath::Value).or(path.map(ValueOrPath::Path))
    }

    pub(super) fn data_path(&self, field: &'static str) -> DataPath {
        match self.any(field) {
            None => DataPath::Whole,
            Some(Value::Null) => DataPath::Nothing,
            Some(_) => match self.path(field) {
                Some(path) if !path.is_input() => DataPath::Path(path),
                _ => DataPath::Whole,
            },
        }
    }

    pub(super) fn result_path(&self) -> ResultPath {
        let field = "ResultPath";
        match self.any(field) {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(_) => match self.text(field) {
                None | Some("$") => ResultPath::Replace,
                Some(text) => self.reference_path(field, text).map_or(ResultPath::Replace, ResultPath::At),
            },
        }
    }

    /// A path into the input.
    fn reference_path(&self, field: &str, text: &str) -> Option<ReferencePath> {
        match ReferencePath::parse(text) {
            Ok(path) if path.is_in_input() => return Some(path),
            Ok(path) => self.report(
                field,
                format!("`{path}` is read-only; write a path that begins with `$.`, or use Assign for a variable"),
            ),
            Err(error) => self.report(field, error.to_string()),
        }
        None
    }

    pub(super) fn template(&self, field: &'static str) -> Option<Template> {
        let template = self.any(field)?;
        let report = |errors: Vec<_>| {
            for error in errors {
                let TemplateError { location, message } = error;
                self.context.problems.report(join(&self.location_of(field), &location), message);
            }
        };
        Template::parse(template).map_err(report).ok()
    }

    /// A template that must be an object.
    pub(super) fn object_template(&self, field: &'static str) -> Option<Template> {
        match self.any(field)? {
            Value::Object(_) => self.template(field),
            other => self.mistyped(field, other, "an object"),
        }
    }

    /// How much of the context object the strings in the object may refer to.
    pub(super) fn context_use(&self) -> ContextUse {
        self.object.values().map(context_use::of).max().unwrap_or_default()
    }

    /// Reports every field that was not read.
    pub(super) fn finish(&self, owner: &str) {
        let known = self.known.borrow();
        for name in self.names().filter(|name| !known.contains(name)) {
            self.report(name, unknown::message(name, owner, self.context.language));
        }
    }

    /// Reports a field of the wrong type or size.
    pub(super) fn mistyped<T>(&self, field: &str, value: &Value, what: &str) -> Option<T> {
        self.report(field, format!("is {}; write {what}", kind_of(value)));
        None
    }
}

/// Hardly any object has more fields.
const MAX_FIELDS: usize = 16;

/// The location of `field` inside `location`.
pub(super) fn join(location: &str, field: &str) -> String {
    match (location, field) {
        (location, "") => location.to_owned(),
        ("", field) => field.to_owned(),
        (location, field) if field.starts_with('[') => format!("{location}{field}"),
        (location, field) => format!("{location}.{field}"),
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) if text.chars().count() <= 40 => format!("{text:?}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
