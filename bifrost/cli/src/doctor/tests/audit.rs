//! Audit logs as `doctor` observes them.

use super::fixture::{bucket, denied, function, healthy, identity, table};
use super::states::State;
use crate::doctor::audit_log::ObservedLog;
use crate::doctor::audit_trail::ObservedTrail;
use crate::doctor::examine::Observed;
use bifrost_core::cloud::{
    BucketSettings, FunctionConfiguration, KmsKey, LogHead, ObjectLock, StoredCheckpoint, Table,
};
use bifrost_core::release::Sha256;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn audit_settings(mode: &str) -> BTreeMap<String, String> {
    [("BIFROST_AUDIT".to_owned(), mode.to_owned())].into()
}

/// A signed checkpoint. `doctor` does not verify its signature: `bifrost audit verify` does.
fn checkpoint(origin: &str, size: u64) -> StoredCheckpoint {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let body = format!(
        "{origin}\n{size}\n{root}\n\n\u{2014} {origin} Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    );
    StoredCheckpoint { body: body.into_bytes(), tag: "tag".into() }
}

fn own_checkpoint(size: u64) -> StoredCheckpoint {
    checkpoint(&identity("us-east-1").audit_origin(), size)
}

fn head(size: u64) -> LogHead {
    LogHead { size, subtrees: vec![Sha256::of(b"a subtree")] }
}

fn deny(action: &[&str], condition: Option<Value>) -> Value {
    let mut statement = json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

/// The statements of a policy that protects the log.
pub(super) fn protecting() -> Vec<Value> {
    vec![
        deny(&["s3:*"], Some(json!({"Bool": {"aws:SecureTransport": "false"}}))),
        deny(&["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"], None),
        deny(&["s3:PutObject"], Some(json!({"Null": {"s3:if-none-match": "true"}}))),
        deny(
            &["s3:PutObject"],
            Some(json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/coinbase-*-lambda"}})),
        ),
    ]
}

fn log_bucket() -> BucketSettings {
    BucketSettings {
        policy: Ok(Some(json!({"Statement": protecting()}))),
        object_lock: Ok(Some(ObjectLock { default_retention: Some("COMPLIANCE, 7 years".into()) })),
        ..bucket()
    }
}

fn key() -> KmsKey {
    KmsKey {
        arn: "arn:aws:kms:us-east-1:111111111111:key/0f1e".into(),
        state: "Enabled".into(),
        spec: "ECC_NIST_EDWARDS25519".into(),
        usage: "SIGN_VERIFY".into(),
    }
}

fn trail() -> ObservedTrail {
    let rule = "arn:aws:events:us-east-1:111111111111:rule/coinbase-odin-audit";
    let statement = json!({"Effect": "Allow", "Condition": {"ArnLike": {"AWS:SourceArn": rule}}});
    ObservedTrail {
        checkpoint: Ok(Some(own_checkpoint(9))),
        head: Ok(head(9)),
        waiting: None,
        function: Ok(Some(function())),
        policy: Ok(Some(json!({"Statement": [statement]}))),
    }
}

pub(super) fn healthy_log() -> ObservedLog {
    ObservedLog {
        bucket: Ok(Some(log_bucket())),
        table: Ok(Some(table("key", "S"))),
        key: Ok(Some(key())),
        trail: trail(),
    }
}

fn with_log(log: ObservedLog) -> Observed {
    Observed { audit_log: Some(log), ..healthy() }
}

fn with_log_bucket(bucket: BucketSettings) -> Observed {
    with_log(ObservedLog { bucket: Ok(Some(bucket)), ..healthy_log() })
}

pub(super) fn with_statements(statements: &[Value]) -> Observed {
    with_log_bucket(BucketSettings { policy: Ok(Some(json!({"Statement": statements}))), ..log_bucket() })
}

fn with_lock(object_lock: Option<ObjectLock>) -> Observed {
    with_log_bucket(BucketSettings { object_lock: Ok(object_lock), ..log_bucket() })
}

fn with_key(key: KmsKey) -> Observed {
    with_log(ObservedLog { key: Ok(Some(key)), ..healthy_log() })
}

fn with_trail(trail: ObservedTrail) -> Observed {
    with_log(ObservedLog { trail, ..healthy_log() })
}

fn with_sizes(published: u64, sequenced: u64, waiting: Option<i64>) -> Observed {
    let (checkpoint, head) = (Ok(Some(own_checkpoint(published))), Ok(head(sequenced)));
    with_trail(ObservedTrail { checkpoint, head, waiting: waiting.map(TimeDelta::minutes), ..trail() })
}

pub(super) fn with_settings(settings: &[(&str, &str)]) -> Observed {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Observed { function: Ok(Some(FunctionConfiguration { settings, ..function() })), ..healthy() }
}

pub(super) fn audit_states() -> Vec<State> {
    [setting_states(), protection_states(), trail_states()].into_iter().flatten().collect()
}

fn setting_states() -> Vec<State> {
    let denied_log = || ObservedLog {
        bucket: Err(denied("s3:ListObjectsV2", "ada is not authorized to perform: s3:ListBucket")),
        table: Err(denied("dynamodb:DescribeTable", "no")),
        key: Err(denied("kms:DescribeKey", "no")),
        trail: ObservedTrail {
            checkpoint: Err(denied("s3:GetObject", "no")),
            head: Err(denied("dynamodb:GetItem", "no")),
            waiting: None,
            function: Err(denied("lambda:GetFunctionConfiguration", "no")),
            policy: Err(denied("lambda:GetPolicy", "no")),
        },
    };
    vec![
        ("there is no audit log", Observed { audit_log: None, ..with_settings(&[]) }, &["Warning audit log"]),
        (
            "audit log is off",
            Observed { audit_log: None, ..with_settings(&[("BIFROST_AUDIT", "off")]) },
            &["Warning audit log"],
        ),
        (
            "mode of the audit log is not valid",
            Observed { audit_log: None, ..with_settings(&[("BIFROST_AUDIT", "sometimes")]) },
            &["Bad audit log"],
        ),
        (
            "bucket of the audit log is not valid",
            Observed {
                audit_log: None,
                ..with_settings(&[("BIFROST_AUDIT", "required"), ("BIFROST_AUDIT_BUCKET", "../x")])
            },
            &["Bad audit log"],
        ),
        (
            "audit log is denied",
            with_log(denied_log()),
            &[
                "Warning audit log: bucket",
                "Warning audit log: table",
                "Warning audit log: signing key",
                "Warning audit log: checkpoint",
                "Warning audit function",
            ],
        ),
        (
            "audit log does not exist",
            with_log(ObservedLog { bucket: Ok(None), table: Ok(None), key: Ok(None), ..healthy_log() }),
            &["Bad audit log: bucket", "Bad audit log: table", "Bad audit log: signing key"],
        ),
    ]
}

fn protection_states() -> Vec<State> {
    let denied_bucket = ObservedLog { bucket: Err(denied("s3:ListObjectsV2", "Access Denied")), ..healthy_log() };
    vec![
        ("audit log is in the bucket of another account", with_log(denied_bucket), &["Bad audit log: bucket"]),
        (
            "audit log keeps no versions",
            with_log_bucket(BucketSettings { is_versioned: Ok(false), ..log_bucket() }),
            &["Bad audit log: bucket"],
        ),
        (
            "audit log is public",
            with_log_bucket(BucketSettings { is_shut_to_the_public: Ok(false), ..log_bucket() }),
            &["Bad audit log: bucket"],
        ),
        ("audit log has no Object Lock", with_lock(None), &["Bad audit log: retention"]),
        (
            "audit log has no retention",
            with_lock(Some(ObjectLock { default_retention: None })),
            &["Bad audit log: retention"],
        ),
        (
            "audit log has no policy",
            with_log_bucket(BucketSettings { policy: Ok(None), ..log_bucket() }),
            &["Bad audit log: policy"],
        ),
        (
            "policy of a log in another account is not visible",
            Observed {
                audit_log: with_log_bucket(BucketSettings {
                    policy: Err(denied("s3:GetBucketPolicy", "The specified method is not allowed")),
                    ..log_bucket()
                })
                .audit_log,
                ..with_settings(&[("BIFROST_AUDIT", "required"), ("BIFROST_AUDIT_ACCOUNT", "999999999999")])
            },
            &["Warning audit log: policy"],
        ),
        (
            "table of the audit log has another key",
            with_log(ObservedLog { table: Ok(Some(table("id", "N"))), ..healthy_log() }),
            &["Bad audit log: table"],
        ),
        (
            "table of the audit log is being deleted",
            with_log(ObservedLog {
                table: Ok(Some(Table { status: "DELETING".into(), ..table("key", "S") })),
                ..healthy_log()
            }),
            &["Bad audit log: table"],
        ),
        (
            "signing key is of another kind",
            with_key(KmsKey { spec: "ECC_NIST_P256".into(), ..key() }),
            &["Bad audit log: signing key"],
        ),
        (
            "signing key is disabled",
            with_key(KmsKey { state: "Disabled".into(), ..key() }),
            &["Bad audit log: signing key"],
        ),
        (
            "signing key is about to be deleted",
            with_key(KmsKey { state: "PendingDeletion".into(), ..key() }),
            &["Bad audit log: signing key"],
        ),
    ]
}

fn trail_states() -> Vec<State> {
    let empty = ObservedTrail { checkpoint: Ok(None), head: Ok(LogHead::default()), ..trail() };
    let with_checkpoint =
        |checkpoint: StoredCheckpoint| with_trail(ObservedTrail { checkpoint: Ok(Some(checkpoint)), ..trail() });
    vec![
        ("audit log is empty", with_trail(empty), &[]),
        ("audit log is being published", with_sizes(9, 11, Some(2)), &[]),
        ("audit log is not published", with_sizes(9, 11, Some(600)), &["Warning audit log: checkpoint"]),
        ("entry of the audit log cannot be read", with_sizes(9, 10, None), &["Warning audit log: checkpoint"]),
        ("table of the audit log was replaced", with_sizes(9, 2, None), &["Bad audit log: checkpoint"]),
        (
            "checkpoint is damaged",
            with_checkpoint(StoredCheckpoint { body: b"\x1b[2Jnot a checkpoint".to_vec(), tag: "tag".into() }),
            &["Bad audit log: checkpoint"],
        ),
        (
            "checkpoint is that of another log",
            with_checkpoint(checkpoint("acme-audit/111111111111/us-east-1", 9)),
            &["Bad audit log: checkpoint"],
        ),
        (
            "audit function does not exist",
            with_trail(ObservedTrail { function: Ok(None), policy: Ok(None), ..trail() }),
            &["Bad audit function"],
        ),
        (
            "audit function failed",
            with_trail(ObservedTrail {
                function: Ok(Some(FunctionConfiguration { state: "Failed".into(), ..function() })),
                ..trail()
            }),
            &["Bad audit function"],
        ),
        (
            "nothing invokes the audit function",
            with_trail(ObservedTrail { policy: Ok(Some(json!({"Statement": []}))), ..trail() }),
            &["Bad audit function: ends of executions"],
        ),
    ]
}
