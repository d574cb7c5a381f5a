//! What an account holds in one region.

use super::stack::StoredStack;
use crate::rules::Tags;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an account holds in one region.
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
    /// DynamoDB tables by name, other than those of stacks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, StoredTable>,
    /// Tags of all other resources, by ARN.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged: BTreeMap<String, Tags>,
    /// The names of the CloudWatch alarms that are in state `ALARM`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub alarms_in_alarm: BTreeSet<String>,
    /// Where the resources of stacks behave otherwise than usual: by logical id (as SAM makes it), by type, or `*` for all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub behaviour: BTreeMap<String, Behaviour>,
    /// Names that are taken, as `<type>/<name>`: those of the stacks' resources, and of what stacks left behind.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub names: BTreeSet<String>,
    /// CloudFormation stacks by ARN, the deleted ones among them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stacks: BTreeMap<String, StoredStack>,
}

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRole {
    /// Its path, which begins and ends with `/`.
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
    /// Its aliases, each with its `alias/`.
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

/// How a resource behaves where that is not as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// When it fails; if not said, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<OperationStage>,
    /// The reason that its event gives then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seconds that anything with it takes, failing included; as its type has it if not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// What is done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationStage {
    /// It is made, for the first time or in the place of another.
    Create,
    /// It is changed.
    Update,
    /// It is deleted, other than on the way back.
    Delete,
    /// What was done with it is undone.
    Rollback,
}

impl Behaviour {
    /// What the world says of a resource: of itself before its type, and of that before all.
    pub(super) fn of(all: &BTreeMap<String, Self>, logical_id: &str, resource_type: &str) -> Self {
        [logical_id, resource_type, "*"].into_iter().find_map(|key| all.get(key)).cloned().unwrap_or_default()
    }

    /// The reason why it fails at that stage, if it does.
    pub(super) fn failure(&self, stage: OperationStage) -> Option<String> {
        let reason = || self.reason.clone().unwrap_or_else(|| "Internal Failure".into());
        self.fails.filter(|fails| *fails == stage).map(|_| reason())
    }
}
