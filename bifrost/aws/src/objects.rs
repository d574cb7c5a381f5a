//! The ports for objects, on S3.

use crate::AwsSession;
use crate::contention::Contention;
use crate::error::Incomplete;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::delete_object::builders::DeleteObjectFluentBuilder;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use aws_sdk_s3::types::ServerSideEncryption;
use bifrost_core::cloud::{CloudError, Encryption, ErrorKind, Object, Objects, PutNew};
use bifrost_core::lifecycle::{Proof, TargetObjects};
use bifrost_core::release::{BucketName, Hasher, ObjectKey, Sha256, TargetKey};
use chrono::DateTime;
use std::sync::Arc;

pub(crate) const GET_OBJECT: &str = "s3:GetObject";
const HEAD_OBJECT: &str = "s3:HeadObject";
const PUT_OBJECT: &str = "s3:PutObject";
const DELETE_OBJECT: &str = "s3:DeleteObject";

/// The objects in buckets of the session's account.
#[derive(Debug, Clone)]
pub struct S3Objects {
    session: AwsSession,
    client: Client,
}

pub(crate) fn client(session: &AwsSession) -> Client {
    let config = aws_sdk_s3::config::Builder::from(session.config());
    // A custom endpoint does not resolve host names that contain a bucket.
    let config = config.force_path_style(session.config().endpoint_url().is_some()).build();
    Client::from_conf(config)
}

/// An object, and what the calls for it name as their resource.
struct Location<'a> {
    bucket: &'a BucketName,
    key: &'a str,
    resource: String,
    /// What to do if the bucket does not exist.
    remedy: &'static str,
}

impl<'a> Location<'a> {
    /// In a bucket of the deployer account.
    fn own(bucket: &'a BucketName, key: &'a ObjectKey) -> Self {
        let remedy = "; if the release sets `bucket`, correct or remove it";
        Self { bucket, key: key.as_str(), resource: key.to_string(), remedy }
    }

    /// In a bucket of a target account, which has more than one.
    fn target(bucket: &'a BucketName, key: &'a TargetKey) -> Self {
        Self { bucket, key: key.as_str(), resource: format!("{bucket}/{key}"), remedy: "" }
    }
}

impl AwsSession {
    /// The objects in the buckets of the session's account, for the ports of a deployer.
    #[must_use]
    pub fn objects(&self) -> Arc<dyn TargetObjects> {
        Arc::new(S3Objects::new(self.clone()))
    }
}

impl S3Objects {
    /// Objects, with the permissions of the session.
    #[must_use]
    pub fn new(session: AwsSession) -> Self {
        Self { client: client(&session), session }
    }

    /// Requests an object, without its body.
    async fn open(&self, at: &Location<'_>) -> Result<Option<GetObjectOutput>, CloudError> {
        let get = self.client.get_object().bucket(at.bucket.as_str()).key(at.key);
        let get = get.expected_bucket_owner(self.session.account().as_str());
        match self.session.try_call(GET_OBJECT, &at.resource, get.send()).await {
            Ok(output) => Ok(Some(output)),
            Err(CallFailure { service_error: Some(service), .. }) if service.is_no_such_key() => Ok(None),
            Err(failure) => Err(self.with_remedy(at, failure.error)),
        }
    }

    async fn read(&self, at: &Location<'_>, limit_bytes: u64) -> Result<Option<Object>, CloudError> {
        let Some(output) = self.open(at).await? else { return Ok(None) };
        let written = output.last_modified.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()));
        let last_modified = written.present(GET_OBJECT, &at.resource, "LastModified")?;
        let body = body(&self.session, &at.resource, output, limit_bytes).await?;
        Ok(Some(Object { body, last_modified }))
    }

    async fn hash(&self, at: &Location<'_>) -> Result<Option<Sha256>, CloudError> {
        let Some(output) = self.open(at).await? else { return Ok(None) };
        let (mut body, mut hasher) = (output.body, Hasher::default());
        let hash = async {
            while let Some(piece) = body.next().await {
                hasher.update(&piece.map_err(|error| incomplete_body(&at.resource, &error))?);
            }
            Ok(hasher.finish())
        };
        self.session.scope().bound(GET_OBJECT, &at.resource, hash).await.map(Some)
    }

    async fn has(&self, at: &Location<'_>) -> Result<bool, CloudError> {
        let head = self.client.head_object().bucket(at.bucket.as_str()).key(at.key);
        let head = head.expected_bucket_owner(self.session.account().as_str());
        match self.session.try_call(HEAD_OBJECT, &at.resource, head.send()).await {
            Ok(_) => Ok(true),
            Err(CallFailure { service_error: Some(service), .. }) if service.is_not_found() => Ok(false),
            Err(failure) => Err(self.with_remedy(at, failure.error)),
        }
    }

    fn put_request(&self, at: &Location<'_>, body: Vec<u8>) -> PutObjectFluentBuilder {
        let owner = self.session.account().as_str();
        let put = self.client.put_object().bucket(at.bucket.as_str()).key(at.key);
        put.expected_bucket_owner(owner).body(ByteStream::from(body))
    }

    fn delete_request(&self, at: &Location<'_>) -> DeleteObjectFluentBuilder {
        let owner = self.session.account().as_str();
        self.client.delete_object().bucket(at.bucket.as_str()).key(at.key).expected_bucket_owner(owner)
    }

    fn encrypted_put(&self, at: &Location<'_>, body: Vec<u8>, encryption: Encryption) -> PutObjectFluentBuilder {
        let put = self.put_request(at, body);
        match encryption {
            Encryption::Bucket => put,
            Encryption::Kms(key) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
        }
    }

    /// What the answer to a write with `If-None-Match: *` means. `None` if concurrent writes of the same key were in its way: it
    /// must be repeated.
    async fn new_object(
        &self,
        at: &Location<'_>,
        answer: Result<(), CloudError>,
        contention: &mut Contention,
    ) -> Result<Option<PutNew>, CloudError> {
        match answer {
            Ok(()) => Ok(Some(PutNew::Written)),
            Err(error) => match error.code.as_str() {
                "PreconditionFailed" => Ok(Some(PutNew::Exists)),
                "ConditionalRequestConflict" if contention.wait().await => Ok(None),
                _ => Err(self.with_remedy(at, error)),
            },
        }
    }

    /// S3 answers in the same way for a bucket of another account and for a denied one.
    fn with_remedy(&self, Location { bucket, remedy, .. }: &Location<'_>, mut error: CloudError) -> CloudError {
        let owner = self.session.account();
        let hint = match error.kind {
            ErrorKind::AccessDenied => {
                format!(
                    " (bucket {bucket} must belong to account {owner}, and its policy and KMS key must allow access)"
                )
            }
            ErrorKind::NotFound => {
                format!(" (bucket {bucket} in account {owner}{remedy})")
            }
            _ => String::new(),
        };
        error.message.push_str(&hint);
        error
    }
}

/// The body of an object of at most `limit_bytes`, within the time of the attempt.
pub(crate) async fn body(
    session: &AwsSession,
    key: &str,
    output: GetObjectOutput,
    limit_bytes: u64,
) -> Result<Vec<u8>, CloudError> {
    // A request with a range would be shorter, but S3 refuses the range of an empty object (416).
    let stated = output.content_length.and_then(|size| u64::try_from(size).ok());
    if let Some(size) = stated.filter(|size| *size > limit_bytes) {
        return Err(CloudError::object_too_large(key, Some(size), limit_bytes));
    }
    session.scope().bound(GET_OBJECT, key, read_body(output.body, key, limit_bytes)).await
}

/// Reads a body, and stops if it is longer than the limit: nothing forces a server to state the length, or to keep to it.
async fn read_body(mut body: ByteStream, key: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
    let mut read = Vec::new();
    while let Some(piece) = body.next().await {
        read.extend_from_slice(&piece.map_err(|error| incomplete_body(key, &error))?);
        if read.len() as u64 > limit_bytes {
            return Err(CloudError::object_too_large(key, None, limit_bytes));
        }
    }
    Ok(read)
}

fn incomplete_body(key: &str, error: &ByteStreamError) -> CloudError {
    CloudError {
        operation: GET_OBJECT,
        resource: key.to_owned(),
        kind: ErrorKind::Unavailable,
        code: "ConnectionFailure".into(),
        message: format!("the connection ended before the end of the object: {error}"),
        request_id: None,
    }
}

#[async_trait]
impl Objects for S3Objects {
    async fn get(&self, bucket: &BucketName, key: &ObjectKey, limit_bytes: u64) -> Result<Option<Object>, CloudError> {
        self.read(&Location::own(bucket, key), limit_bytes).await
    }

    async fn sha256(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<Sha256>, CloudError> {
        self.hash(&Location::own(bucket, key)).await
    }

    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        self.has(&Location::own(bucket, key)).await
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError> {
        let at = Location::own(bucket, key);
        let put = self.encrypted_put(&at, body, encryption);
        let answer = self.session.call(PUT_OBJECT, &at.resource, put.send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(&at, error))
    }

    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError> {
        let at = Location::own(bucket, key);
        let mut contention = Contention::default();
        loop {
            let put = self.put_request(&at, body.clone()).if_none_match("*");
            let answer = self.session.call(PUT_OBJECT, &at.resource, put.send()).await;
            if let Some(put) = self.new_object(&at, answer.map(drop), &mut contention).await? {
                return Ok(put);
            }
        }
    }

    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        let at = Location::own(bucket, key);
        let answer = self.session.call(DELETE_OBJECT, &at.resource, self.delete_request(&at).send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(&at, error))
    }
}

#[async_trait]
impl TargetObjects for S3Objects {
    async fn get(&self, bucket: &BucketName, key: &TargetKey, limit_bytes: u64) -> Result<Option<Object>, CloudError> {
        self.read(&Location::target(bucket, key), limit_bytes).await
    }

    async fn sha256(&self, bucket: &BucketName, key: &TargetKey) -> Result<Option<Sha256>, CloudError> {
        self.hash(&Location::target(bucket, key)).await
    }

    async fn exists(&self, bucket: &BucketName, key: &TargetKey) -> Result<bool, CloudError> {
        self.has(&Location::target(bucket, key)).await
    }

    async fn put(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError> {
        let at = Location::target(bucket, key);
        let put = self.encrypted_put(&at, body, encryption);
        let answer = self.session.change(proof, PUT_OBJECT, &at.resource, put.send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(&at, error))
    }

    async fn put_new(
        &self,
        proof: &Proof,
        bucket: &BucketName,
        key: &TargetKey,
        body: Vec<u8>,
    ) -> Result<PutNew, CloudError> {
        let at = Location::target(bucket, key);
        let mut contention = Contention::default();
        loop {
            let put = self.put_request(&at, body.clone()).if_none_match("*");
            let answer = self.session.change(proof, PUT_OBJECT, &at.resource, put.send()).await;
            if let Some(put) = self.new_object(&at, answer.map(drop), &mut contention).await? {
                return Ok(put);
            }
        }
    }

    async fn delete(&self, proof: &Proof, bucket: &BucketName, key: &TargetKey) -> Result<(), CloudError> {
        let at = Location::target(bucket, key);
        let answer = self.session.change(proof, DELETE_OBJECT, &at.resource, self.delete_request(&at).send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(&at, error))
    }
}
