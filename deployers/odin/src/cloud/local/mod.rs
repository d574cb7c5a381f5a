//! Odin's part of the local cloud: the resources of an account that Odin looks up, creates and deletes.
//!
//! An [`OdinAccount`] is one serde value, so that a seed can be written by hand: [`StoredIam`] for the account, an
//! [`OdinRegion`] for each region. The services imitate what a deployer depends on: AWS's error codes, uniqueness and
//! delays. Module `timeline` advances the time.

mod auto_scaling;
mod balancer;
mod behaviour;
mod compute;
mod elastic_load_balancing;
mod group;
mod lifecycle;
mod lookups;
mod new_group;
mod region;
mod templates;
mod timeline;

pub use balancer::{Attachment, Attachments, Registration, Registrations, StoredLoadBalancer, StoredTargetGroup};
pub use behaviour::{Behaviour, Health, InstanceNumber};
pub use group::{LifecycleState, StoredGroup, StoredInstance};
pub use lookups::{StoredIam, StoredProfile, StoredRole, StoredTopic};
pub use region::{
    OdinRegion, StoredImage, StoredLaunchConfiguration, StoredPlacementGroup, StoredSecurityGroup, StoredSubnet,
};
pub use templates::StoredTemplate;

use super::OdinPorts;
use crate::machine::Odin;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{Changes, LocalDeployer, LocalSession, RegionState, Resources, ServiceError};
use bifrost::release::{AccountId, Region};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The resources of an account that Odin uses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OdinAccount {
    /// Instance profiles and roles.
    pub iam: StoredIam,
    /// Resources of each region, by the region's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<Region, OdinRegion>,
}

impl Resources for OdinAccount {
    fn advance(&mut self, now: DateTime<Utc>) {
        self.regions.values_mut().for_each(|region| region.advance(now));
    }

    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        let Self { iam, regions } = self;
        changes.value("iam", iam, &mut saved.iam);
        changes.nested("regions", regions, &mut saved.regions, OdinRegion::save);
    }
}

impl LocalDeployer for Odin {
    type Resources = OdinAccount;

    const SEED: &'static str = include_str!("../../../../../examples/clouds/odin.json");

    fn local_ports(session: LocalSession<OdinAccount>) -> OdinPorts {
        ports(session)
    }
}

/// Odin's ports into one account and region of the local cloud.
#[must_use]
pub fn ports(session: LocalSession<OdinAccount>) -> OdinPorts {
    let session = Arc::new(session);
    OdinPorts {
        groups: Arc::clone(&session) as Arc<_>,
        compute: Arc::clone(&session) as Arc<_>,
        templates: Arc::clone(&session) as Arc<_>,
        balancers: Arc::clone(&session) as Arc<_>,
        target_groups: Arc::clone(&session) as Arc<_>,
        iam: Arc::clone(&session) as Arc<_>,
        topics: Arc::clone(&session) as Arc<_>,
        alarms: session,
    }
}

/// Account, region and time of a request, and the account's IAM resources.
#[derive(Clone, Copy)]
struct ServiceContext<'c> {
    account: &'c AccountId,
    region: &'c Region,
    now: DateTime<Utc>,
    iam: &'c StoredIam,
}

// ARNs with random parts at AWS are digests of names in the local cloud, so that it does not have to store them.
impl ServiceContext<'_> {
    pub(super) fn target_group_arn(&self, name: &str) -> String {
        let id = digest(name);
        self.region.arn("elasticloadbalancing", self.account, &format!("targetgroup/{name}/{id:016x}"))
    }

    /// ARN of an auto-scaling group.
    pub(super) fn group_arn(&self, name: &str) -> String {
        self.auto_scaling_arn("autoScalingGroup", name, "")
    }

    /// ARN of a group's scaling policy.
    pub(super) fn policy_arn(&self, group: &str, policy: &str) -> String {
        self.auto_scaling_arn("scalingPolicy", group, &format!(":policyName/{policy}"))
    }

    fn auto_scaling_arn(&self, kind: &str, group: &str, rest: &str) -> String {
        let uuid = uuid(&format!("{group}{rest}"));
        let resource = format!("{kind}:{uuid}:autoScalingGroupName/{group}{rest}");
        self.region.arn("autoscaling", self.account, &resource)
    }

    pub(super) fn topic_arn(&self, name: &str) -> String {
        self.region.arn("sns", self.account, name)
    }
}

fn uuid(name: &str) -> String {
    let digest = digest(name);
    let (a, b, c) = (digest >> 32, digest >> 16 & 0xffff, digest & 0xffff);
    format!("{a:08x}-{b:04x}-{c:04x}-0000-000000000000")
}

/// FNV-1a: short, and the same in every build.
fn digest(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Makes one request to a service of the session's region, which changes nothing.
async fn request<T: Send>(
    session: &LocalSession<OdinAccount>,
    operation: &'static str,
    resource: &str,
    effect: impl FnOnce(&mut OdinRegion, ServiceContext<'_>) -> Result<T, ServiceError> + Send,
) -> Result<T, CloudError> {
    session.call(operation, resource, |region_state| in_region(region_state, effect)).await
}

/// As [`request`], for an operation that changes something. Changes that are due immediately are applied before it returns.
async fn change<T: Send>(
    session: &LocalSession<OdinAccount>,
    proof: &Proof,
    operation: &'static str,
    resource: &str,
    effect: impl FnOnce(&mut OdinRegion, ServiceContext<'_>) -> Result<T, ServiceError> + Send,
) -> Result<T, CloudError> {
    session.change(proof, operation, resource, |region_state| in_region(region_state, effect)).await
}

fn in_region<T>(
    region_state: &mut RegionState<'_, OdinAccount>,
    effect: impl FnOnce(&mut OdinRegion, ServiceContext<'_>) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let OdinAccount { iam, regions } = &mut *region_state.resources;
    let region = regions.entry(region_state.region.clone()).or_default();
    let (account, now) = (region_state.account, region_state.now);
    let answer = effect(region, ServiceContext { account, region: region_state.region, now, iam });
    region.advance(now);
    answer
}

/// AWS's error for an invalid request.
fn validation_error(message: impl Into<String>) -> ServiceError {
    ServiceError::new("ValidationError", message)
}

/// AWS's error for a resource that does not exist.
fn not_found(code: &str, message: impl Into<String>) -> ServiceError {
    ServiceError::new(code, message)
}

/// Whether a resource has all these tags.
fn has_tags(tags: &super::Tags, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(key, value)| tags.get(*key).is_some_and(|found| found == value))
}

/// For serde: omits flags that are not set.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// For serde: omits counts of 0.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
