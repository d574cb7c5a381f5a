//! The contents of a region of an account.

use super::stack::StoredStack;
use crate::rules::Tags;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The contents of a region of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FenrirRegion {
    /// EC2 security groups by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub security_groups: BTreeMap<String, StoredSecurityGroup>,
    /// Subnets by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subnets: BTreeMap<String, StoredSubnet>,
    /// KMS keys by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, StoredKey>,
    /// DynamoDB tables by name, except those of stacks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, StoredTable>,
    /// Tags of all other resources, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged: BTreeMap<String, Tags>,
    /// The names of the CloudWatch alarms that are in state `ALARM`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub alarms_in_alarm: BTreeSet<String>,
    /// How resources of stacks deviate from normal behaviour: by logical id (after SAM's expansion), by type, or `*` for all.
    /// `AWS::CloudFormation::ChangeSet` has the seconds that change sets take; `*` does not include them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub behaviour: BTreeMap<String, Behaviour>,
    /// Names in use, as `<type>/<name>`: of the stacks' resources, and of resources that deleted stacks retained.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// CloudFormation stacks by ARN, with the deleted ones.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stacks: BTreeMap<String, StoredStack>,
}

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRole {
    /// Its path, which starts and ends with `/`.
    #[serde(default = "root")]
    pub path: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

fn root() -> String {
    "/".into()
}

/// An EC2 security group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredSecurityGroup {
    /// Its tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredSubnet {
    /// Its tags.
    pub tags: Tags,
}

/// A KMS key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredKey {
    /// Its aliases, each with the prefix `alias/`.
    pub aliases: BTreeSet<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A DynamoDB table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredTable {
    /// The label of its latest stream, such as `2026-01-01T00:00:00.000`, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// How a resource deviates from normal behaviour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// The operation that fails; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<OperationStage>,
    /// The reason in the event of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seconds that each operation on it takes, also one that fails; by default as usual for its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// An operation on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationStage {
    /// The resource is created, also as a replacement.
    Create,
    /// The resource is changed in place.
    Update,
    /// The resource is deleted, except in a rollback.
    Delete,
    /// A rollback restores or deletes the resource.
    Rollback,
}

impl Behaviour {
    /// The behaviour of a resource: that of its logical id, else of its type, else of `*`.
    pub(super) fn of(all: &BTreeMap<String, Self>, logical_id: &str, resource_type: &str) -> Self {
        [logical_id, resource_type, "*"].into_iter().find_map(|key| all.get(key)).cloned().unwrap_or_default()
    }

    /// The reason for a failure of that operation, if it fails.
    pub(super) fn failure(&self, stage: OperationStage) -> Option<String> {
        let reason = || self.reason.clone().unwrap_or_else(|| "Internal Failure".into());
        self.fails.filter(|fails| *fails == stage).map(|_| reason())
    }
}
