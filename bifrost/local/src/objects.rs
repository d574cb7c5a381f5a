//! S3 in the local cloud: the buckets of the deployer account, and those of target accounts.

use super::error::ServiceError;
use super::session::LocalSession;
use super::state::{Bucket, LocalState, Resources, StoredObject};
use async_trait::async_trait;
use bifrost_core::cloud::{CloudError, Encryption, Object, Objects, PutNew};
use bifrost_core::lifecycle::{Proof, TargetObjects};
use bifrost_core::release::{AccountId, BucketName, ObjectKey, TargetKey};
use std::sync::Arc;

const GET: &str = "s3:GetObject";
const HEAD: &str = "s3:HeadObject";
const PUT: &str = "s3:PutObject";
const DELETE: &str = "s3:DeleteObject";

/// An object in a bucket that the account must own, as S3 checks with `ExpectedBucketOwner`.
#[derive(Clone, Copy)]
struct Location<'a> {
    owner: &'a AccountId,
    bucket: &'a BucketName,
    key: &'a str,
}

impl Location<'_> {
    fn bucket<'w, R: Resources>(&self, state: &'w LocalState<R>) -> Result<&'w Bucket, ServiceError> {
        let mut accounts = state.accounts.iter();
        let found = accounts.find_map(|(id, account)| Some((id, account.buckets.get(self.bucket)?)));
        self.check_owner(found)
    }

    fn bucket_mut<'w, R: Resources>(&self, state: &'w mut LocalState<R>) -> Result<&'w mut Bucket, ServiceError> {
        let mut accounts = state.accounts.iter_mut();
        let found = accounts.find_map(|(id, account)| Some((id, account.buckets.get_mut(self.bucket)?)));
        self.check_owner(found)
    }

    fn check_owner<B>(&self, found: Option<(&AccountId, B)>) -> Result<B, ServiceError> {
        let Self { owner, bucket, .. } = self;
        match found {
            Some((id, bucket)) if id == *owner => Ok(bucket),
            Some(_) => {
                let message = format!("bucket {bucket} does not belong to account {owner}");
                Err(ServiceError::new("AccessDenied", message))
            }
            None => {
                let message = format!("bucket {bucket} does not exist");
                Err(ServiceError::new("NoSuchBucket", message))
            }
        }
    }

    /// Reads the object. The outer error is that of S3, the inner one that of the adapter.
    fn get<R: Resources>(
        &self,
        state: &LocalState<R>,
        resource: &str,
        limit_bytes: u64,
    ) -> Result<Option<Result<Object, CloudError>>, ServiceError> {
        let object = self.bucket(state)?.objects.get(self.key);
        Ok(object.map(|StoredObject { body, last_modified, .. }| {
            let size = body.len() as u64;
            if size > limit_bytes {
                return Err(CloudError::object_too_large(resource, Some(size), limit_bytes));
            }
            Ok(Object { body: body.to_vec(), last_modified: *last_modified })
        }))
    }

    fn exists<R: Resources>(&self, state: &LocalState<R>) -> Result<bool, ServiceError> {
        Ok(self.bucket(state)?.objects.contains_key(self.key))
    }

    fn put<R: Resources>(
        &self,
        state: &mut LocalState<R>,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), ServiceError> {
        let kms_key = match encryption {
            Encryption::Bucket => None,
            Encryption::Kms(key) => Some(key),
        };
        let object = StoredObject { body: body.into(), last_modified: state.clock, kms_key };
        self.bucket_mut(state)?.objects.insert(self.key.to_owned(), object);
        Ok(())
    }

    fn put_new<R: Resources>(&self, state: &mut LocalState<R>, body: Vec<u8>) -> Result<PutNew, ServiceError> {
        if self.exists(state)? {
            return Ok(PutNew::Exists);
        }
        self.put(state, body, Encryption::Bucket)?;
        Ok(PutNew::Written)
    }

    fn delete<R: Resources>(&self, state: &mut LocalState<R>) -> Result<(), ServiceError> {
        self.bucket_mut(state)?.objects.remove(self.key);
        Ok(())
    }
}

impl<R: Resources> LocalSession<R> {
    /// The objects in the buckets of the session's account, for the ports of a deployer.
    #[must_use]
    pub fn objects(&self) -> Arc<dyn TargetObjects> {
        Arc::new(self.clone())
    }

    fn location<'a>(&'a self, bucket: &'a BucketName, key: &'a str) -> Location<'a> {
        Location { owner: &self.account, bucket, key }
    }
}

#[async_trait]
impl<R: Resources> Objects for LocalSession<R> {
    async fn get(&self, bucket: &BucketName, key: &ObjectKey, limit_bytes: u64) -> Result<Option<Object>, CloudError> {
        let (key, at) = (key.as_str(), self.location(bucket, key.as_str()));
        self.invoke_read(GET, key, |state| at.get(state, key, limit_bytes)).await?.transpose()
    }

    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        let at = self.location(bucket, key.as_str());
        self.invoke_read(HEAD, key.as_str(), |state| at.exists(state)).await
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError> {
        self.principal.check_unproved(PUT, key.as_str())?;
        let at = self.location(bucket, key.as_str());
        self.invoke(PUT, key.as_str(), |state| at.put(state, body, encryption)).await
    }

    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.principal.check_unproved(PUT, key.as_str())?;
        let at = self.location(bucket, key.as_str());
        self.invoke(PUT, key.as_str(), |state| at.put_new(state, body)).await
    }

    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        self.principal.check_unproved(DELETE, key.as_str())?;
        let at = self.location(bucket, key.as_str());
        self.invoke(DELETE, key.as_str(), |state| at.delete(state)).await
    }
}

#[async_trait]
impl<R: Resources> TargetObjects for LocalSession<R> {
    async fn get(&self, bucket: &BucketName, key: &TargetKey, limit_bytes: u64) -> Result<Option<Object>, CloudError> {
        let (resource, at) = (resource(bucket, key), self.location(bucket, key.as_str()));
        self.invoke_read(GET, &resource, |state| at.get(state, &resource, limit_bytes)).await?.transpose()
    }

    async fn exists(&self, bucket: &BucketName, key: &TargetKey) -> Result<bool, CloudError> {
        let at = self.location(bucket, key.as_str());
        self.invoke_read(HEAD, &resource(bucket, key), |state| at.exists(state)).await
    }

    async fn put(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError> {
        let at = self.location(bucket, key.as_str());
        self.change_state(proof, PUT, &resource(bucket, key), |state| at.put(state, body, encryption)).await
    }

    async fn put_new(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
    ) -> Result<PutNew, CloudError> {
        let at = self.location(bucket, key.as_str());
        self.change_state(proof, PUT, &resource(bucket, key), |state| at.put_new(state, body)).await
    }

    async fn delete(&self, proof: &Proof, bucket: &BucketName, key: &TargetKey) -> Result<(), CloudError> {
        let at = self.location(bucket, key.as_str());
        self.change_state(proof, DELETE, &resource(bucket, key), |state| at.delete(state)).await
    }
}

/// The name of an object in a target account, which has more than one bucket.
fn resource(bucket: &BucketName, key: &TargetKey) -> String {
    format!("{bucket}/{key}")
}
