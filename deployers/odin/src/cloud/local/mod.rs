//! Odin's part of the embedded world: what an account holds that Odin looks up, makes and deletes.
//!
//! An [`OdinAccount`] is one serde value, so that a world file can be written by hand: [`StoredIam`] for the account, an
//! [`OdinRegion`] for each region. Services answer as AWS does where a deployer notices: in error codes, in what is
//! unique, in what takes time. How time passes is in module `timeline`.

mod alarms;
mod arn;
mod auto_scaling;
mod balancer;
mod behaviour;
mod compute;
mod elastic_load_balancing;
mod group;
mod iam;
mod lifecycle;
mod new_group;
mod region;
mod templates;
mod timeline;
mod topics;

pub use balancer::{Attachment, Attachments, Registration, Registrations, StoredLoadBalancer, StoredTargetGroup};
pub use behaviour::{Behaviour, Health, InstanceNumber};
pub use group::{LifecycleState, StoredGroup, StoredInstance};
pub use iam::{StoredIam, StoredProfile, StoredRole};
pub use region::{
    OdinRegion, StoredImage, StoredLaunchConfiguration, StoredPlacementGroup, StoredSecurityGroup, StoredSubnet,
};
pub use templates::StoredTemplate;
pub use topics::StoredTopic;

use super::OdinPorts;
use crate::machine::Odin;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::local::{LocalDeployer, Resources, ServiceError, Session};
use bifrost::release::{AccountId, Region};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an account holds, as far as Odin is concerned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OdinAccount {
    /// Instance profiles and roles.
    pub iam: StoredIam,
    /// What lies in each region, by the region's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<Region, OdinRegion>,
}

impl Resources for OdinAccount {
    fn advance(&mut self, now: DateTime<Utc>) {
        self.regions.values_mut().for_each(|region| region.advance(now));
    }
}

impl LocalDeployer for Odin {
    type Resources = OdinAccount;

    const WORLD: &'static str = include_str!("../../../../../examples/worlds/odin.json");

    fn local_ports(session: Session<OdinAccount>) -> OdinPorts {
        ports(session)
    }
}

/// Odin's ports into one account and region of the embedded world.
#[must_use]
pub fn ports(session: Session<OdinAccount>) -> OdinPorts {
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

/// Where and when a service acts, and what of the account it may look at from there.
#[derive(Clone, Copy)]
struct Here<'w> {
    account: &'w AccountId,
    region: &'w Region,
    now: DateTime<Utc>,
    iam: &'w StoredIam,
}

/// Makes one request to a service of the session's region. What is due at once happens before it returns.
async fn request<T: Send>(
    session: &Session<OdinAccount>,
    operation: &'static str,
    resource: &str,
    effect: impl FnOnce(&mut OdinRegion, Here<'_>) -> Result<T, ServiceError> + Send,
) -> Result<T, CloudError> {
    session
        .call(operation, resource, |place| {
            let OdinAccount { iam, regions } = &mut *place.resources;
            let region = regions.entry(place.region.clone()).or_default();
            let answer = effect(region, Here { account: place.account, region: place.region, now: place.now, iam });
            region.advance(place.now);
            answer
        })
        .await
}

/// AWS's answer to a request that is wrong in itself.
fn validation_error(message: impl Into<String>) -> ServiceError {
    ServiceError::new(ErrorKind::Invalid, "ValidationError", message)
}

/// AWS's answer to a request for what is not there.
fn not_found(code: &str, message: impl Into<String>) -> ServiceError {
    ServiceError::new(ErrorKind::NotFound, code, message)
}

/// Whether a resource carries all these tags.
fn carries(tags: &super::Tags, wanted: &[(&str, &str)]) -> bool {
    wanted.iter().all(|(key, value)| tags.get(*key).is_some_and(|found| found == value))
}

/// For serde: a flag that is not set is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// For serde: a count of nothing is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's `skip_serializing_if` passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
