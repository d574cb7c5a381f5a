//! The bucket of a deployer and its table of root locks.

use super::names::{HAS_CODE, Names};
use super::policy::{Statement, deny, document, substituted};
use super::reader::{self, Reader};
use super::template::Template;
use bifrost_core::cloud::DeployedItem;
use serde_json::{Value, json};

/// The attribute of the items `ended/…` with the time after which DynamoDB may delete them, in seconds since 1970.
pub(crate) const EXPIRY_ATTRIBUTE: &str = "expires_at";

/// Every action that can write an item of a table.
pub(super) const ITEM_WRITES: [&str; 7] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
];

/// How long overwritten and deleted versions are kept, in days. Current versions are never removed: `safe_release`
/// compares the next release with the last one, and a release lock must refuse its release for ever.
const KEPT_VERSIONS_DAYS: u32 = 30;

pub(super) fn add(template: Template, names: Names, readers: &[Reader]) -> Template {
    template
        .resource("Bucket", "AWS::S3::Bucket", bucket(names))
        .kept("Bucket")
        .resource("BucketPolicy", "AWS::S3::BucketPolicy", bucket_policy(names, readers))
        .resource("LockTable", "AWS::DynamoDB::Table", lock_table(names))
        .kept("LockTable")
        .output("Bucket", "Bucket of releases", json!({"Ref": "Bucket"}))
        .output("LockTable", "Table of root locks", json!({"Ref": "LockTable"}))
}

/// Objects are encrypted with S3's own key unless the client asks for KMS, as it does for user data. Every health check
/// reads locks and halt flags, and with KMS each read would be one more request to it.
///
/// Object Lock is on without a default retention, and has no effect: the audit log has a bucket of its own. Earlier versions of this
/// template turned it on, and S3 cannot turn it off, so an update of an existing stack without it would fail.
fn bucket(names: Names) -> Value {
    let special = json!({
        "LifecycleConfiguration": {"Rules": [{
            "Id": "RemoveOldVersions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_VERSIONS_DAYS},
            "ExpiredObjectDeleteMarker": true,
        }]},
        "ObjectLockEnabled": true,
    });
    private_bucket(&names.bucket(), special)
}

/// The properties of a bucket that only its own account uses: encrypted, versioned and not public. `special` are its other properties.
pub(super) fn private_bucket(name: &str, special: Value) -> Value {
    let mut bucket = json!({
        "BucketName": substituted(name),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    });
    if let (Value::Object(bucket), Value::Object(special)) = (&mut bucket, special) {
        bucket.extend(special);
    }
    bucket
}

/// A release lock is kept for ever: without it the release could be deployed again. A root lock of a Go deployer has
/// the same object name; the directory of a release lock begins with `release-` and a digit.
fn bucket_policy(names: Names, readers: &[Reader]) -> Value {
    let everything = [names.bucket_arn(), names.objects_arn("*")];
    let release_locks: Vec<String> =
        (0..10).map(|digit| names.objects_arn(&format!("*/release-{digit}*/lock"))).collect();
    let statements = [
        deny("TlsOnly", &["s3:*"], &everything).when("Bool", "aws:SecureTransport", &["false"]).of("*".into()),
        deny("KeepReleaseLocks", &["s3:DeleteObject"], &release_locks).of("*".into()),
    ];
    let statements = statements.into_iter().chain(reader::statements(names, readers));
    json!({"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document(statements)})
}

/// Deletion protection is on once there is a function: CloudFormation must be able to delete the table when the first
/// deploy of the stack fails.
fn lock_table(names: Names) -> Value {
    json!({
        "TableName": names.lock_table(),
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "TimeToLiveSpecification": {"AttributeName": EXPIRY_ATTRIBUTE, "Enabled": true},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        "DeletionProtectionEnabled": {"Fn::If": [HAS_CODE, true, false]},
        "ResourcePolicy": {"PolicyDocument": document([keep_deployed(names)])},
    })
}

/// Only the function writes what is deployed. A deploy of an older release is refused because of these items, so no
/// policy of a user, however wide, allows changing or deleting them.
fn keep_deployed(names: Names) -> Statement {
    deny("OnlyTheFunctionWritesDeployed", &ITEM_WRITES, &[names.table_arn()])
        .of("*".into())
        .when("ForAnyValue:StringLike", "dynamodb:LeadingKeys", &[&format!("{}*", DeployedItem::PREFIX)])
        .when("ArnNotEquals", "aws:PrincipalArn", &[&names.execution_role_arn()])
}
