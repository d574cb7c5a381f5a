//! The fields of an Odin release beside the envelope, how they are read, and the defaults that Validate fills in.
//!
//! Reading checks the shape of a release and single values; [`check`] checks the rules, and reports all findings at
//! once.

mod autoscaling;
mod check;
mod check_instances;
mod check_policies;
mod defaults;
mod hook;
mod name;
mod notes;
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
pub use notes::notes;
pub use service::{
    HealthyReport, PlacementStrategy, PlacementTenancy, Service, ServiceResources, SpotPrice, VolumeType,
};
pub use spread::Spread;
pub(crate) use user_data::USER_DATA_LIMIT_BYTES;
pub use user_data::render_user_data;

use bifrost::release::{Release, Sha256};
use chrono::{DateTime, Utc};
use serde::Deserialize as _;
use serde::de::{Deserializer, Error as _, IgnoredAny};
use std::collections::BTreeMap;

/// A release of Odin: the envelope and [`OdinFields`].
pub type OdinRelease = Release<OdinFields>;

/// The fields of an Odin release beside the envelope.
#[bifrost::fields(check = check, max_timeout_seconds = MAX_TIMEOUT_SECONDS)]
pub struct OdinFields {
    /// The subnets of the instances, by name tag or id.
    #[serde(default)]
    pub subnets: Vec<ResourceName>,
    /// The image of the instances, by name tag or id.
    pub ami: ResourceName,
    /// SHA-256 of the user data, which is a file beside the release in S3.
    pub user_data_sha256: Sha256,
    /// The services by name. Each becomes an auto-scaling group.
    #[serde(default)]
    pub services: BTreeMap<ServiceName, Service>,
    /// Lifecycle hooks of every group, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[unused_by_clean_up]
    pub lifecycle: BTreeMap<HookName, Hook>,
    /// Whether to refuse a release that differs from the deployed one in more than code.
    #[serde(default, skip_serializing_if = "is_false")]
    pub safe_release: bool,
    /// How groups are detached from their balancers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub detach_strategy: DetachStrategy,
    /// How long the new groups serve beside the old ones before the old ones are detached, in seconds.
    /// `ValidateResources` raises it to the longest slow start of the target groups.
    #[serde(default)]
    pub wait_for_detach: u32,
    /// CloudWatch alarms, by name, also composite ones. While one fires, the release is not deployed; one that fires during the
    /// deploy ends it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[unused_by_clean_up]
    pub alarms: Vec<ResourceName>,
    /// How long the new groups must have been healthy, and no alarm may have fired, before the old ones are detached, in
    /// seconds.
    pub bake_time: Option<u32>,
    /// Whether an alarm that fired before the deploy started, and still does, does not count.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_firing_alarms: bool,
    /// Whether every service is healthy, and has been for the bake time. Set by `CheckHealthy`.
    #[set_by_deployer]
    pub healthy: Option<bool>,
    /// Since when every service has been healthy, if the release has a `bake_time`. Set by `CheckHealthy`.
    #[set_by_deployer]
    #[unused_by_clean_up]
    pub healthy_since: Option<DateTime<Utc>>,
    /// How long to wait until the next health check, in seconds. Set by Validate and `CheckHealthy`.
    #[set_by_deployer]
    pub wait_for_healthy: u32,
    /// The user data of older releases, before it had its own file. Refused with a hint to that file.
    #[serde(default, skip_serializing, deserialize_with = "refuse_user_data")]
    user_data: Option<()>,
}

/// The longest `timeout` of a release, in seconds: two days. A longer deploy would fill the execution's history.
pub(crate) const MAX_TIMEOUT_SECONDS: u32 = 172_800;

/// How groups are detached from their balancers.
#[bifrost::field_type]
#[derive(Copy, Default, Eq)]
pub enum DetachStrategy {
    /// Detach, and wait until the balancers have drained the instances.
    #[default]
    Detach,
    /// Do nothing: deleting a group detaches it, too.
    SkipDetach,
    /// Detach without waiting.
    SkipDetachCheck,
}

fn refuse_user_data<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<()>, D::Error> {
    IgnoredAny::deserialize(deserializer)?;
    Err(D::Error::custom(
        "user data is no longer part of a release: write it to the file <release file>.userdata and remove this field; the \
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
