//! The references that SAM rewrites: to layers, whose logical ids get a digest, and to generated resources such as `hello.Alias`.

use super::intrinsics::{SubPart, call, sub_parts};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The names that SAM replaces in references.
#[derive(Default)]
pub(crate) struct Renames {
    /// New logical ids by those of the template.
    pub(super) ids: BTreeMap<String, String>,
    /// The logical ids of generated resources by what refers to them: `hello.Alias`.
    pub(super) properties: BTreeMap<String, String>,
}

impl Renames {
    /// The logical id after the expansion of a resource of the template.
    pub(crate) fn id<'s>(&'s self, id: &'s str) -> &'s str {
        self.ids.get(id).map_or(id, String::as_str)
    }

    /// The logical id of the generated resource that `hello.Alias` means.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }

    /// What a reference with these steps means: a logical id, and the rest of the steps.
    fn steps(&self, name: &str) -> String {
        let mut steps = name.splitn(3, '.');
        let (first, second) = (steps.next().unwrap_or_default(), steps.next());
        let property = second.and_then(|second| self.property(&format!("{first}.{second}")));
        let (id, second) = match property {
            Some(id) => (id, None),
            None => (self.id(first), second),
        };
        std::iter::once(id).chain(second).chain(steps.next()).collect::<Vec<_>>().join(".")
    }

    /// Replaces the names in each reference of a template or a part of it.
    pub(super) fn apply(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.apply(value)),
            Value::Object(fields) => {
                if call(fields).is_some() {
                    self.rename_call(fields);
                }
                if let Some(needed) = fields.get_mut("DependsOn") {
                    self.rename_needed(needed);
                }
                fields.values_mut().for_each(|value| self.apply(value));
            }
            _ => {}
        }
    }

    fn rename_needed(&self, needed: &mut Value) {
        match needed {
            Value::String(id) => *id = self.id(id).to_owned(),
            Value::Array(ids) => ids.iter_mut().for_each(|id| self.rename_needed(id)),
            _ => {}
        }
    }

    fn rename_call(&self, fields: &mut Map<String, Value>) {
        if let Some(Value::String(name)) = fields.get_mut("Ref") {
            // SAM takes no attributes here: `!Ref layer.Arn` is not `!GetAtt`.
            *name = self.property(name).unwrap_or_else(|| self.id(name)).to_owned();
        }
        if let Some(Value::Array(parts)) = fields.get_mut("Fn::GetAtt") {
            let written: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            if let Some(written) = written.filter(|written| written.len() > 1) {
                let renamed = self.steps(&written.join("."));
                let (id, attribute) = renamed.split_once('.').unwrap_or((&renamed, ""));
                *parts = [id, attribute].into_iter().filter(|part| !part.is_empty()).map(Value::from).collect();
            }
        }
        let text = match fields.get_mut("Fn::Sub") {
            Some(Value::Array(parts)) => parts.first_mut(),
            text => text,
        };
        if let Some(Value::String(text)) = text {
            *text = self.rename_text(text);
        }
    }

    fn rename_text(&self, text: &str) -> String {
        let part = |part| match part {
            SubPart::Text("${") => "${!".to_owned(),
            SubPart::Text(text) => text.to_owned(),
            // SAM leaves a name with spaces around it.
            SubPart::Name(name) if name.trim() == name => format!("${{{}}}", self.steps(name)),
            SubPart::Name(name) => format!("${{{name}}}"),
        };
        sub_parts(text).into_iter().map(part).collect()
    }
}
