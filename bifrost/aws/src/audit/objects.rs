//! The objects of an audit log, on S3.

use crate::AwsSession;
use crate::contention::Contention;
use crate::error::Incomplete;
use crate::objects::{self, GET_OBJECT};
use crate::pages::pages;
use crate::session::CallFailure;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ObjectLockMode};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bifrost_core::cloud::{CHECKPOINT_KEY, CloudError, ErrorKind, PutNew, StoredCheckpoint};
use bifrost_core::release::{AccountId, Sha256};
use std::time::{Duration, SystemTime};

const PUT_OBJECT: &str = "s3:PutObject";
const LIST: &str = "s3:ListObjectsV2";

/// How long a checkpoint is retained. The next one replaces it, so the years of the other objects would only cost money.
const CHECKPOINT_RETENTION: Duration = Duration::from_hours(24);

/// The largest checkpoint that is read, in bytes. One with a hundred cosignatures has a quarter of it.
const MAX_CHECKPOINT_BYTES: u64 = 64 * 1024;

/// The bucket of an audit log, which must belong to `owner`.
#[derive(Debug, Clone)]
pub(super) struct AuditBucket {
    pub(super) session: AwsSession,
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) owner: AccountId,
    has_object_lock: bool,
}

impl AuditBucket {
    pub(super) fn new(session: AwsSession, name: String, owner: AccountId, has_object_lock: bool) -> Self {
        Self { client: objects::client(&session), session, name, owner, has_object_lock }
    }

    /// S3 answers in the same way for a bucket of another account and for a denied one.
    pub(super) fn explain(&self, mut error: CloudError) -> CloudError {
        let (name, owner) = (&self.name, &self.owner);
        let hint = match error.kind {
            ErrorKind::AccessDenied => format!(
                " (the bucket {name} of the audit log must belong to account {owner}, or BIFROST_AUDIT_ACCOUNT must name \
                 its account, and its policy must allow access)"
            ),
            ErrorKind::NotFound => format!(" (the bucket {name} of the audit log, in account {owner})"),
            _ => String::new(),
        };
        error.message.push_str(&hint);
        error
    }

    pub(super) async fn get(
        &self,
        key: &str,
        version: Option<&str>,
        limit_bytes: u64,
    ) -> Result<Option<(Vec<u8>, Option<String>)>, CloudError> {
        let get = self.client.get_object().bucket(&self.name).key(key).expected_bucket_owner(self.owner.as_str());
        let get = get.set_version_id(version.map(ToOwned::to_owned));
        let mut output = match self.session.try_call(GET_OBJECT, key, get.send()).await {
            Ok(output) => output,
            Err(CallFailure { service_error: Some(service), .. }) if service.is_no_such_key() => return Ok(None),
            Err(failure) => return Err(self.explain(failure.error)),
        };
        let tag = output.e_tag.take();
        Ok(Some((objects::body(&self.session, key, output, limit_bytes).await?, tag)))
    }

    fn put_request(&self, key: &str, body: Vec<u8>) -> PutObjectFluentBuilder {
        // A bucket with Object Lock requires a checksum.
        let checksum = aws_smithy_types::base64::encode(Sha256::of(&body).as_bytes());
        let put = self.client.put_object().bucket(&self.name).key(key).expected_bucket_owner(self.owner.as_str());
        put.checksum_algorithm(ChecksumAlgorithm::Sha256).checksum_sha256(checksum).body(ByteStream::from(body))
    }

    /// Writes an object under a condition. Repeats the request while another write of the same key is in its way.
    async fn put_if(
        &self,
        key: &str,
        request: impl Fn() -> PutObjectFluentBuilder,
    ) -> Result<PutObjectOutput, CallFailure<PutObjectError>> {
        let mut contention = Contention::default();
        loop {
            let failure = match self.session.try_call(PUT_OBJECT, key, request().send()).await {
                Ok(output) => return Ok(output),
                Err(failure) => failure,
            };
            let code = failure.service_error.as_ref().and_then(ProvideErrorMetadata::code);
            if code != Some("ConditionalRequestConflict") || !contention.wait().await {
                return Err(failure);
            }
        }
    }

    pub(super) async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        let answer = self.put_if(key, || self.put_request(key, body.clone()).if_none_match("*")).await;
        match answer {
            Ok(_) => Ok(PutNew::Written),
            Err(failure) if code(&failure) == Some("PreconditionFailed") => Ok(PutNew::Exists),
            Err(failure) => Err(self.explain(failure.error)),
        }
    }

    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        let mut keys = pages(|token| self.page(prefix, token)).await?;
        keys.sort_unstable();
        Ok(keys)
    }

    async fn page(&self, prefix: &str, token: Option<String>) -> Result<(Vec<String>, Option<String>), CloudError> {
        let list = self.client.list_objects_v2().bucket(&self.name).expected_bucket_owner(self.owner.as_str());
        let list = list.prefix(prefix).set_continuation_token(token);
        let answer = self.session.call(LIST, prefix, list.send()).await;
        let output = answer.map_err(|error| self.explain(error))?;
        let objects = output.contents.unwrap_or_default().into_iter();
        let keys: Result<_, _> = objects.map(|object| object.key.present(LIST, prefix, "Key")).collect();
        Ok((keys?, output.next_continuation_token))
    }

    /// Whether the bucket can be listed.
    #[cfg(feature = "client")]
    pub(super) async fn probe(&self) -> Result<(), CloudError> {
        let list =
            self.client.list_objects_v2().bucket(&self.name).expected_bucket_owner(self.owner.as_str()).max_keys(1);
        let answer = self.session.call(LIST, &self.name, list.send()).await;
        answer.map(drop).map_err(|error| self.explain(error))
    }

    pub(super) async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        let Some((body, tag)) = self.get(CHECKPOINT_KEY, None, MAX_CHECKPOINT_BYTES).await? else { return Ok(None) };
        Ok(Some(StoredCheckpoint { body, tag: tag.present(GET_OBJECT, CHECKPOINT_KEY, "ETag")? }))
    }

    pub(super) async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        let request = || {
            let put = self.put_request(CHECKPOINT_KEY, body.clone());
            let put = match replaces {
                Some(tag) => put.if_match(tag),
                None => put.if_none_match("*"),
            };
            if !self.has_object_lock {
                return put;
            }
            let until = SystemTime::now() + CHECKPOINT_RETENTION;
            put.object_lock_mode(ObjectLockMode::Governance).object_lock_retain_until_date(until.into())
        };
        match self.put_if(CHECKPOINT_KEY, request).await {
            Ok(_) => Ok(true),
            // S3 answers `NoSuchKey` if there is no checkpoint to replace.
            Err(failure) if matches!(code(&failure), Some("PreconditionFailed" | "NoSuchKey")) => Ok(false),
            Err(failure) => Err(self.explain(failure.error)),
        }
    }
}

fn code(failure: &CallFailure<PutObjectError>) -> Option<&str> {
    failure.service_error.as_ref().and_then(ProvideErrorMetadata::code)
}
