//! The port for objects, on S3.

use crate::AwsSession;
use crate::contention::Contention;
use crate::error::Incomplete;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use aws_sdk_s3::types::ServerSideEncryption;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bifrost_core::cloud::{CloudError, Encryption, ErrorKind, Object, Objects, PutNew};
use bifrost_core::release::{BucketName, Hasher, ObjectKey, Sha256};
use chrono::DateTime;

pub(crate) const GET_OBJECT: &str = "s3:GetObject";

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

impl S3Objects {
    /// Objects, with the permissions of the session.
    #[must_use]
    pub fn new(session: AwsSession) -> Self {
        Self { client: client(&session), session }
    }

    /// Requests an object, without its body.
    async fn open(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<GetObjectOutput>, CloudError> {
        let get = self.client.get_object().bucket(bucket.as_str()).key(key.as_str());
        let get = get.expected_bucket_owner(self.session.account().as_str());
        match self.session.try_call(GET_OBJECT, key.as_str(), get.send()).await {
            Ok(output) => Ok(Some(output)),
            Err(CallFailure { service_error: Some(service), .. }) if service.is_no_such_key() => Ok(None),
            Err(failure) => Err(self.with_remedy(bucket, failure.error)),
        }
    }

    fn put_request(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> PutObjectFluentBuilder {
        let owner = self.session.account().as_str();
        let put = self.client.put_object().bucket(bucket.as_str()).key(key.as_str());
        put.expected_bucket_owner(owner).body(ByteStream::from(body))
    }

    /// S3 answers in the same way for a bucket of another account and for a denied one.
    fn with_remedy(&self, bucket: &BucketName, mut error: CloudError) -> CloudError {
        let owner = self.session.account();
        let hint = match error.kind {
            ErrorKind::AccessDenied => {
                format!(
                    " (bucket {bucket} must belong to account {owner}, and its policy and KMS key must allow access)"
                )
            }
            ErrorKind::NotFound => {
                format!(" (bucket {bucket} in account {owner}; if the release sets `bucket`, correct or remove it)")
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
        let Some(output) = self.open(bucket, key).await? else { return Ok(None) };
        let written = output.last_modified.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()));
        let last_modified = written.present(GET_OBJECT, key.as_str(), "LastModified")?;
        let body = body(&self.session, key.as_str(), output, limit_bytes).await?;
        Ok(Some(Object { body, last_modified }))
    }

    async fn sha256(&self, bucket: &BucketName, key: &ObjectKey) -> Result<Option<Sha256>, CloudError> {
        let Some(output) = self.open(bucket, key).await? else { return Ok(None) };
        let (mut body, mut hasher) = (output.body, Hasher::default());
        let hash = async {
            while let Some(piece) = body.next().await {
                hasher.update(&piece.map_err(|error| incomplete_body(key.as_str(), &error))?);
            }
            Ok(hasher.finish())
        };
        self.session.scope().bound(GET_OBJECT, key.as_str(), hash).await.map(Some)
    }

    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        let head = self.client.head_object().bucket(bucket.as_str()).key(key.as_str());
        let head = head.expected_bucket_owner(self.session.account().as_str());
        match self.session.try_call("s3:HeadObject", key.as_str(), head.send()).await {
            Ok(_) => Ok(true),
            Err(CallFailure { service_error: Some(service), .. }) if service.is_not_found() => Ok(false),
            Err(failure) => Err(self.with_remedy(bucket, failure.error)),
        }
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        encryption: Encryption,
    ) -> Result<(), CloudError> {
        let put = self.put_request(bucket, key, body);
        let put = match encryption {
            Encryption::Bucket => put,
            Encryption::Kms(key) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key),
        };
        let answer = self.session.call("s3:PutObject", key.as_str(), put.send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(bucket, error))
    }

    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError> {
        let mut contention = Contention::default();
        loop {
            let put = self.put_request(bucket, key, body.clone()).if_none_match("*");
            match self.session.try_call("s3:PutObject", key.as_str(), put.send()).await {
                Ok(_) => return Ok(PutNew::Written),
                Err(CallFailure { service_error: Some(service), error }) => match service.code() {
                    Some("PreconditionFailed") => return Ok(PutNew::Exists),
                    Some("ConditionalRequestConflict") if contention.wait().await => {}
                    _ => return Err(self.with_remedy(bucket, error)),
                },
                Err(failure) => return Err(failure.error),
            }
        }
    }

    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        let delete = self.client.delete_object().bucket(bucket.as_str()).key(key.as_str());
        let delete = delete.expected_bucket_owner(self.session.account().as_str());
        let answer = self.session.call("s3:DeleteObject", key.as_str(), delete.send()).await;
        answer.map(drop).map_err(|error| self.with_remedy(bucket, error))
    }
}
