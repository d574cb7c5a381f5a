//! Drift: resources that somebody changed past CloudFormation.

use super::stack::{StoredResource, StoredStack};
use crate::cloud::{Drift, DriftedResource};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How long a search for drift takes, in seconds.
pub(super) const DETECTION_SECONDS: u32 = 5;

/// What somebody did to a resource past CloudFormation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredDrift {
    /// It is gone.
    Deleted,
    /// Properties are otherwise, by JSON pointer: `{"/MemorySize": 512}`.
    Modified(BTreeMap<String, Value>),
}

impl StoredStack {
    /// What a search for drift finds.
    pub(super) fn drift(&self) -> Drift {
        let resources: Vec<_> =
            self.resources.iter().filter_map(|(logical_id, resource)| resource.drifted(logical_id)).collect();
        let status = if resources.is_empty() { "IN_SYNC" } else { "DRIFTED" };
        Drift { status: status.into(), resources }
    }
}

impl StoredResource {
    fn drifted(&self, logical_id: &str) -> Option<DriftedResource> {
        let (status, differences) = match self.drift.as_ref()? {
            StoredDrift::Deleted => ("DELETED", Vec::new()),
            StoredDrift::Modified(found) => ("MODIFIED", self.differences(found)),
        };
        Some(DriftedResource {
            logical_id: logical_id.into(),
            resource_type: self.resource_type().into(),
            status: status.into(),
            differences,
        })
    }

    /// Each property that is otherwise, with what the template says and what is there.
    fn differences(&self, found: &BTreeMap<String, Value>) -> Vec<(String, String, String)> {
        let expected = |pointer: &String| self.properties.pointer(pointer).map_or_else(|| "null".into(), text);
        found.iter().map(|(pointer, actual)| (pointer.clone(), expected(pointer), text(actual))).collect()
    }
}

/// A text as it is, and everything else as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}
