//! Evaluates intrinsic functions, once the resources that they refer to exist.

use super::arn::{StackArn, uuid};
use super::stack::StoredResource;
use super::types::ResourceType;
use crate::sam::{SubPart, attributes_of, call, get_att, short, sub_parts};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What names in a template refer to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// ARN of the stack.
    pub(super) stack: &'s str,
    /// Its resources by logical id.
    pub(super) resources: &'s BTreeMap<String, StoredResource>,
}

impl Scope<'_> {
    /// The value with all intrinsic functions evaluated. Errors have CloudFormation's messages.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::Array(values) => values.iter().map(|value| self.resolve(value)).collect(),
            Value::Object(fields) => match call(fields) {
                Some((function, argument)) => self.call(function, argument),
                None => self.fields(fields),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn fields(&self, fields: &Map<String, Value>) -> Result<Value, String> {
        let mut resolved = Map::new();
        for (name, value) in fields {
            // `AWS::NoValue` removes the property.
            if value.get("Ref").and_then(Value::as_str) != Some("AWS::NoValue") {
                resolved.insert(name.clone(), self.resolve(value)?);
            }
        }
        Ok(Value::Object(resolved))
    }

    /// The value as a string; one that is not a string as JSON.
    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        Ok(match self.resolve(value)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Value, String> {
        match (function, argument) {
            ("Ref", Value::String(name)) => self.reference(name).map(Value::String),
            ("Fn::GetAtt", argument) => {
                let (name, attribute) = get_att(argument).ok_or("Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute")?;
                self.attribute(&name, &attribute).map(Value::String)
            }
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &Map::new()).map(Value::String),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text), Value::Object(names)] => self.substitute(text, names).map(Value::String),
                _ => {
                    Err("Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments"
                        .into())
                }
            },
            ("Fn::Join", Value::Array(parts)) => self.join(parts).map(Value::String),
            ("Fn::Select", Value::Array(parts)) => self.select(parts),
            ("Fn::Split", Value::Array(parts)) => self.split(parts),
            ("Fn::Base64", text) => Ok(Value::String(BASE64_STANDARD.encode(self.text(text)?))),
            _ => Err(format!("Template error: the local cloud does not support {function} with {argument}")),
        }
    }

    fn reference(&self, name: &str) -> Result<String, String> {
        let stack = StackArn::of(self.stack);
        Ok(match name {
            "AWS::AccountId" => stack.account.into(),
            "AWS::Region" => stack.region.into(),
            "AWS::StackName" => stack.name.into(),
            "AWS::StackId" => self.stack.into(),
            "AWS::Partition" => stack.partition().name().into(),
            "AWS::URLSuffix" => stack.partition().url_suffix().into(),
            name => self.resource(name)?.physical_id.clone(),
        })
    }

    fn resource(&self, name: &str) -> Result<&StoredResource, String> {
        self.resources
            .get(name)
            .ok_or_else(|| format!("Template error: instance of Fn::GetAtt references undefined resource {name}"))
    }

    fn attribute(&self, name: &str, attribute: &str) -> Result<String, String> {
        let found = self.resource(name)?.attributes.get(attribute).cloned();
        found.ok_or_else(|| {
            format!("Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt")
        })
    }

    /// The text of `Fn::Sub`: `${name}`, `${name.attribute}`, and `${!literal}`.
    fn substitute(&self, text: &str, names: &Map<String, Value>) -> Result<String, String> {
        let mut done = String::new();
        for part in sub_parts(text) {
            done += &match part {
                SubPart::Text(text) => text.to_owned(),
                SubPart::Name(name) => match (names.get(name.trim()), name.trim().split_once('.')) {
                    (Some(value), _) => self.text(value)?,
                    (None, Some((name, attribute))) => self.attribute(name, attribute)?,
                    (None, None) => self.reference(name)?,
                },
            };
        }
        Ok(done)
    }

    fn join(&self, parts: &[Value]) -> Result<String, String> {
        match parts {
            [Value::String(delimiter), values] => {
                let values = self.resolve(values)?;
                let texts: Result<Vec<_>, _> = values.as_array().into_iter().flatten().map(|value| self.text(value)).collect();
                Ok(texts?.join(delimiter))
            }
            _ => Err("Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined".into()),
        }
    }

    fn select(&self, parts: &[Value]) -> Result<Value, String> {
        const WRONG: &str =
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list";
        let [index, values] = parts else { return Err(WRONG.into()) };
        let index: usize = self.text(index)?.parse().map_err(|_| WRONG)?;
        let values = self.resolve(values)?;
        values
            .get(index)
            .cloned()
            .ok_or_else(|| format!("Template error: Fn::Select cannot select nonexistent value at index {index}"))
    }

    fn split(&self, parts: &[Value]) -> Result<Value, String> {
        match parts {
            [Value::String(delimiter), text] => Ok(self.text(text)?.split(delimiter.as_str()).collect::<Vec<_>>().into()),
            _ => Err("Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split".into()),
        }
    }
}

/// Physical id and attributes of a new resource of that type. The type's patterns contain `{region}` and `{account}`,
/// `{partition}` and `{suffix}` (the region's partition, and the suffix of its host names), `{name}` (its own name, or one
/// that CloudFormation generates), `{number}`, `{random}`, `{RANDOM}` and `{uuid}` (derived from its number in the stack),
/// `{id}` (its physical id), and any of its properties.
pub(super) fn identify(
    kind: &ResourceType,
    stack: &str,
    logical_id: &str,
    number: u64,
    properties: &Value,
) -> (String, BTreeMap<String, String>) {
    let at = StackArn::of(stack);
    let seed = format!("{stack}/{logical_id}/{number}");
    let random = short(&seed, 10);
    let own = kind.named.and_then(|property| properties.get(property)?.as_str());
    let generated = || format!("{}-{logical_id}-{}", at.name, short(&seed, 12).to_uppercase());
    let name = own.map_or_else(generated, Into::into);
    let fill = |pattern: &str, id: &str| {
        let known = json!({
            "region": at.region, "account": at.account, "partition": at.partition().name(),
            "suffix": at.partition().url_suffix(), "name": name, "number": number.to_string(), "random": random,
            "RANDOM": random.to_uppercase(), "uuid": uuid(&seed), "id": id,
        });
        fill(pattern, |field| known.get(field).or_else(|| properties.get(field)).and_then(Value::as_str))
    };
    let id = fill(kind.id, "");
    let attributes = attributes_of(kind.name).unwrap_or_default().iter().map(|attribute| {
        let pattern = kind.attributes.iter().find(|(name, _)| name == attribute).map(|(_, pattern)| fill(pattern, &id));
        ((*attribute).to_owned(), pattern.unwrap_or_else(|| property_text(properties, attribute)))
    });
    (id.clone(), attributes.collect())
}

/// The property of a resource as text. `RedrivePolicy.maxReceiveCount` is a property of a property.
fn property_text(properties: &Value, path: &str) -> String {
    match properties.pointer(&format!("/{}", path.replace('.', "/"))) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// The pattern with each `{field}` filled in. An unknown field is left out.
fn fill<'v>(pattern: &str, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let mut parts = pattern.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (field, rest) = part.split_once('}').unwrap_or(("", part));
        filled += value(field).unwrap_or_default();
        filled += rest;
    }
    filled
}
