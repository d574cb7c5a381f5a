//! The bucket of the audit log: versioned, with Object Lock, and written only by the functions of deployers.

use super::super::policy::{Statement, allow, deny, deny_elsewhere, document, substituted};
use super::super::store::private_bucket;
use super::place::LogPlace;
use super::retention::LockMode;
use super::{AuditLogOptions, only_by_stack};
use bifrost_core::cloud::CHECKPOINT_KEY;
use serde_json::{Value, json};

/// How long replaced checkpoints are kept, in days. Each is retained for one day.
const KEPT_CHECKPOINTS_DAYS: u32 = 7;

/// Everything that could end or shorten the life of an object, or replace its content, and that nothing here needs.
const ALTERING: [&str; 5] = [
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
];

/// The settings that protect the objects of the log.
const SETTINGS: [&str; 8] = [
    "s3:DeleteBucket",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutReplicationConfiguration",
];

/// Reading the log, with all its versions.
pub(super) const READING_OBJECTS: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];

/// Reading the log's keys and how they are protected.
pub(super) const READING_BUCKET: [&str; 7] = [
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
];

/// Object Lock gives each object the default retention, and only the checkpoint, which is replaced all the time, states its own. No
/// version of another object ever expires: more than one is a sign that somebody tried to alter the log.
pub(super) fn bucket(place: &LogPlace<'_>, options: &AuditLogOptions) -> Value {
    let special = json!({
        "LifecycleConfiguration": {"Rules": [
            {
                "Id": "RemoveOldCheckpoints",
                "Status": "Enabled",
                "Prefix": CHECKPOINT_KEY,
                "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_CHECKPOINTS_DAYS},
            },
            {
                "Id": "AbortUploads",
                "Status": "Enabled",
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            },
        ]},
        "ObjectLockEnabled": true,
        "ObjectLockConfiguration": options.retention.rule(options.mode),
    });
    private_bucket(&place.bucket(), special)
}

/// Denies to everybody, administrators included, what would alter the log. Anyone who may change the policy can lift that, and
/// `CloudTrail` has the change of the policy. It is not denied: nobody but the root user could ever correct the policy.
pub(super) fn policy(place: &LogPlace<'_>, options: &AuditLogOptions) -> Value {
    let statements = [
        deny("TlsOnly", &["s3:*"], &[place.bucket_arn(), place.objects_arn("*")]).when(
            "Bool",
            "aws:SecureTransport",
            &["false"],
        ),
        deny("NobodyAlters", &ALTERING, &[place.objects_arn("*")]),
        only_by_stack(deny("KeepSettings", &SETTINGS, &[place.bucket_arn()])),
        deny("OnlyFunctionsWrite", &["s3:PutObject", "s3:PutObjectRetention"], &[place.objects_arn("*")]).when(
            "ArnNotLike",
            "aws:PrincipalArn",
            &[&place.functions_arn()],
        ),
        deny_elsewhere("OnlyKnownKeys", &["s3:PutObject"], &place.written_arns()),
    ];
    let statements = statements.into_iter().chain(conditional(place)).chain(retained(place, options));
    let statements = statements.map(|statement| statement.of("*".into()));
    json!({"Bucket": {"Ref": "Bucket"}, "PolicyDocument": document(statements.chain(from_deployer_account(place)))})
}

/// An existing key cannot be written again, and the checkpoint only by who has read the one that it replaces. This also denies
/// copies and uploads in parts: their requests cannot carry the condition.
fn conditional(place: &LogPlace<'_>) -> [Statement; 2] {
    let checkpoint = [place.checkpoint_arn()];
    [
        deny_elsewhere("WriteOnce", &["s3:PutObject"], &checkpoint).when("Null", "s3:if-none-match", &["true"]),
        deny("ReplaceReadCheckpoint", &["s3:PutObject"], &checkpoint).when("Null", "s3:if-match", &["true"]).when(
            "Null",
            "s3:if-none-match",
            &["true"],
        ),
    ]
}

/// A put may state its own retention. Then it must not be below the rule of the bucket.
fn retained(place: &LogPlace<'_>, options: &AuditLogOptions) -> Vec<Statement> {
    let (checkpoint, actions) = ([place.checkpoint_arn()], ["s3:PutObject", "s3:PutObjectRetention"]);
    let fewest = options.retention.fewest_days().to_string();
    let long = deny_elsewhere("RetainLong", &actions, &checkpoint).when(
        "NumericLessThan",
        "s3:object-lock-remaining-retention-days",
        &[&fewest],
    );
    // Without the second condition it would match puts that state no retention, too.
    let strict = deny_elsewhere("RetainStrictly", &actions, &checkpoint)
        .when("StringNotEquals", "s3:object-lock-mode", &[options.mode.name()])
        .when("Null", "s3:object-lock-mode", &["false"]);
    [long].into_iter().chain((options.mode == LockMode::Compliance).then_some(strict)).collect()
}

/// A bucket of another account must allow what the policies of the deployer account allow.
fn from_deployer_account(place: &LogPlace<'_>) -> Vec<Statement> {
    if !place.is_apart() {
        return Vec::new();
    }
    let principal = || json!({"AWS": substituted(&place.deployer_root())});
    let functions = [place.functions_arn()];
    let of_functions = |statement: Statement| {
        statement.of(principal()).when("ArnLike", "aws:PrincipalArn", &functions.each_ref().map(String::as_str))
    };
    vec![
        of_functions(allow("FunctionsWrite", &["s3:PutObject"], &place.written_arns())),
        of_functions(allow("FunctionsRetainCheckpoint", &["s3:PutObjectRetention"], &[place.checkpoint_arn()])),
        allow("DeployerAccountReads", &READING_OBJECTS, &[place.objects_arn("*")]).of(principal()),
        allow("DeployerAccountLists", &READING_BUCKET, &[place.bucket_arn()]).of(principal()),
    ]
}
