//! A CloudFormation template, filled part by part.

use serde_json::{Map, Value, json};

/// What CloudFormation takes as the text of a request; a longer one would have to lie in a bucket.
pub const TEMPLATE_LIMIT_BYTES: usize = 51_200;

/// A template under construction.
#[derive(Debug)]
pub(super) struct Template(Map<String, Value>);

impl Template {
    pub(super) fn new(description: &str) -> Self {
        let mut sections = Map::new();
        sections.insert("AWSTemplateFormatVersion".into(), "2010-09-09".into());
        sections.insert("Description".into(), description.into());
        Self(sections)
    }

    /// The template with an entry in one of its sections.
    pub(super) fn with(mut self, section: &str, name: &str, entry: Value) -> Self {
        if let Value::Object(entries) = self.0.entry(section).or_insert_with(|| json!({})) {
            entries.insert(name.into(), entry);
        }
        self
    }

    pub(super) fn parameter(self, name: &str, parameter: Value) -> Self {
        self.with("Parameters", name, parameter)
    }

    pub(super) fn resource(self, name: &str, kind: &str, properties: Value) -> Self {
        self.with("Resources", name, Value::from_iter([("Type", kind.into()), ("Properties", properties)]))
    }

    /// With another field of a resource beside its type and properties, such as `DependsOn`.
    pub(super) fn attribute(mut self, resource: &str, field: &str, value: Value) -> Self {
        if let Some(Value::Object(resource)) = self.0.get_mut("Resources").and_then(|all| all.get_mut(resource)) {
            resource.insert(field.into(), value);
        }
        self
    }

    /// With a resource that outlives its stack: what is in it is of value. One that a failed first deploy made goes, so
    /// that it is not in the way of the second.
    pub(super) fn kept(self, resource: &str) -> Self {
        self.attribute(resource, "DeletionPolicy", "RetainExceptOnCreate".into()).attribute(
            resource,
            "UpdateReplacePolicy",
            "Retain".into(),
        )
    }

    pub(super) fn output(self, name: &str, description: &str, value: Value) -> Self {
        self.with("Outputs", name, Value::from_iter([("Description", description.into()), ("Value", value)]))
    }

    pub(super) fn into_value(self) -> Value {
        self.0.into()
    }
}
