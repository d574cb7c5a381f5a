//! The deployer account, as clients and tasks both use it.

use crate::{AwsSession, DynamoDbLocks, S3Objects};
use bifrost_core::account::{DeployerAccount, Env, Identity};
use bifrost_core::audit::Audit;
use bifrost_core::release::Defaults;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// The deployer account, with the permissions of the session.
pub(crate) fn deployer_account(
    session: &AwsSession,
    identity: Arc<Identity>,
    defaults: Defaults,
    audit: Audit,
) -> DeployerAccount {
    DeployerAccount {
        defaults: Arc::new(defaults),
        objects: Arc::new(S3Objects::new(session.clone())),
        locks: Arc::new(DynamoDbLocks::new(session.clone(), identity.lock_table())),
        audit,
        env: Arc::new(SystemEnv),
        // The function does not know the default name of the client.
        cloud_arguments: format!(" --deployer {}", identity.name).into(),
        identity,
    }
}

/// The system's clock and random numbers.
struct SystemEnv;

impl Env for SystemEnv {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
