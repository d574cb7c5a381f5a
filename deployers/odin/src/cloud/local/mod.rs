//! Odin's part of the local cloud: the resources of an account that Odin looks up, creates and deletes.
//!
//! An [`OdinAccount`] is one serde value, so that a seed can be written by hand: [`StoredIam`] for the account, an
//! [`OdinRegion`] for each region. The services imitate what a deployer depends on: AWS's error codes, uniqueness and
//! delays. Module `timeline` advances the time.

mod alarms;
mod arns;
mod auto_scaling;
mod balancer;
mod behaviour;
mod compute;
mod elastic_load_balancing;
mod group;
mod launching;
mod lifecycle;
mod lookups;
mod new_group;
mod region;
mod templates;
mod timeline;

pub use alarms::StoredAlarm;
pub use balancer::{Attachment, Attachments, Registration, Registrations, StoredLoadBalancer, StoredTargetGroup};
pub use behaviour::{Behaviour, Health, InstanceNumber};
pub use group::{LifecycleState, StoredGroup, StoredInstance};
pub use lookups::{StoredIam, StoredProfile, StoredRole, StoredTopic};
pub use region::{OdinRegion, StoredImage, StoredLaunchConfiguration, StoredSecurityGroup, StoredSubnet};
pub use templates::StoredTemplate;

use super::OdinPorts;
use crate::machine::Odin;
use bifrost::local::{ByRegion, Changes, LocalDeployer, LocalSession, Regional, Resources, ServiceError};
use chrono::{DateTime, Utc};
use launching::LaunchPlace;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The resources of an account that Odin uses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OdinAccount {
    /// Instance profiles and roles.
    pub iam: StoredIam,
    /// Resources of each region, by the region's name.
    #[serde(skip_serializing_if = "ByRegion::is_empty")]
    pub regions: ByRegion<OdinRegion>,
}

impl Resources for OdinAccount {
    fn advance(&mut self, now: DateTime<Utc>) {
        let Self { iam, regions } = self;
        regions.advance_each(|region, here| here.apply_all_due(now, LaunchPlace { region, iam }));
    }

    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        let Self { iam, regions } = self;
        changes.value("iam", iam, &mut saved.iam);
        changes.resources("regions", regions, &mut saved.regions);
    }
}

impl Regional for OdinAccount {
    type Region = OdinRegion;

    fn regions(&self) -> &ByRegion<OdinRegion> {
        &self.regions
    }

    fn regions_mut(&mut self) -> &mut ByRegion<OdinRegion> {
        &mut self.regions
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
