//! What a deployer keeps: its bucket and its table of root locks.

use super::names::{HAS_CODE, Names};
use super::policy::{deny, document, substituted};
use super::reader::{self, Reader};
use super::template::Template;
use serde_json::{Value, json};

/// How long a version that was overwritten or deleted can be brought back, in days. Nothing that stands is ever removed:
/// a release is what `safe_release` compares the next with, and a release lock is what refuses it for good.
const KEPT_VERSIONS_DAYS: u32 = 30;

pub(super) fn add(template: Template, names: Names, readers: &[Reader]) -> Template {
    template
        .resource("Bucket", "AWS::S3::Bucket", bucket(names))
        .kept("Bucket")
        .resource("BucketPolicy", "AWS::S3::BucketPolicy", bucket_policy(names, readers))
        .resource("LockTable", "AWS::DynamoDB::Table", lock_table(names))
        .kept("LockTable")
        .output("Bucket", "Where releases are uploaded to", json!({"Ref": "Bucket"}))
        .output("LockTable", "The table of root locks", json!({"Ref": "LockTable"}))
}

/// Objects are encrypted with S3's own key unless their writer asks for KMS, as clients do for user data: locks and halt
/// flags are read at every look, which with KMS would be a request to it each.
///
/// Object Lock is on for the trail alone, so there is no default retention: it would hold for every object, and neither
/// lock nor halt flag could be removed. The bucket's policy has each object of the trail bring its own.
fn bucket(names: Names) -> Value {
    json!({
        "BucketName": substituted(&names.bucket()),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        },
        "LifecycleConfiguration": {"Rules": [{
            "Id": "RemoveOldVersions",
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_VERSIONS_DAYS},
            "ExpiredObjectDeleteMarker": true,
        }]},
        "ObjectLockEnabled": true,
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true,
            "BlockPublicPolicy": true,
            "IgnorePublicAcls": true,
            "RestrictPublicBuckets": true,
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    })
}

/// A release lock stays for good, or its release could be deployed again. It is told from a root lock, which is an object
/// of the same name, by its directory: `release-` and a digit.
fn bucket_policy(names: Names, readers: &[Reader]) -> Value {
    let everything = [names.bucket_arn(), names.objects_arn("*")];
    let release_locks: Vec<String> =
        (0..10).map(|digit| names.objects_arn(&format!("*/release-{digit}*/lock"))).collect();
    let statements = [
        deny("TlsOnly", &["s3:*"], &everything).when("Bool", "aws:SecureTransport", &["false"]).of("*".into()),
        deny("TrailIsRetained", &["s3:PutObject"], &[names.objects_arn("_audit/*")])
            .when("Null", "s3:object-lock-retain-until-date", &["true"])
            .of("*".into()),
        deny("ReleaseLocksStay", &["s3:DeleteObject"], &release_locks).of("*".into()),
    ];
    let statements = statements.into_iter().chain(reader::statements(names, readers));
    json!({"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document(statements)})
}

/// The table is protected once the deployer runs: a first deploy that fails must be able to take it back.
fn lock_table(names: Names) -> Value {
    json!({
        "TableName": names.lock_table(),
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        "DeletionProtectionEnabled": {"Fn::If": [HAS_CODE, true, false]},
    })
}
