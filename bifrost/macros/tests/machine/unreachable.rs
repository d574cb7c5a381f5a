//! The context of an attempt in a world that must not be asked for anything.

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

/// Opens the context of an attempt, as `dispatch` asks for it.
pub(crate) fn open<P: 'static>(attempt: Attempt, sent: RawInput) -> Context<P> {
    let identity = Identity {
        name: "coinbase-courier".into(),
        account: "000000000000".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
    };
    let account = DeployerAccount {
        defaults: Arc::new(identity.defaults(600).unwrap()),
        identity: Arc::new(identity),
        env: Arc::new(Nowhere),
        cloud_arguments: "".into(),
        objects: Arc::new(Nowhere),
        locks: Arc::new(Nowhere),
    };
    Context::new(account, attempt, sent, Arc::new(Nowhere))
}

struct Nowhere;

impl Env for Nowhere {
    fn now(&self) -> DateTime<Utc> {
        panic!("nobody should ask for the time")
    }

    fn new_uuid(&self) -> Uuid {
        panic!("nobody should ask for a uuid")
    }
}

#[async_trait]
impl Objects for Nowhere {
    async fn get(&self, _: &BucketName, key: &ObjectKey) -> Result<Option<Object>, CloudError> {
        panic!("nobody should read {key}")
    }

    async fn exists(&self, _: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        panic!("nobody should look for {key}")
    }

    async fn put(&self, _: &BucketName, key: &ObjectKey, _: Vec<u8>, _: Encryption) -> Result<(), CloudError> {
        panic!("nobody should write {key}")
    }

    async fn put_new(&self, _: &BucketName, key: &ObjectKey, _: Vec<u8>) -> Result<PutNew, CloudError> {
        panic!("nobody should write {key}")
    }

    async fn delete(&self, _: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        panic!("nobody should delete {key}")
    }
}

#[async_trait]
impl LockTable for Nowhere {
    async fn put(&self, item: &LockItem) -> Result<PutLock, CloudError> {
        panic!("nobody should lock {}", item.key)
    }

    async fn delete(&self, key: &ObjectKey, _: &str) -> Result<bool, CloudError> {
        panic!("nobody should unlock {key}")
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        panic!("nobody should look for a lock of {key}")
    }
}

#[async_trait]
impl<P> Targets<P> for Nowhere {
    async fn assume(&self, target: &TargetRole) -> Result<P, CloudError> {
        panic!("nobody should enter {}", target.account)
    }
}
