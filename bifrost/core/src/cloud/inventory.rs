//! What a deployer consists of in its account, as `doctor` looks at it. A person may see some of it and not the rest, so
//! each thing answers for itself.

use super::CloudError;
use crate::release::BucketName;
use async_trait::async_trait;
use serde_json::Value;

/// A Lambda function, as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionConfiguration {
    /// Its state, such as `Active`.
    pub state: String,
    /// Why it is in that state, if Lambda says so.
    pub state_reason: Option<String>,
    /// How its last update went, such as `Successful`.
    pub last_update_status: String,
    /// Why it went so, if Lambda says so.
    pub last_update_reason: Option<String>,
    /// What its code was built for: `x86_64` or `arm64`.
    pub architecture: String,
    /// How long an invocation may take, in seconds.
    pub timeout_seconds: u32,
    /// Its memory, in MiB.
    pub memory_mib: u32,
    /// The ARN of its role.
    pub role: String,
    /// The names of its environment variables. Their values may be secrets, and are not kept.
    pub variables: Vec<String>,
}

/// A state machine, as it is configured.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineConfiguration {
    /// Its status, such as `ACTIVE`.
    pub status: String,
    /// Its definition; as a text where it is no JSON that the framework reads.
    pub definition: Value,
    /// What of its executions is logged, such as `ALL` or `OFF`.
    pub log_level: String,
    /// Whether its executions are traced.
    pub is_traced: bool,
}

/// A DynamoDB table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its status, such as `ACTIVE`.
    pub status: String,
    /// The attributes of its key.
    pub key: Vec<KeyAttribute>,
}

/// An attribute of a table's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// Its name.
    pub name: String,
    /// What it is to the key: `HASH` or `RANGE`.
    pub key_type: String,
    /// The type of its values: `S`, `N` or `B`.
    pub attribute_type: String,
}

/// A bucket of the account. Each setting asks for a permission of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketSettings {
    /// Whether what is overwritten or deleted is kept (`s3:GetBucketVersioning`).
    pub is_versioned: Result<bool, CloudError>,
    /// How objects are encrypted whose writer does not say: `AES256`, `aws:kms` … (`s3:GetBucketEncryption`).
    pub encryption: Result<Option<String>, CloudError>,
    /// Whether all four ways to make it public are shut (`s3:GetPublicAccessBlock`).
    pub is_shut_to_the_public: Result<bool, CloudError>,
    /// Its policy (`s3:GetBucketPolicy`).
    pub policy: Result<Option<Value>, CloudError>,
    /// Whether objects can be locked (`s3:GetObjectLockConfiguration`).
    pub has_object_lock: Result<bool, CloudError>,
}

/// How an invocation of a function ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// It returned this.
    Returned(Value),
    /// It failed: what Lambda reports, an object with `errorType` and `errorMessage` as a rule.
    Failed(Value),
}

/// The deployer's things in its own account and region.
#[async_trait]
pub trait Inventory: Send + Sync {
    /// The ARN of who asks (`sts:GetCallerIdentity`).
    ///
    /// # Errors
    /// Whatever STS answers.
    async fn caller(&self) -> Result<String, CloudError>;

    /// The function of that name; `None` if there is none (`lambda:GetFunctionConfiguration`).
    ///
    /// # Errors
    /// Whatever Lambda answers.
    async fn function(&self, name: &str) -> Result<Option<FunctionConfiguration>, CloudError>;

    /// The state machine of that ARN; `None` if there is none (`states:DescribeStateMachine`).
    ///
    /// # Errors
    /// Whatever Step Functions answers.
    async fn state_machine(&self, arn: &str) -> Result<Option<MachineConfiguration>, CloudError>;

    /// The table of that name; `None` if there is none (`dynamodb:DescribeTable`).
    ///
    /// # Errors
    /// Whatever DynamoDB answers.
    async fn table(&self, name: &str) -> Result<Option<Table>, CloudError>;

    /// The bucket of that name; `None` if there is none. Every call sends `ExpectedBucketOwner`.
    ///
    /// # Errors
    /// Why it cannot be listed (`s3:ListObjectsV2`), if it shows none of its settings either: it is of another account, or
    /// the caller may not look at it.
    async fn bucket(&self, name: &BucketName) -> Result<Option<BucketSettings>, CloudError>;

    /// Invokes the function of that name and waits for its answer (`lambda:Invoke`).
    ///
    /// # Errors
    /// Whatever Lambda answers; that the function failed is an [`Invocation`].
    async fn invoke(&self, function: &str, payload: &Value) -> Result<Invocation, CloudError>;
}
