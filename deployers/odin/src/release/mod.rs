//! What an Odin release says: the fields beside the envelope, how they are read, and what Validate fills in.
//!
//! Reading makes sure of the shape of a release and of single values; [`check`] holds it against the rules, all at once.

mod autoscaling;
mod check;
mod defaults;
mod hook;
mod name;
mod service;
mod spread;
mod user_data;

#[cfg(test)]
pub(crate) mod sample;

pub use autoscaling::{Autoscaling, Policy, PolicyType, Strategy};
pub use check::check;
pub(crate) use defaults::fill_defaults;
pub use hook::{Hook, Transition};
pub use name::{HookName, ResourceName, ServiceName};
pub use service::{
    HealthyReport, PlacementStrategy, PlacementTenancy, Service, ServiceResources, SpotPrice, VolumeType,
};
pub use spread::Spread;
pub(crate) use user_data::USER_DATA_LIMIT_BYTES;
pub use user_data::render_user_data;

use crate::cloud::OdinPorts;
use bifrost::release::{Release, Sha256};
use bifrost::{Fields, Shape};
use serde::de::{Deserializer, Error as _, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A release of Odin: the envelope and [`OdinFields`].
pub type OdinRelease = Release<OdinFields>;

/// What an Odin release says beside the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Shape)]
#[serde(deny_unknown_fields)]
pub struct OdinFields {
    /// The subnets that instances are spread over, by name tag or id.
    #[serde(default)]
    pub subnets: Vec<ResourceName>,
    /// The image that instances start from, by name tag or id.
    pub ami: ResourceName,
    /// SHA-256 of the user data that lies beside the release in S3.
    pub user_data_sha256: Sha256,
    /// What is deployed, by name: each becomes an auto-scaling group.
    #[serde(default)]
    pub services: BTreeMap<ServiceName, Service>,
    /// Lifecycle hooks of every group, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lifecycle: BTreeMap<HookName, Hook>,
    /// Whether to refuse a release that differs from the deployed one in more than code.
    #[serde(default, skip_serializing_if = "is_false")]
    pub safe_release: bool,
    /// How groups are taken out of their balancers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub detach_strategy: DetachStrategy,
    /// How long the new groups serve beside the old ones before these are detached, in seconds. `ValidateResources` raises
    /// it to the longest slow start of the target groups.
    #[serde(default)]
    pub wait_for_detach: u32,
    /// Whether every service is healthy. Set by `CheckHealthy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
    /// How long to wait between two looks at the health, in seconds. Set by Validate.
    #[serde(default)]
    pub wait_for_healthy: u32,
    /// What releases said before user data had a file of its own; refused with a hint.
    #[serde(default, skip_serializing, deserialize_with = "refuse_user_data")]
    user_data: Option<()>,
}

impl Fields for OdinFields {
    type Ports = OdinPorts;

    fn clear_deployer_fields(&mut self) {
        self.healthy = None;
        self.wait_for_healthy = 0;
        self.services.values_mut().for_each(Service::clear_deployer_fields);
        self.lifecycle.values_mut().for_each(Hook::clear_deployer_fields);
    }
}

/// How groups are taken out of their balancers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetachStrategy {
    /// Detach, and wait until the balancers have drained.
    #[default]
    Detach,
    /// Do nothing: deleting a group detaches it, too.
    SkipDetach,
    /// Detach without waiting.
    SkipDetachCheck,
}

impl Shape for DetachStrategy {
    type Shape = String;
}

fn refuse_user_data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Err(D::Error::custom(
        "user data is no longer part of a release: put it into the file <release file>.userdata and remove this field; the \
         client uploads that file and sets user_data_sha256",
    ))
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
