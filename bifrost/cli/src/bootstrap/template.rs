//! Builds a CloudFormation template.

use serde_json::{Map, Value, json};

/// The largest template that CloudFormation accepts in a request, in bytes. A larger one would have to be in a bucket.
pub const TEMPLATE_LIMIT_BYTES: usize = 51_200;

#[derive(Debug)]
pub(super) struct Template(Map<String, Value>);

impl Template {
    pub(super) fn new(description: &str) -> Self {
        let mut sections = Map::new();
        sections.insert("AWSTemplateFormatVersion".into(), "2010-09-09".into());
        sections.insert("Description".into(), description.into());
        Self(sections)
    }

    /// Adds an entry to a section.
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

    /// Adds an attribute to a resource, such as `DependsOn`.
    pub(super) fn attribute(mut self, resource: &str, field: &str, value: Value) -> Self {
        if let Some(Value::Object(resource)) = self.0.get_mut("Resources").and_then(|all| all.get_mut(resource)) {
            resource.insert(field.into(), value);
        }
        self
    }

    /// Keeps a resource and its data when the stack is deleted. A resource that a failed creation of the stack left is
    /// deleted, so that the next attempt can create it again.
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
