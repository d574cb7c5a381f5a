//! Reads the settings of a bucket, each with a call and a permission of its own.

use crate::AwsSession;
use crate::objects::client;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_bucket_encryption::GetBucketEncryptionOutput;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    PublicAccessBlockConfiguration,
};
use bifrost_core::cloud::{BucketSettings, CloudError, ObjectLock};
use bifrost_core::json;
use bifrost_core::release::{AccountId, BucketName};
use serde_json::Value;

/// A bucket that must belong to `owner`.
pub(super) struct S3Bucket<'a> {
    session: &'a AwsSession,
    client: Client,
    name: &'a str,
    owner: &'a str,
}

impl<'a> S3Bucket<'a> {
    pub(super) fn new(session: &'a AwsSession, name: &'a BucketName, owner: &'a AccountId) -> Self {
        Self { session, client: client(session), name: name.as_str(), owner: owner.as_str() }
    }

    /// Makes all calls at once. It lists the bucket because the answer to `HeadBucket` has no reason for an error.
    pub(super) async fn settings(&self) -> Result<Option<BucketSettings>, CloudError> {
        let (listed, is_versioned, encryption, is_shut_to_the_public, policy, object_lock) = tokio::join!(
            self.list(),
            self.is_versioned(),
            self.encryption(),
            self.is_shut_to_the_public(),
            self.policy(),
            self.object_lock(),
        );
        let settings = BucketSettings { is_versioned, encryption, is_shut_to_the_public, policy, object_lock };
        match listed {
            Err(error) if error.code == "NoSuchBucket" => Ok(None),
            Err(error) if is_not_readable(&settings) => Err(error),
            _ => Ok(Some(settings)),
        }
    }

    async fn list(&self) -> Result<(), CloudError> {
        let list = self.client.list_objects_v2().bucket(self.name).expected_bucket_owner(self.owner).max_keys(1);
        self.session.call("s3:ListObjectsV2", self.name, list.send()).await.map(drop)
    }

    async fn is_versioned(&self) -> Result<bool, CloudError> {
        let get = self.client.get_bucket_versioning().bucket(self.name).expected_bucket_owner(self.owner);
        let output = self.session.call("s3:GetBucketVersioning", self.name, get.send()).await?;
        Ok(output.status == Some(BucketVersioningStatus::Enabled))
    }

    async fn encryption(&self) -> Result<Option<String>, CloudError> {
        let get = self.client.get_bucket_encryption().bucket(self.name).expected_bucket_owner(self.owner);
        let answer = self.session.call("s3:GetBucketEncryption", self.name, get.send()).await;
        Ok(none_if(answer, "ServerSideEncryptionConfigurationNotFoundError")?.as_ref().and_then(algorithm))
    }

    async fn is_shut_to_the_public(&self) -> Result<bool, CloudError> {
        let get = self.client.get_public_access_block().bucket(self.name).expected_bucket_owner(self.owner);
        let answer = self.session.call("s3:GetPublicAccessBlock", self.name, get.send()).await;
        let output = none_if(answer, "NoSuchPublicAccessBlockConfiguration")?;
        Ok(output.and_then(|output| output.public_access_block_configuration).is_some_and(|block| blocks_all(&block)))
    }

    async fn policy(&self) -> Result<Option<Value>, CloudError> {
        let get = self.client.get_bucket_policy().bucket(self.name).expected_bucket_owner(self.owner);
        let answer = self.session.call("s3:GetBucketPolicy", self.name, get.send()).await;
        let text = none_if(answer, "NoSuchBucketPolicy")?.and_then(|output| output.policy);
        // A policy that our parser refuses is still a policy.
        Ok(text.map(|text| json::parse(text.as_bytes()).unwrap_or(Value::String(text))))
    }

    async fn object_lock(&self) -> Result<Option<ObjectLock>, CloudError> {
        let get = self.client.get_object_lock_configuration().bucket(self.name).expected_bucket_owner(self.owner);
        let answer = self.session.call("s3:GetObjectLockConfiguration", self.name, get.send()).await;
        let output = none_if(answer, "ObjectLockConfigurationNotFoundError")?;
        Ok(output.and_then(|output| output.object_lock_configuration).as_ref().and_then(object_lock))
    }
}

fn object_lock(lock: &ObjectLockConfiguration) -> Option<ObjectLock> {
    let default = lock.rule.as_ref().and_then(|rule| rule.default_retention.as_ref());
    let is_on = lock.object_lock_enabled == Some(ObjectLockEnabled::Enabled);
    is_on.then(|| ObjectLock { default_retention: default.and_then(retention) })
}

/// The retention as text, such as `COMPLIANCE, 7 years`.
fn retention(retention: &DefaultRetention) -> Option<String> {
    let mode = retention.mode.as_ref()?.as_str();
    match (retention.years, retention.days) {
        (Some(years), _) => Some(format!("{mode}, {years} years")),
        (None, Some(days)) => Some(format!("{mode}, {days} days")),
        (None, None) => None,
    }
}

/// The answer; `None` if the setting is not configured, for which S3 has an error with this code.
fn none_if<T>(answer: Result<T, CloudError>, code: &str) -> Result<Option<T>, CloudError> {
    match answer {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code == code => Ok(None),
        Err(error) => Err(error),
    }
}

fn algorithm(output: &GetBucketEncryptionOutput) -> Option<String> {
    let rule = output.server_side_encryption_configuration.as_ref()?.rules.first()?;
    Some(rule.apply_server_side_encryption_by_default.as_ref()?.sse_algorithm.as_str().to_owned())
}

fn blocks_all(block: &PublicAccessBlockConfiguration) -> bool {
    let blocks = [block.block_public_acls, block.block_public_policy, block.ignore_public_acls];
    blocks.into_iter().chain([block.restrict_public_buckets]).all(|is_blocked| is_blocked == Some(true))
}

fn is_not_readable(settings: &BucketSettings) -> bool {
    let BucketSettings { is_versioned, encryption, is_shut_to_the_public, policy, object_lock } = settings;
    is_versioned.is_err()
        && encryption.is_err()
        && is_shut_to_the_public.is_err()
        && policy.is_err()
        && object_lock.is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_access_is_blocked_by_all_four_settings() {
        let three = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true);
        assert!(!blocks_all(&three.clone().build()));
        assert!(!blocks_all(&three.clone().restrict_public_buckets(false).build()));
        assert!(blocks_all(&three.restrict_public_buckets(true).build()));
    }

    #[test]
    fn object_lock_has_its_default_retention() {
        use aws_sdk_s3::types::{ObjectLockRetentionMode, ObjectLockRule};
        let lock = |retention: Option<DefaultRetention>| {
            let rule = retention.map(|retention| ObjectLockRule::builder().default_retention(retention).build());
            let lock =
                ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).set_rule(rule);
            object_lock(&lock.build()).map(|lock| lock.default_retention)
        };
        let retention = || DefaultRetention::builder().mode(ObjectLockRetentionMode::Compliance);
        assert_eq!(lock(Some(retention().years(7).build())), Some(Some("COMPLIANCE, 7 years".into())));
        assert_eq!(lock(Some(retention().days(400).build())), Some(Some("COMPLIANCE, 400 days".into())));
        assert_eq!(lock(Some(retention().build())), Some(None));
        assert_eq!(lock(None), Some(None));
        assert_eq!(object_lock(&ObjectLockConfiguration::builder().build()), None);
    }
}
