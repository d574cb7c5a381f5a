//! SAM's expansion, as far as a deployer notices: which resources there are, their names, their references, and which changes of the
//! template change them. Policies and the bodies of APIs are shorter than those of SAM's own translator.
//!
//! The local cloud expands templates with it. The rules take from it what a template can refer to. `tests/sam` compares it with SAM's
//! translator.

mod api;
mod attributes;
mod authorization;
mod data;
mod digest;
mod event_sources;
mod events;
mod function;
#[cfg(feature = "local")]
mod globals;
mod intrinsics;
mod needs;
mod publish;
mod rename;

use bifrost::release::Partition;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use attributes::attributes_of;
#[cfg(feature = "local")]
pub(crate) use digest::{digest, short};
#[cfg(feature = "local")]
pub(crate) use intrinsics::{SubPart, call, get_att, sub_parts};
#[cfg(feature = "local")]
pub(crate) use needs::{Needs, references};
pub(crate) use needs::{circles, needs_of};
pub(crate) use rename::Renames;

/// What SAM makes of the resources of a template.
pub(crate) struct Expanded {
    /// Definitions by logical id.
    pub(crate) resources: Map<String, Value>,
    /// The names that are replaced in references.
    pub(crate) renames: Renames,
    /// The logical ids of the resources that SAM generates, with the resource of the template that it last generated them for.
    pub(crate) generated: BTreeMap<String, String>,
    /// The generated logical ids that contain a digest of what the user wrote, so that nobody can know them before.
    pub(crate) unpredictable: BTreeSet<String>,
    /// The errors found.
    errors: Vec<String>,
}

impl Expanded {
    /// The name of a resource for people: as a template names it, without a digest.
    pub(crate) fn name_of<'s>(&'s self, id: &'s str) -> &'s str {
        let mut names = self.renames.ids.iter().chain(&self.renames.properties);
        let name = names.find(|(_, renamed)| *renamed == id).filter(|_| self.unpredictable.contains(id));
        name.map_or(id, |(name, _)| name)
    }

    /// The type of a resource after the expansion.
    pub(crate) fn type_of(&self, id: &str) -> Option<&str> {
        self.resources.get(id)?.get("Type")?.as_str()
    }
}

/// The state of the expansion.
struct Expansion {
    /// The partition of AWS's managed policies.
    partition: Partition,
    /// The result so far.
    expanded: Expanded,
    /// Methods by path, by the API's logical id.
    paths: BTreeMap<String, Map<String, Value>>,
    /// The stage of each API.
    stages: BTreeMap<String, Value>,
}

/// A resource of the template before the expansion.
struct SourceResource<'g> {
    id: &'g str,
    definition: &'g Value,
    properties: &'g Map<String, Value>,
}

impl SourceResource<'_> {
    fn get(&self, property: &str) -> Option<&Value> {
        self.properties.get(property)
    }

    /// The resource that replaces the SAM resource, with its attributes that are not SAM's.
    fn becomes(&self, properties: &Map<String, Value>) -> Value {
        let resource_type = self.definition.get("Type").and_then(Value::as_str).map(expanded_type);
        let mut definition = json!({"Type": resource_type, "Properties": properties});
        for name in ["DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "Metadata"] {
            if let (Some(value), Some(definition)) = (self.definition.get(name), definition.as_object_mut()) {
                definition.insert(name.into(), value.clone());
            }
        }
        definition
    }
}

/// The properties with these names.
fn kept(properties: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), properties.get(*name)?.clone()))).collect()
}

/// Expands the template for a region of that partition.
///
/// # Errors
/// All of SAM's errors.
#[cfg(feature = "local")]
pub(crate) fn expand(template: &Value, partition: Partition) -> Result<Value, Vec<String>> {
    let found = expand_resources(&globals::with_globals(template), partition);
    if !found.errors.is_empty() {
        return Err(found.errors);
    }
    let mut expanded = template.as_object().cloned().unwrap_or_default();
    if let Some(outputs) = expanded.get_mut("Outputs") {
        found.renames.apply(outputs);
    }
    expanded.insert("Resources".into(), found.resources.into());
    Ok(expanded.into())
}

/// Expands resources that have the globals of their types. Expands those with errors as far as possible.
pub(crate) fn expand_resources(resources: &Map<String, Value>, partition: Partition) -> Expanded {
    let mut expansion = Expansion::new(partition);
    expansion.note_stages(resources);
    let none = Map::new();
    for (id, definition) in resources {
        let properties = definition.get("Properties").and_then(Value::as_object).unwrap_or(&none);
        expansion.resource(&SourceResource { id, definition, properties });
    }
    expansion.apis(resources);
    let mut expanded = expansion.expanded;
    let taken = expanded.generated.keys().filter(|id| resources.contains_key(*id));
    expanded.errors.extend(taken.map(|id| {
        format!("Transforming attempts to create a new resource with id [{id}]. A resource with that id already exists within this template. Please use a different id for that resource.")
    }));
    let renames = std::mem::take(&mut expanded.renames);
    expanded.resources.values_mut().for_each(|definition| renames.apply(definition));
    Expanded { renames, ..expanded }
}

/// What a template can refer to by a resource and one of these names, by the type of the resource: a generated resource of a type.
const REFERABLE: [(&str, &[(&str, &str)]); 3] = [
    (
        "AWS::Serverless::Function",
        &[
            ("Alias", "AWS::Lambda::Alias"),
            ("Version", "AWS::Lambda::Version"),
            ("DestinationTopic", "AWS::SNS::Topic"),
            ("DestinationQueue", "AWS::SQS::Queue"),
        ],
    ),
    (
        "AWS::Serverless::Api",
        &[
            ("Stage", "AWS::ApiGateway::Stage"),
            ("Deployment", "AWS::ApiGateway::Deployment"),
            ("UsagePlan", "AWS::ApiGateway::UsagePlan"),
            ("UsagePlanKey", "AWS::ApiGateway::UsagePlanKey"),
            ("ApiKey", "AWS::ApiGateway::ApiKey"),
        ],
    ),
    ("AWS::Serverless::HttpApi", &[("Stage", "AWS::ApiGatewayV2::Stage")]),
];

/// The types that SAM's types become.
const BECOMES: [(&str, &str); 5] = [
    ("AWS::Serverless::Function", "AWS::Lambda::Function"),
    ("AWS::Serverless::Api", "AWS::ApiGateway::RestApi"),
    ("AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api"),
    ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"),
    ("AWS::Serverless::SimpleTable", "AWS::DynamoDB::Table"),
];

/// The type of a resource after the expansion: another one if it is SAM's.
pub(crate) fn expanded_type(resource_type: &str) -> &str {
    BECOMES.iter().find(|(of, _)| *of == resource_type).map_or(resource_type, |(_, becomes)| becomes)
}

/// The names of generated resources that a resource of a type can have, such as `Alias`.
pub(crate) fn referable(resource_type: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let found = REFERABLE.iter().find(|(of, _)| *of == resource_type);
    found.map(|(_, names)| *names).unwrap_or_default().iter().copied()
}

impl Expansion {
    fn new(partition: Partition) -> Self {
        let expanded = Expanded {
            resources: Map::new(),
            renames: Renames::default(),
            generated: BTreeMap::new(),
            unpredictable: BTreeSet::new(),
            errors: Vec::new(),
        };
        Self { partition, expanded, paths: BTreeMap::new(), stages: BTreeMap::new() }
    }

    fn resource(&mut self, given: &SourceResource<'_>) {
        match given.definition.get("Type").and_then(Value::as_str) {
            Some("AWS::Serverless::Function") => self.function(given),
            // Later, with the methods that functions add to them.
            Some("AWS::Serverless::Api" | "AWS::Serverless::HttpApi") => {}
            Some("AWS::Serverless::LayerVersion") => self.layer(given),
            Some("AWS::Serverless::SimpleTable") => self.simple_table(given),
            Some(other) if other.starts_with("AWS::Serverless::") => {
                self.wrong(given.id, &format!("the local cloud does not support {other}"));
            }
            _ => self.add(given.id, given.definition.clone()),
        }
    }

    /// Adds a resource of the template.
    fn add(&mut self, id: impl Into<String>, definition: Value) {
        self.expanded.resources.insert(id.into(), definition);
    }

    /// Adds a resource that SAM generates for another one, whose policies it gets.
    fn generate(&mut self, given: &SourceResource<'_>, id: impl Into<String>, mut definition: Value) {
        for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
            if let (Some(policy), Some(definition)) = (given.definition.get(name), definition.as_object_mut()) {
                definition.entry(name).or_insert_with(|| policy.clone());
            }
        }
        self.generate_apart(given, id, definition);
    }

    /// Adds a resource that SAM generates for another one, without its policies.
    fn generate_apart(&mut self, given: &SourceResource<'_>, id: impl Into<String>, definition: Value) {
        let id = id.into();
        let source_type = given.definition.get("Type").and_then(Value::as_str).unwrap_or_default();
        let generated_type = definition.get("Type").and_then(Value::as_str);
        let name = referable(source_type).find(|(_, of)| generated_type == Some(of)).map(|(name, _)| name);
        self.expanded.renames.properties.extend(name.map(|name| (format!("{}.{name}", given.id), id.clone())));
        self.expanded.generated.insert(id.clone(), given.id.to_owned());
        self.add(id, definition);
    }

    fn wrong(&mut self, id: &str, message: &str) {
        self.expanded.errors.push(format!("Resource with id [{id}] is invalid. {message}"));
    }
}

/// A location in S3, given as `s3://bucket/key` or as bucket and key, with the property names of the resource type.
fn location(given: &Value, bucket_name: &str, key_name: &str) -> Option<Value> {
    let (bucket, key) = match given {
        Value::String(uri) => uri.strip_prefix("s3://")?.split_once('/').filter(|(_, key)| !key.is_empty())?,
        given => (given.get("Bucket")?.as_str()?, given.get("Key")?.as_str()?),
    };
    Some(json!({bucket_name: bucket, key_name: key}))
}

/// SAM's mapping of tags as a list, as most types have it, with SAM's own tag.
fn tag_list(tags: Option<&Value>) -> Value {
    let own = tags.and_then(Value::as_object).into_iter().flatten();
    let own = own.map(|(key, value)| json!({"Key": key, "Value": value}));
    std::iter::once(json!({"Key": "lambda:createdBy", "Value": "SAM"})).chain(own).collect()
}
