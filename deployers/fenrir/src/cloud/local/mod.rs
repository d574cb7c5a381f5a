//! Fenrir's part of the embedded world: what an account holds that templates refer to, and CloudFormation.
//!
//! A [`FenrirAccount`] is one serde value, so that a world file can be written by hand: roles for the account, a
//! [`FenrirRegion`] for each region. CloudFormation expands SAM as far as a deployer notices (module `sam`), knows of each
//! resource type what a table says (module `types`), and carries change sets out on the world's clock (module `operation`):
//! event by event, in the order of the resources' dependencies, and back again where something fails.

mod arn;
mod change_set;
mod changes;
mod cloud_formation;
mod lookups;
mod operation;
mod order;
mod region;
mod resolve;
mod run;
mod sam;
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
use bifrost::cloud::ErrorKind;
use bifrost::local::{LocalDeployer, LocalSession, Resources, ServiceError};
use bifrost::release::Region;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an account holds, as far as Fenrir is concerned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FenrirAccount {
    /// IAM roles by name. Those that a deployer assumes stand beside the account's resources.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles: BTreeMap<String, StoredRole>,
    /// What lies in each region, by the region's name.
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

/// Fenrir's ports into one account and region of the embedded world.
#[must_use]
pub fn ports(session: LocalSession<FenrirAccount>) -> FenrirPorts {
    let session = Arc::new(session);
    FenrirPorts { stacks: Arc::clone(&session) as Arc<_>, lookups: session }
}

/// AWS's refusal of that code, of the kind that a client of AWS makes of it.
fn refusal(code: &str, message: impl Into<String>) -> ServiceError {
    let message = message.into();
    ServiceError::new(ErrorKind::of(code, &message), code, message)
}

/// CloudFormation's answer to most of what is wrong.
fn validation_error(message: impl Into<String>) -> ServiceError {
    refusal("ValidationError", message)
}

#[cfg(test)]
mod tests;
