//! The deployer account, as clients and tasks both use it.

use crate::{DynamoDbLocks, S3Objects, Session};
use bifrost_core::account::{DeployerAccount, Identity, Surroundings};
use bifrost_core::release::Defaults;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// What may be used of the deployer account with the rights of the session.
pub(crate) fn deployer_account(session: &Session, identity: Arc<Identity>, defaults: Defaults) -> DeployerAccount {
    DeployerAccount {
        defaults: Arc::new(defaults),
        objects: Arc::new(S3Objects::new(session.clone())),
        locks: Arc::new(DynamoDbLocks::new(session.clone(), identity.lock_table())),
        surroundings: Arc::new(SystemSurroundings),
        identity,
    }
}

/// The system's clock, and uuids of its random numbers.
struct SystemSurroundings;

impl Surroundings for SystemSurroundings {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
