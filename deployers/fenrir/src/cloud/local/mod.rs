//! Fenrir's part of the local cloud: resources that templates refer to, and CloudFormation.
//!
//! A [`FenrirAccount`] is one serde value, so that a seed file can be written by hand: roles for the account, a
//! [`FenrirRegion`] for each region. CloudFormation expands SAM as far as a deployer notices (module `sam`), knows the
//! resource types from a table (module `types`), and executes change sets on the local cloud's clock (module `operation`):
//! event by event, in the order of the resources' dependencies, with a rollback if a resource fails.

mod arn;
mod change_set;
mod changes;
mod cloud_formation;
mod expanded;
mod lookups;
mod operation;
mod order;
mod region;
mod resolve;
mod run;
mod source;
mod stack;
mod template;
mod types;

pub use change_set::StoredChangeSet;
pub use operation::Operation;
pub use region::{
    Behaviour, FenrirRegion, OperationStage, StoredKey, StoredRole, StoredSecurityGroup, StoredSubnet, StoredTable,
};
pub use stack::{StoredDrift, StoredEvent, StoredResource, StoredStack};

use super::FenrirPorts;
use crate::machine::Fenrir;
use bifrost::local::{LocalDeployer, LocalSession, Resources, ServiceError};
use bifrost::release::Region;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The contents of an account that Fenrir uses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FenrirAccount {
    /// IAM roles by name, without the roles that a deployer assumes: those are outside of the account's resources.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, StoredRole>,
    /// The contents of each region, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub regions: BTreeMap<Region, FenrirRegion>,
}

impl Resources for FenrirAccount {
    fn advance(&mut self, now: DateTime<Utc>) {
        self.regions.values_mut().for_each(|region| region.advance(now));
    }
}

impl LocalDeployer for Fenrir {
    type Resources = FenrirAccount;

    const SEED: &'static str = include_str!("../../../../../examples/clouds/fenrir.json");

    fn local_ports(session: LocalSession<FenrirAccount>) -> FenrirPorts {
        ports(session)
    }
}

/// Fenrir's ports for one account and region of the local cloud.
#[must_use]
pub fn ports(session: LocalSession<FenrirAccount>) -> FenrirPorts {
    let session = Arc::new(session);
    FenrirPorts { stacks: Arc::clone(&session) as Arc<_>, expansions: Arc::clone(&session) as Arc<_>, lookups: session }
}

/// AWS's error with that code, with the kind that the AWS client derives from it.
fn refusal(code: &str, message: impl Into<String>) -> ServiceError {
    let message = message.into();
    ServiceError::new(code, message)
}

/// CloudFormation's error for most invalid requests.
fn validation_error(message: impl Into<String>) -> ServiceError {
    refusal("ValidationError", message)
}

#[cfg(test)]
mod tests;
