//! The resources of a deployer in its own account, as `doctor` checks them. A user may have the rights to see only some of
//! them, so each call has its own result.

use super::{AuditStore, CloudError};
use crate::release::{AccountId, BucketName, Sha256};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The configuration of a Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionConfiguration {
    /// Its state, such as `Active`.
    pub state: String,
    /// The reason for the state, if Lambda has one.
    pub state_reason: Option<String>,
    /// The status of its last update, such as `Successful`.
    pub last_update_status: String,
    /// The reason for that status, if Lambda has one.
    pub last_update_reason: Option<String>,
    /// The architecture of its code: `x86_64` or `arm64`.
    pub architecture: String,
    /// SHA-256 of its code, a zip file; `None` for a container image.
    pub code_sha256: Option<Sha256>,
    /// Its timeout, in seconds.
    pub timeout_seconds: u32,
    /// Its memory, in MiB.
    pub memory_mib: u32,
    /// The ARN of its role.
    pub role: String,
    /// The names of its environment variables. The values may be secrets, so they are not kept.
    pub variables: Vec<String>,
    /// The values of those variables that are known not to be secrets ([`SETTINGS`](Self::SETTINGS)).
    pub settings: BTreeMap<String, String>,
}

impl FunctionConfiguration {
    /// The variables whose values are kept.
    pub const SETTINGS: [&'static str; 7] = [
        "BIFROST_AUDIT",
        "BIFROST_AUDIT_ACCOUNT",
        "BIFROST_AUDIT_BUCKET",
        "BIFROST_AUDIT_KEY",
        "BIFROST_AUDIT_ORIGIN",
        "BIFROST_AUDIT_TABLE",
        "BIFROST_SESSION_TAGS",
    ];
}

/// The configuration of a state machine.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineConfiguration {
    /// Its status, such as `ACTIVE`.
    pub status: String,
    /// Its definition; a JSON string if the framework cannot parse it.
    pub definition: Value,
    /// The log level of its executions, such as `ALL` or `OFF`.
    pub log_level: String,
    /// Whether its executions are traced with X-Ray.
    pub is_traced: bool,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its status, such as `ACTIVE`.
    pub status: String,
    /// The attributes of its key.
    pub key: Vec<KeyAttribute>,
    /// The attribute with the time at which DynamoDB may delete an item, if TTL is enabled (`dynamodb:DescribeTimeToLive`,
    /// which needs its own permission).
    pub time_to_live: Result<Option<String>, CloudError>,
}

/// An attribute of a table's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// Its role in the key: `HASH` or `RANGE`.
    pub key_type: String,
    /// The type of its values: `S`, `N` or `B`.
    pub attribute_type: String,
}

/// How many subscriptions an SNS topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSubscriptions {
    /// Those that receive its messages.
    pub confirmed: u32,
    /// Those that receive nothing until their owner confirms them.
    pub pending: u32,
}

/// The settings of a bucket. Each needs its own permission.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketSettings {
    /// Whether versioning is on (`s3:GetBucketVersioning`).
    pub is_versioned: Result<bool, CloudError>,
    /// The default encryption: `AES256`, `aws:kms` … (`s3:GetBucketEncryption`).
    pub encryption: Result<Option<String>, CloudError>,
    /// Whether all four settings that block public access are on (`s3:GetPublicAccessBlock`).
    pub is_shut_to_the_public: Result<bool, CloudError>,
    /// Its policy (`s3:GetBucketPolicy`).
    pub policy: Result<Option<Value>, CloudError>,
    /// Object Lock, if it is on (`s3:GetObjectLockConfiguration`).
    pub object_lock: Result<Option<ObjectLock>, CloudError>,
}

/// Object Lock of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectLock {
    /// The default retention of its objects, such as `COMPLIANCE, 7 years`. `None` if objects have to state their own.
    pub default_retention: Option<String>,
}

/// A key in KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey {
    /// Its ARN.
    pub arn: String,
    /// Its state, such as `Enabled`.
    pub state: String,
    /// Its specification, such as `ECC_NIST_EDWARDS25519`.
    pub spec: String,
    /// Its usage, such as `SIGN_VERIFY`.
    pub usage: String,
}

/// The result of an invocation of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// The function returned this value.
    Returned(Value),
    /// The function failed. Lambda's report is usually an object with `errorType` and `errorMessage`.
    Failed(Value),
}

/// The deployer's resources in its own account and region.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// The ARN of the caller (`sts:GetCallerIdentity`).
    ///
    /// # Errors
    /// [`CloudError`] from STS.
    async fn caller(&self) -> Result<String, CloudError>;

    /// Reads a function (`lambda:GetFunctionConfiguration`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Lambda.
    async fn function(&self, name: &str) -> Result<Option<FunctionConfiguration>, CloudError>;

    /// The tags of a function (`lambda:ListTags`). Empty if it has none, or does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Lambda.
    async fn function_tags(&self, name: &str) -> Result<BTreeMap<String, String>, CloudError>;

    /// Reads a state machine (`states:DescribeStateMachine`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Step Functions.
    async fn state_machine(&self, arn: &str) -> Result<Option<MachineConfiguration>, CloudError>;

    /// Reads a table (`dynamodb:DescribeTable`, `dynamodb:DescribeTimeToLive`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from DynamoDB.
    async fn table(&self, name: &str) -> Result<Option<Table>, CloudError>;

    /// Counts the subscriptions of an SNS topic (`sns:GetTopicAttributes`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from SNS.
    async fn subscriptions(&self, topic_arn: &str) -> Result<Option<TopicSubscriptions>, CloudError>;

    /// Reads the settings of a bucket. `None` if it does not exist. Every call sends `ExpectedBucketOwner`.
    ///
    /// # Errors
    /// The error of `s3:ListObjectsV2`, if no setting can be read either: the bucket belongs to another account than `owner`, or
    /// the caller has no permission.
    async fn bucket(&self, name: &BucketName, owner: &AccountId) -> Result<Option<BucketSettings>, CloudError>;

    /// Reads a key, by its id, ARN or alias (`kms:DescribeKey`). `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from KMS.
    async fn key(&self, id: &str) -> Result<Option<KmsKey>, CloudError>;

    /// Reads the resource-based policy of a function: who may invoke it (`lambda:GetPolicy`). `None` if it has none, or does not
    /// exist.
    ///
    /// # Errors
    /// [`CloudError`] from Lambda.
    async fn function_policy(&self, name: &str) -> Result<Option<Value>, CloudError>;

    /// The storage of an audit log, with the permissions of the user: its bucket, the owner of that, and its table.
    fn audit_store(&self, bucket: &BucketName, owner: &AccountId, table: &str) -> Arc<dyn AuditStore>;

    /// Invokes a function and waits for its result (`lambda:Invoke`).
    ///
    /// # Errors
    /// [`CloudError`] from Lambda. A function that fails is not an error here: see [`Invocation::Failed`].
    async fn invoke(&self, function: &str, payload: &Value) -> Result<Invocation, CloudError>;
}
