//! The context of an attempt in a cloud that must not be used.

use async_trait::async_trait;
use bifrost::account::{DeployerAccount, Env, Identity};
use bifrost::cloud::{
    CloudError, Encryption, LockItem, LockTable, Object, Objects, PutLock, PutNew, TargetRole, Targets,
};
use bifrost::release::{BucketName, ObjectKey};
use bifrost::task::{Attempt, Context, RawInput};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use uuid::Uuid;

/// Opens the context of an attempt, for `dispatch`.
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
        cloud_arguments: "".into(),
        objects: Arc::new(UnusedCloud),
        locks: Arc::new(UnusedCloud),
    };
    Context::new(account, attempt, sent, Arc::new(UnusedCloud))
}

struct UnusedCloud;

impl Env for UnusedCloud {
    fn now(&self) -> DateTime<Utc> {
        panic!("the test must not ask for the time")
    }

    fn new_uuid(&self) -> Uuid {
        panic!("the test must not ask for a uuid")
    }
}

#[async_trait]
impl Objects for UnusedCloud {
    async fn get(&self, _: &BucketName, key: &ObjectKey) -> Result<Option<Object>, CloudError> {
        panic!("the test must not read {key}")
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
impl LockTable for UnusedCloud {
    async fn put(&self, item: &LockItem) -> Result<PutLock, CloudError> {
        panic!("the test must not lock {}", item.key)
    }

    async fn delete(&self, key: &ObjectKey, _: &str) -> Result<bool, CloudError> {
        panic!("the test must not unlock {key}")
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        panic!("the test must not look for a lock of {key}")
    }
}

#[async_trait]
impl<P> Targets<P> for UnusedCloud {
    async fn assume(&self, target: &TargetRole) -> Result<P, CloudError> {
        panic!("the test must not enter {}", target.account)
    }
}
