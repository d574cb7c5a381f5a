//! Processes a template: expands SAM, and checks resource types and references.

use super::order::in_order;
use super::types::ResourceType;
use crate::sam;
use crate::sam::{attributes_of, needs_of, references};
use bifrost::release::Partition;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many resources a template may have.
const MAX_RESOURCES: usize = 500;

/// A processed template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// Definitions by logical id.
    pub(super) resources: BTreeMap<String, Value>,
    /// Outputs by key.
    pub(super) outputs: BTreeMap<String, Value>,
}

impl Template {
    /// Processes a template for a region of that partition.
    ///
    /// # Errors
    /// CloudFormation's reason for the failure of the change set.
    pub(super) fn process(given: &Value, partition: Partition) -> Result<Self, String> {
        let expanded = if is_sam(given) {
            sam::expand(given, partition).map_err(|findings| {
                let (count, all) = (findings.len(), findings.join(" "));
                format!("Transform {TRANSFORM} failed with: Invalid Serverless Application Specification document. Number of errors found: {count}. {all}")
            })?
        } else {
            given.clone()
        };
        let section = |name| {
            let members = expanded.get(name).and_then(Value::as_object).into_iter().flatten();
            members.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let template = Self { resources: section("Resources"), outputs: section("Outputs") };
        template.check().map_err(|message| format!("Template format error: {message}"))?;
        Ok(template)
    }

    fn check(&self) -> Result<(), String> {
        if self.resources.len() > MAX_RESOURCES {
            let count = self.resources.len();
            return Err(format!("Number of resources, {count}, is greater than maximum allowed, {MAX_RESOURCES}"));
        }
        self.check_types()?;
        self.check_references()?;
        let needs = needs_of(self.resources.iter());
        in_order(&needs)
            .map(drop)
            .map_err(|circle| format!("Circular dependency between resources: [{}]", circle.join(", ")))
    }

    fn check_types(&self) -> Result<(), String> {
        let mut unknown = BTreeSet::new();
        for (logical_id, definition) in &self.resources {
            if logical_id.is_empty() || !logical_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(format!("Resource name {logical_id} is non alphanumeric."));
            }
            let Some(name) = definition.get("Type").and_then(Value::as_str) else {
                return Err(format!("[/Resources/{logical_id}] Every Resources object must contain a Type member."));
            };
            unknown.extend(ResourceType::of(name).is_none().then_some(name));
        }
        let unknown: Vec<_> = unknown.into_iter().collect();
        if unknown.is_empty() { Ok(()) } else { Err(format!("Unrecognized resource types: [{}]", unknown.join(", "))) }
    }

    fn check_references(&self) -> Result<(), String> {
        for (block, members) in [("Resources", &self.resources), ("Outputs", &self.outputs)] {
            let mut found = BTreeSet::new();
            for member in members.values() {
                references(member, &mut found);
            }
            let missing: BTreeSet<_> =
                found.iter().filter(|(name, _)| !self.has(name)).map(|(name, _)| name.as_str()).collect();
            if !missing.is_empty() {
                let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
                return Err(format!(
                    "Unresolved resource dependencies [{missing}] in the {block} block of the template"
                ));
            }
            for (name, attribute) in found.iter().filter_map(|(name, attribute)| Some((name, attribute.as_ref()?))) {
                self.check_attribute(name, attribute)?;
            }
        }
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        name.starts_with("AWS::") || self.resources.contains_key(name)
    }

    fn check_attribute(&self, name: &str, attribute: &str) -> Result<(), String> {
        let kind = self.resources.get(name).and_then(|definition| definition.get("Type")?.as_str());
        let known = kind.and_then(attributes_of).is_none_or(|known| known.contains(&attribute));
        known.then_some(()).ok_or_else(|| {
            format!("Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt")
        })
    }
}

/// The transform for SAM.
pub(super) const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

/// Whether the template uses SAM's transform.
pub(super) fn is_sam(given: &Value) -> bool {
    match given.get("Transform") {
        Some(Value::Array(transforms)) => transforms.iter().any(|transform| transform == TRANSFORM),
        transform => transform.is_some_and(|transform| transform == TRANSFORM),
    }
}
