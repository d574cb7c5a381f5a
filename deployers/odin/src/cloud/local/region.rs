//! The resources of an account in one region, by id or name.

use super::alarms::StoredAlarm;
use super::balancer::{StoredLoadBalancer, StoredTargetGroup};
use super::behaviour::{Behaviour, InstanceNumber};
use super::group::StoredGroup;
use super::is_zero;
use super::lookups::StoredTopic;
use super::templates::StoredTemplate;
use crate::cloud::{AccountLimits, InstanceType, NewAlarm, PlacementGroup, Tags};
use bifrost::local::{Changes, Resources};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Auto-scaling groups by name.
pub(super) type Groups = BTreeMap<String, StoredGroup>;

/// The resources of an account in one region.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OdinRegion {
    /// Amazon machine images by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, StoredImage>,
    /// Subnets by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subnets: BTreeMap<String, StoredSubnet>,
    /// Security groups by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub security_groups: BTreeMap<String, StoredSecurityGroup>,
    /// Placement groups by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub placement_groups: BTreeMap<String, PlacementGroup>,
    /// Launch templates by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub launch_templates: BTreeMap<String, StoredTemplate>,
    /// Launch configurations by name, for groups that Go Odin created.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub launch_configurations: BTreeMap<String, StoredLaunchConfiguration>,
    /// Classic load balancers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub load_balancers: BTreeMap<String, StoredLoadBalancer>,
    /// Target groups by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub target_groups: BTreeMap<String, StoredTargetGroup>,
    /// Auto-scaling groups by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub auto_scaling_groups: Groups,
    /// SNS topics by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, StoredTopic>,
    /// CloudWatch alarms of scaling policies by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alarms: BTreeMap<String, NewAlarm>,
    /// Other CloudWatch alarms by name, which releases may name in `alarms`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub alarms_of_others: BTreeMap<String, StoredAlarm>,
    /// Instance types by name. A region that lists none has every type, for every image and in every zone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instance_types: BTreeMap<String, InstanceType>,
    /// How many more instances of a type EC2 can launch. Types that are not listed are unlimited.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub spare_capacity: BTreeMap<String, u32>,
    /// How many auto-scaling groups there may be. Default: 500, as in a new account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_auto_scaling_groups: Option<u32>,
    /// How many instances of a type the quota of the account lets run. Types that are not listed are unlimited.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instance_limits: BTreeMap<String, u32>,
    /// Number of ids that were generated; the next id is derived from it.
    #[serde(skip_serializing_if = "is_zero")]
    pub ids: u64,
}

/// `OdinAccount` advances the time: launches depend on the account, too.
impl Resources for OdinRegion {
    /// Each resource is stored as an entry of its own, so that a save writes only what changed.
    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.entries("images", &self.images, &mut saved.images);
        changes.entries("subnets", &self.subnets, &mut saved.subnets);
        changes.entries("security_groups", &self.security_groups, &mut saved.security_groups);
        changes.entries("placement_groups", &self.placement_groups, &mut saved.placement_groups);
        changes.entries("launch_templates", &self.launch_templates, &mut saved.launch_templates);
        changes.entries("launch_configurations", &self.launch_configurations, &mut saved.launch_configurations);
        changes.entries("load_balancers", &self.load_balancers, &mut saved.load_balancers);
        changes.entries("target_groups", &self.target_groups, &mut saved.target_groups);
        changes.entries("auto_scaling_groups", &self.auto_scaling_groups, &mut saved.auto_scaling_groups);
        changes.entries("topics", &self.topics, &mut saved.topics);
        changes.entries("alarms", &self.alarms, &mut saved.alarms);
        changes.entries("alarms_of_others", &self.alarms_of_others, &mut saved.alarms_of_others);
        changes.entries("instance_types", &self.instance_types, &mut saved.instance_types);
        changes.value("spare_capacity", &self.spare_capacity, &mut saved.spare_capacity);
        changes.value("max_auto_scaling_groups", &self.max_auto_scaling_groups, &mut saved.max_auto_scaling_groups);
        changes.value("instance_limits", &self.instance_limits, &mut saved.instance_limits);
        changes.value("ids", &self.ids, &mut saved.ids);
    }
}

impl OdinRegion {
    pub(super) fn account_limits(&self) -> AccountLimits {
        AccountLimits {
            groups: u32::try_from(self.auto_scaling_groups.len()).unwrap_or(u32::MAX),
            max_groups: self.max_auto_scaling_groups.unwrap_or(500),
        }
    }

    /// Generates an id in EC2's format.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        next_id(&mut self.ids, prefix)
    }
}

/// Generates the next id: the prefix and 17 hexadecimal digits.
pub(super) fn next_id(ids: &mut u64, prefix: &str) -> String {
    *ids = ids.saturating_add(1);
    format!("{prefix}-{ids:017x}")
}

/// An Amazon machine image, and how its instances behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredImage {
    /// Its tags.
    pub tags: Tags,
    /// `available` if it can be launched.
    pub state: String,
    /// Its processor architecture, such as `x86_64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// How its instances behave.
    pub instances: Behaviour,
    /// How single instances behave, by their number: 1 is the first that is launched from this image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exceptions: BTreeMap<InstanceNumber, Behaviour>,
    /// Number of instances that were launched from it.
    #[serde(skip_serializing_if = "is_zero")]
    pub launched: u64,
}

impl Default for StoredImage {
    fn default() -> Self {
        Self {
            tags: Tags::new(),
            state: "available".into(),
            architecture: None,
            instances: Behaviour::default(),
            exceptions: BTreeMap::new(),
            launched: 0,
        }
    }
}

impl StoredImage {
    /// The behaviour of the instance of that number.
    pub(super) fn behaviour(&self, number: u64) -> Behaviour {
        self.exceptions.get(&InstanceNumber::new(number)).copied().unwrap_or_default().or(self.instances)
    }
}

/// A subnet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredSubnet {
    /// Its tags.
    pub tags: Tags,
    /// Its availability zone, such as `us-east-1a`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// A security group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredSecurityGroup {
    /// Its tags.
    pub tags: Tags,
}

/// A launch configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredLaunchConfiguration {
    /// The image.
    pub image_id: String,
    /// Such as `t3.small`.
    pub instance_type: String,
}
