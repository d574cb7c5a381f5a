//! Checks the values of JSONata states: payloads, and settings that an expression may compute.

use serde_json::{Map, Value};

use super::assign;
use super::context::Problems;
use super::fields::{Fields, Located, join};
use crate::jsonata::{self, Delimiters, Reference};

/// Which field of `$states` an expression may read, besides `input` and `context`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    Input,
    /// `$states.result`, in the `Output` and `Assign` of a `Task`, `Parallel` or `Map`.
    Result,
    /// `$states.errorOutput`, in the `Output` and `Assign` of a catcher.
    ErrorOutput,
}

/// The problems and the expressions of one field.
struct Payload<'a> {
    problems: &'a Problems,
    reads: Reads,
}

/// A field with any value, in which each string may be an expression.
pub(super) fn payload<'a>(fields: &Fields<'a>, field: &'static str, reads: Reads) -> Option<&'a Value> {
    let value = fields.any(field)?;
    let payload = Payload { problems: fields.context().problems, reads };
    payload.value(value, &fields.location_of(field));
    Some(value)
}

/// A payload that must be an object.
pub(super) fn object<'a>(fields: &Fields<'a>, field: &'static str, reads: Reads) -> Option<&'a Map<String, Value>> {
    let value = payload(fields, field, reads)?;
    value.as_object().or_else(|| fields.mistyped(field, value, "an object"))
}

/// A payload that must be of one type, unless an expression computes it all.
pub(super) fn typed(fields: &Fields<'_>, field: &'static str, what: &str, is_type: impl Fn(&Value) -> bool) {
    if let Some(value) = payload(fields, field, Reads::Input)
        && !is_type(value)
        && !is_string_expression(value)
    {
        fields.mistyped::<()>(field, value, &format!("{what} or an expression `{{% … %}}`"));
    }
}

/// A setting, read by `read` unless an expression computes it.
pub(super) fn setting<'a, T>(
    fields: &Fields<'a>,
    field: &'static str,
    read: impl FnOnce(&Fields<'a>, &'static str) -> Option<T>,
) -> Option<T> {
    let Some(value @ Value::String(text)) = fields.any(field) else { return read(fields, field) };
    if Delimiters::of(text) == Delimiters::Literal {
        return read(fields, field);
    }
    let payload = Payload { problems: fields.context().problems, reads: Reads::Input };
    payload.value(value, &fields.location_of(field));
    None
}

/// `Assign`, whose values are payloads.
pub(super) fn assign(fields: &Fields<'_>, reads: Reads) {
    if let Some(variables) = object(fields, "Assign", reads) {
        assign::check_names(fields, variables.keys().map(String::as_str));
    }
}

/// Whether the value is a string that is meant as an expression.
fn is_string_expression(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Delimiters::of(text) != Delimiters::Literal)
}

impl Payload<'_> {
    fn value(&self, value: &Value, location: &str) {
        match value {
            Value::String(text) => self.text(text, location),
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(item, &format!("{location}[{at}]"));
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.value(value, &join(location, name));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, text: &str, location: &str) {
        match Delimiters::of(text) {
            Delimiters::Literal => {}
            Delimiters::Unbalanced => {
                let message = format!(
                    "{text:?} must begin with `{{%` and end with `%}}`, without anything before or behind them"
                );
                self.problems.report(location, message);
            }
            Delimiters::Expression => match jsonata::references(text) {
                Ok(references) => {
                    for message in references.iter().filter_map(|reference| self.fault(reference)) {
                        self.problems.report(location, message);
                    }
                }
                Err(error) => self.problems.report(location, error.to_string()),
            },
        }
    }

    /// Why the expression must not have this reference.
    fn fault(&self, reference: &Reference) -> Option<String> {
        match reference {
            Reference::Input(name) if name == "$" => Some(
                "`$` is not available outside of a path, since there is no input document; write `$states.input`"
                    .to_owned(),
            ),
            Reference::Input(name) if name == "States" => Some(
                "intrinsic functions such as `States.Format` belong to JSONPath; write functions of JSONata".to_owned(),
            ),
            Reference::Input(name) => Some(format!(
                "`{name}` is not available outside of a path, since there is no input document; write \
                 `$states.input.{name}`, `${name}` for a variable, or '{name}' for a string"
            )),
            Reference::Root => {
                Some("`$$` is not available, since there is no input document; write `$states.input`".to_owned())
            }
            Reference::States(field) if field == "result" && self.reads != Reads::Result => Some(
                "`$states.result` exists only in Output and Assign of a Task, Parallel or Map; write `$states.input`"
                    .to_owned(),
            ),
            Reference::States(field) if field == "errorOutput" && self.reads != Reads::ErrorOutput => Some(
                "`$states.errorOutput` exists only in Output and Assign of a catcher; move the expression there"
                    .to_owned(),
            ),
            Reference::States(_) => None,
            Reference::Eval => {
                Some("`$eval` is not available in Step Functions; write `$parse` to read JSON".to_owned())
            }
        }
    }
}

/// The elements of an array field of objects, each read by `read`.
pub(super) fn each<'a>(fields: &Fields<'a>, field: &'static str, read: impl Fn(&Fields<'a>)) {
    let elements: Vec<Located<'a>> = fields.list(field).unwrap_or_default();
    for fields in elements.into_iter().filter_map(|at| Fields::of(at, fields.context())) {
        read(&fields);
    }
}
