//! The context of an attempt in a cloud where the deploy holds its lock and nobody halts it. Nothing else may be used.

use async_trait::async_trait;
use bifrost::account::{DeployerAccount, Env, Identity};
use bifrost::audit::{Audit, DeployerVersion};
use bifrost::cloud::{
    CloudError, DeployedItem, Encryption, EndedItem, GiveBack, GivenBack, LockItem, LockTable, LockTaken, Object,
    Objects, PutNew, TakeLock, TargetRole, Targets,
};
use bifrost::lifecycle::Context;
use bifrost::release::{BucketName, ObjectKey, RootDir};
use bifrost::task::{Attempt, RawInput};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// The owner of the lock.
pub(crate) const OWNER: Uuid = Uuid::from_u128(1);

/// Opens the context of an attempt, for `dispatch`. The lock is held by `OWNER` and the attempt's execution.
pub(crate) fn open<P: 'static>(attempt: Attempt, sent: RawInput) -> Context<P> {
    let identity = Identity {
        name: "coinbase-courier".into(),
        account: "000000000000".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let account = DeployerAccount {
        defaults: Arc::new(identity.defaults(600).unwrap()),
        identity: Arc::new(identity),
        env: Arc::new(UnusedCloud),
        audit: Audit::off(DeployerVersion::default()),
        cloud_arguments: "".into(),
        objects: Arc::new(NoHaltFlag),
        locks: Arc::new(HeldLock { execution: attempt.execution.clone() }),
    };
    Context::new(account, attempt, sent, Arc::new(UnusedCloud), Arc::default())
}

struct UnusedCloud;

struct NoHaltFlag;

struct HeldLock {
    execution: Option<String>,
}

impl Env for UnusedCloud {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn new_uuid(&self) -> Uuid {
        panic!("the test must not ask for a uuid")
    }
}

#[async_trait]
impl Objects for NoHaltFlag {
    async fn get(&self, _: &BucketName, key: &ObjectKey, _: u64) -> Result<Option<Object>, CloudError> {
        assert!(key.to_string().ends_with("/halt"), "the test must not read {key}");
        Ok(None)
    }

    async fn exists(&self, _: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        panic!("the test must not look for {key}")
    }

    async fn put(&self, _: &BucketName, key: &ObjectKey, _: Vec<u8>, _: Encryption) -> Result<(), CloudError> {
        panic!("the test must not write {key}")
    }

    async fn put_new(&self, _: &BucketName, key: &ObjectKey, _: Vec<u8>) -> Result<PutNew, CloudError> {
        panic!("the test must not write {key}")
    }

    async fn delete(&self, _: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        panic!("the test must not delete {key}")
    }
}

#[async_trait]
impl LockTable for HeldLock {
    async fn take(&self, lock: &TakeLock) -> Result<LockTaken, CloudError> {
        panic!("the test must not lock {}", lock.item.key)
    }

    async fn give_back(&self, lock: &GiveBack) -> Result<GivenBack, CloudError> {
        panic!("the test must not unlock {}", lock.key)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        Ok(Some(LockItem {
            key: key.to_string(),
            id: OWNER.to_string(),
            time: DateTime::UNIX_EPOCH,
            execution: self.execution.clone(),
            release_id: None,
            started_by: None,
        }))
    }

    async fn ended(&self, _: Uuid) -> Result<Option<EndedItem>, CloudError> {
        Ok(None)
    }

    async fn deployed(&self, dir: &RootDir) -> Result<Option<DeployedItem>, CloudError> {
        panic!("the test must not ask what is deployed to {dir}")
    }

    async fn all_deployed(&self) -> Result<Vec<Result<DeployedItem, CloudError>>, CloudError> {
        panic!("the test must not list what is deployed")
    }
}

#[async_trait]
impl<P> Targets<P> for UnusedCloud {
    async fn assume(&self, target: &TargetRole) -> Result<P, CloudError> {
        panic!("the test must not enter {}", target.account)
    }
}
