//! The key that signs checkpoints, and the policy for auditors.

use super::super::policy::{allow, document, substituted};
use super::bucket::{READING_BUCKET, READING_OBJECTS};
use super::place::{LogPlace, SIGNING};
use serde_json::{Value, json};

/// How long KMS waits before it deletes the key, in days: the longest that it accepts. Without the key nothing can be added to the log.
const DELETION_DAYS: u32 = 30;

/// What administrators may do by their own policies. Signing is not among it.
const ADMINISTERING: [&str; 17] = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:GetPublicKey",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
];

/// The private key cannot leave KMS. Only the functions of deployers sign, and only as they do: whole messages with Ed25519.
pub(super) fn key(place: &LogPlace<'_>) -> Value {
    let of = |arn: &str| json!({"AWS": substituted(arn)});
    let deployers = || of(&place.deployer_root());
    let functions = place.functions_arn();
    let statements = [
        allow("Administer", &ADMINISTERING, &["*"]).of(of("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
        allow("FunctionsSign", &SIGNING, &["*"])
            .of(deployers())
            .when("ArnLike", "aws:PrincipalArn", &[&functions])
            .when("StringEqualsIfExists", "kms:MessageType", &["RAW"])
            .when("StringEqualsIfExists", "kms:SigningAlgorithm", &["ED25519_SHA_512"]),
        allow("DeployerAccountReads", &["kms:DescribeKey", "kms:GetPublicKey"], &["*"]).of(deployers()),
    ];
    json!({
        "Description": substituted(&format!("Signs the checkpoints of the audit log {}", place.bucket())),
        "KeySpec": "ECC_NIST_EDWARDS25519",
        "KeyUsage": "SIGN_VERIFY",
        "KeyPolicy": document(statements),
        "PendingWindowInDays": DELETION_DAYS,
    })
}

pub(super) fn alias(place: &LogPlace<'_>) -> Value {
    json!({"AliasName": substituted(&place.alias()), "TargetKeyId": {"Ref": "SigningKey"}})
}

/// Auditors read every version of every object, and the public key. They need no table: it only orders what is added.
pub(super) fn read_policy(place: &LogPlace<'_>) -> Value {
    let statements = [
        allow("ReadAuditLog", &READING_OBJECTS, &[place.objects_arn("*")]),
        allow("ListAuditLog", &READING_BUCKET, &[place.bucket_arn()]),
        allow("ReadPublicKey", &["kms:DescribeKey", "kms:GetPublicKey"], &["${SigningKey.Arn}"]),
    ];
    json!({
        "ManagedPolicyName": substituted(&place.read_policy()),
        // CloudFormation replaces a policy whose description changes, which it cannot do with a fixed name: this text must
        // never change.
        "Description": "Read and verify the audit log of deploys",
        "PolicyDocument": document(statements),
    })
}
