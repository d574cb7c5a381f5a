//! Expands SAM as far as a deployer notices: which resources there are, their names, their references, and which changes
//! of the template change them. Policies and the bodies of APIs are shorter than those of SAM's own translator.

mod api;
mod events;
mod function;
mod publish;

use super::arn::short;
use super::resolve::{SubPart, call, sub_parts};
use bifrost::release::Partition;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The state of the expansion.
struct Expansion {
    /// The partition of AWS's managed policies.
    partition: Partition,
    /// Definitions by logical id.
    resources: Map<String, Value>,
    /// New names by the names in the template.
    renamed: BTreeMap<String, String>,
    /// Methods by path, by the API's logical id.
    paths: BTreeMap<String, Map<String, Value>>,
    /// The stage of each API.
    stages: BTreeMap<String, Value>,
    /// The errors found.
    findings: Vec<String>,
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

    /// A resource of this type that replaces the SAM resource, with its attributes that are not SAM's.
    fn becomes(&self, resource_type: &str, properties: &Map<String, Value>) -> Value {
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
pub(super) fn expand(template: &Value, partition: Partition) -> Result<Value, Vec<String>> {
    let resources = with_globals(template);
    let mut expansion = Expansion::new(partition);
    expansion.note_stages(&resources);
    let none = Map::new();
    for (id, definition) in &resources {
        let properties = definition.get("Properties").and_then(Value::as_object).unwrap_or(&none);
        expansion.resource(&SourceResource { id, definition, properties });
    }
    expansion.apis(&resources);
    if !expansion.findings.is_empty() {
        return Err(expansion.findings);
    }
    let mut expanded = template.as_object().cloned().unwrap_or_default();
    expanded.insert("Resources".into(), expansion.resources.into());
    let mut expanded = Value::Object(expanded);
    rename(&mut expanded, &expansion.renamed);
    Ok(expanded)
}

/// The resources of the template, with the globals of their type added to their properties.
fn with_globals(template: &Value) -> Map<String, Value> {
    let mut resources = template.get("Resources").and_then(Value::as_object).cloned().unwrap_or_default();
    for definition in resources.values_mut() {
        let section =
            definition.get("Type").and_then(Value::as_str).and_then(|name| name.strip_prefix("AWS::Serverless::"));
        let global = section.and_then(|section| template.get("Globals")?.get(section)).cloned();
        if let (Some(global), Some(definition)) = (global, definition.as_object_mut()) {
            let own = definition.remove("Properties").unwrap_or_else(|| json!({}));
            definition.insert("Properties".into(), merge(global, own));
        }
    }
    resources
}

/// Merges mappings, appends the resource's list to the global one, and takes the resource's own value otherwise.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Object(mut global), Value::Object(own)) => {
            for (name, own) in own {
                let merged = match global.remove(&name) {
                    Some(global) => merge(global, own),
                    None => own,
                };
                global.insert(name, merged);
            }
            Value::Object(global)
        }
        (Value::Array(global), Value::Array(own)) => global.into_iter().chain(own).collect(),
        (_, own) => own,
    }
}

impl Expansion {
    fn new(partition: Partition) -> Self {
        Self {
            partition,
            resources: Map::new(),
            renamed: BTreeMap::new(),
            paths: BTreeMap::new(),
            stages: BTreeMap::new(),
            findings: Vec::new(),
        }
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

    /// Expands a layer. Its logical id has a digest of it, so that each version is a new resource. Old versions are retained.
    fn layer(&mut self, given: &SourceResource<'_>) {
        let Some(content) = given.get("ContentUri").and_then(|uri| location(uri, "S3Bucket", "S3Key")) else {
            let message = "'ContentUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
            return self.wrong(given.id, message);
        };
        let id = format!(
            "{}{}",
            given.id,
            suffix(&json!({given.id: {"Type": "AWS::Serverless::LayerVersion", "Properties": given.properties}}))
        );
        let names = ["LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"];
        let mut properties = kept(given.properties, &names);
        properties.entry("LayerName").or_insert_with(|| given.id.into());
        properties.insert("Content".into(), content);
        let mut layer = given.becomes("AWS::Lambda::LayerVersion", &properties);
        let policy =
            if given.get("RetentionPolicy").is_some_and(|policy| policy == "Delete") { "Delete" } else { "Retain" };
        if let Some(layer) = layer.as_object_mut() {
            layer.entry("DeletionPolicy").or_insert_with(|| policy.into());
        }
        self.renamed.insert(given.id.into(), id.clone());
        self.add(id, layer);
    }

    /// Expands a table with one key, which is `id` by default.
    fn simple_table(&mut self, given: &SourceResource<'_>) {
        let key = given.get("PrimaryKey");
        let name = key.and_then(|key| key.get("Name")).cloned().unwrap_or_else(|| "id".into());
        let kind = match key.and_then(|key| key.get("Type")).and_then(Value::as_str) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
        let mut properties = Map::new();
        properties.insert("AttributeDefinitions".into(), json!([{"AttributeName": name, "AttributeType": kind}]));
        properties.insert("KeySchema".into(), json!([{"AttributeName": name, "KeyType": "HASH"}]));
        match given.get("ProvisionedThroughput") {
            Some(throughput) => properties.insert("ProvisionedThroughput".into(), throughput.clone()),
            None => properties.insert("BillingMode".into(), "PAY_PER_REQUEST".into()),
        };
        let names = ["TableName", "SSESpecification", "PointInTimeRecoverySpecification"];
        properties.extend(kept(given.properties, &names));
        if let Some(tags) = given.get("Tags").and_then(Value::as_object) {
            let tags: Value = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
            properties.insert("Tags".into(), tags);
        }
        self.add(given.id, given.becomes("AWS::DynamoDB::Table", &properties));
    }

    fn add(&mut self, id: impl Into<String>, definition: Value) {
        self.resources.insert(id.into(), definition);
    }

    /// Refuses properties of which SAM generates resources that the local cloud does not support.
    fn refuse_unknown(&mut self, id: &str, properties: &Map<String, Value>, pointers: &[&str]) {
        let properties = Value::Object(properties.clone());
        for pointer in pointers {
            if properties.pointer(pointer).is_some_and(|value| *value != false) {
                self.wrong(id, &format!("the local cloud does not support {}", pointer.trim_start_matches('/')));
            }
        }
    }

    fn wrong(&mut self, id: &str, message: &str) {
        self.findings.push(format!("Resource with id [{id}] is invalid. {message}"));
    }
}

/// The first ten digits of the digest of a value, which SAM appends to logical ids.
fn suffix(value: &Value) -> String {
    short(&canonical(value), 10)
}

/// The value as compact JSON with sorted keys.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<_, _> = fields.iter().collect();
            let member =
                |(key, value): (&String, &Value)| format!("{}:{}", Value::from(key.as_str()), canonical(value));
            format!("{{{}}}", sorted.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
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

/// Replaces old names by new ones in each reference.
fn rename(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, renamed)),
        Value::Object(fields) => {
            if call(fields).is_some() {
                rename_call(fields, renamed);
            }
            fields.values_mut().for_each(|value| rename(value, renamed));
        }
        _ => {}
    }
}

fn rename_call(fields: &mut Map<String, Value>, renamed: &BTreeMap<String, String>) {
    let new = |name: &str| renamed.get(name).map_or_else(|| name.to_owned(), Clone::clone);
    if let Some(Value::String(name)) = fields.get_mut("Ref") {
        *name = new(name);
    }
    if let Some(Value::Array(parts)) = fields.get_mut("Fn::GetAtt")
        && let Some(Value::String(name)) = parts.first_mut()
    {
        *name = new(name);
    }
    let text = match fields.get_mut("Fn::Sub") {
        Some(Value::Array(parts)) => parts.first_mut(),
        text => text,
    };
    if let Some(Value::String(text)) = text {
        let part = |part| match part {
            SubPart::Text("${") => "${!".to_owned(),
            SubPart::Text(text) => text.to_owned(),
            SubPart::Name(name) => format!("${{{}}}", new(name)),
        };
        *text = sub_parts(text).into_iter().map(part).collect();
    }
}
