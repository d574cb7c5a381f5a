//! Deployers as `doctor` observes them.

use super::audit::{audit_settings, healthy_log};
use crate::doctor::examine::{CheckTarget, Observed};
use crate::doctor::{DoctorFinding, Status};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{
    BucketSettings, CloudError, ErrorKind, FunctionConfiguration, Invocation, KeyAttribute, MachineConfiguration,
    ObjectLock, Table, TopicSubscriptions,
};
use bifrost_core::release::{AccountId, BucketName, Sha256, StepOptIn};
use bifrost_core::self_check::{Assumption, RoleReport, SelfCheckReport, VERSION};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn account() -> AccountId {
    "222222222222".parse().unwrap()
}

pub(super) fn definition() -> Value {
    let lock = json!({"Type": "Task", "TimeoutSeconds": 310, "Retry": [{"BackoffRate": 2.0}]});
    json!({"StartAt": "Lock", "States": {"Lock": lock, "Done": {}}})
}

pub(super) fn edited() -> Value {
    json!({"StartAt": "Done", "States": {"Lock": {"Type": "Pass"}, "Done": {}, "Extra": {}}})
}

pub(super) fn report(definition: Value, outcome: Assumption) -> SelfCheckReport {
    let roles = vec![RoleReport { account: account(), outcome }];
    let principal = "arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin".into();
    SelfCheckReport { version: VERSION.into(), definition, principal, roles }
}

pub(super) fn returned(report: &SelfCheckReport) -> Invocation {
    Invocation::Returned(serde_json::to_value(report).unwrap())
}

pub(super) fn function() -> FunctionConfiguration {
    FunctionConfiguration {
        state: "Active".into(),
        state_reason: None,
        last_update_status: "Successful".into(),
        last_update_reason: None,
        architecture: "arm64".into(),
        code_sha256: Some(Sha256::of(b"code")),
        timeout_seconds: 300,
        memory_mib: 256,
        role: "arn:aws:iam::111111111111:role/coinbase-odin".into(),
        variables: Vec::new(),
        settings: audit_settings("required"),
    }
}

pub(super) fn machine(definition: Value) -> MachineConfiguration {
    MachineConfiguration { status: "ACTIVE".into(), definition, log_level: "ALL".into(), is_traced: true }
}

pub(super) fn table(name: &str, attribute_type: &str) -> Table {
    let key = KeyAttribute { name: name.into(), key_type: "HASH".into(), attribute_type: attribute_type.into() };
    Table { status: "ACTIVE".into(), key: vec![key], time_to_live: Ok(Some("expires_at".into())) }
}

pub(super) fn policy() -> Value {
    json!({"Statement": {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": "*",
        "Condition": {"Bool": {"AWS:SecureTransport": "false"}},
    }})
}

pub(super) fn bucket() -> BucketSettings {
    BucketSettings {
        is_versioned: Ok(true),
        encryption: Ok(Some("AES256".into())),
        is_shut_to_the_public: Ok(true),
        policy: Ok(Some(policy())),
        object_lock: Ok(Some(ObjectLock { default_retention: None })),
    }
}

/// A deployer without faults.
pub(super) fn healthy() -> Observed {
    Observed {
        caller: Ok("arn:aws:iam::111111111111:user/ada".into()),
        function: Ok(Some(function())),
        function_tags: Ok(BTreeMap::new()),
        machine: Ok(Some(machine(definition()))),
        table: Ok(Some(table("key", "S"))),
        bucket: Ok(Some(bucket())),
        alarm: Ok(Some(TopicSubscriptions { confirmed: 1, pending: 0 })),
        accounts: Ok([account()].into()),
        answer: Some(Ok(returned(&report(definition(), Assumption::Assumed)))),
        audit_log: Some(healthy_log()),
    }
}

pub(super) fn denied(operation: &'static str, message: &str) -> CloudError {
    CloudError {
        operation,
        resource: String::new(),
        kind: ErrorKind::AccessDenied,
        code: "AccessDenied".into(),
        message: message.into(),
        request_id: None,
    }
}

pub(super) fn findings(observed: &Observed) -> Vec<DoctorFinding> {
    findings_in("us-east-1", observed)
}

pub(super) fn identity(region: &str) -> Identity {
    Identity { name: "coinbase-odin".into(), account: "111111111111".parse().unwrap(), region: region.parse().unwrap() }
}

pub(super) fn findings_in(region: &str, observed: &Observed) -> Vec<DoctorFinding> {
    findings_by(&identity(region), observed, definition())
}

/// The findings of a client with this definition.
pub(super) fn findings_of(observed: &Observed, definition: Value) -> Vec<DoctorFinding> {
    findings_by(&identity("us-east-1"), observed, definition)
}

fn findings_by(identity: &Identity, observed: &Observed, definition: Value) -> Vec<DoctorFinding> {
    let bucket: BucketName = identity.bucket().unwrap();
    observed.findings(&CheckTarget { identity, bucket: &bucket, definition }, "odin")
}

/// A deployer that releases of Step may upgrade.
pub(super) fn by_step(observed: Observed) -> Observed {
    let opt_in = StepOptIn { project: "acme/odin".parse().unwrap(), config: "production".parse().unwrap() };
    let tags = opt_in.tags().map(|(key, value)| (key.to_owned(), value.to_owned()));
    Observed { function_tags: Ok(tags.into()), ..observed }
}

/// The findings that are not good.
pub(super) fn faults(observed: &Observed) -> Vec<DoctorFinding> {
    findings(observed).into_iter().filter(|finding| finding.status != Status::Good).collect()
}

/// The faults by severity and check, such as `Bad lock table`.
pub(super) fn checks(observed: &Observed) -> Vec<String> {
    faults(observed).iter().map(|fault| format!("{:?} {}", fault.status, fault.what)).collect()
}

/// The commands in a remedy, which are between backticks.
pub(super) fn commands(next_step: &str) -> Vec<&str> {
    next_step.split('`').skip(1).step_by(2).collect()
}

pub(super) fn with_bucket(bucket: BucketSettings) -> Observed {
    Observed { bucket: Ok(Some(bucket)), ..healthy() }
}

pub(super) fn with_policy(policy: Option<Value>) -> Observed {
    with_bucket(BucketSettings { policy: Ok(policy), ..bucket() })
}

pub(super) fn with_function(function: FunctionConfiguration) -> Observed {
    Observed { function: Ok(Some(function)), ..healthy() }
}

pub(super) fn with_function_state(state: &str, update: &str) -> Observed {
    let reason = Some("The role does not exist".to_owned());
    with_function(FunctionConfiguration {
        state: state.into(),
        state_reason: reason.clone(),
        last_update_status: update.into(),
        last_update_reason: reason,
        ..function()
    })
}

pub(super) fn with_machine(machine: MachineConfiguration) -> Observed {
    Observed { machine: Ok(Some(machine)), ..healthy() }
}

pub(super) fn with_table(table: Table) -> Observed {
    Observed { table: Ok(Some(table)), ..healthy() }
}

pub(super) fn with_time_to_live(time_to_live: Result<Option<String>, CloudError>) -> Observed {
    with_table(Table { time_to_live, ..table("key", "S") })
}

pub(super) fn with_subscriptions(confirmed: u32, pending: u32) -> Observed {
    Observed { alarm: Ok(Some(TopicSubscriptions { confirmed, pending })), ..healthy() }
}

pub(super) fn with_answer(invocation: Invocation) -> Observed {
    Observed { answer: Some(Ok(invocation)), ..healthy() }
}

pub(super) fn with_failure(error: &str) -> Observed {
    with_answer(Invocation::Failed(json!({"errorType": error, "errorMessage": "because"})))
}

pub(super) fn with_role(outcome: Assumption) -> Observed {
    with_answer(returned(&report(definition(), outcome)))
}

/// A deployer that was bootstrapped with an external id, without session tags, and with a log in another account.
pub(super) fn with_options(role: Assumption) -> Observed {
    let variables = ["BIFROST_BUCKETS", "BIFROST_EXTERNAL_ID", "BIFROST_SESSION_TAGS", "RUST_LOG"];
    let variables = variables.map(ToOwned::to_owned).to_vec();
    let mut settings = audit_settings("best-effort");
    settings.insert("BIFROST_AUDIT_ACCOUNT".into(), "999999999999".into());
    settings.insert("BIFROST_SESSION_TAGS".into(), "false".into());
    Observed { function: Ok(Some(FunctionConfiguration { variables, settings, ..function() })), ..with_role(role) }
}

pub(super) fn nothing_exists() -> Observed {
    Observed {
        function: Ok(None),
        machine: Ok(None),
        table: Ok(None),
        bucket: Ok(None),
        alarm: Ok(None),
        answer: None,
        audit_log: None,
        ..healthy()
    }
}

pub(super) fn everything_is_denied() -> Observed {
    Observed {
        caller: Err(denied("sts:GetCallerIdentity", "no")),
        function: Err(denied("lambda:GetFunctionConfiguration", "no")),
        function_tags: Err(denied("lambda:ListTags", "no")),
        machine: Err(denied("states:DescribeStateMachine", "no")),
        table: Err(denied("dynamodb:DescribeTable", "no")),
        bucket: Err(denied("s3:ListObjectsV2", "ada is not authorized to perform: s3:ListBucket")),
        alarm: Err(denied("sns:GetTopicAttributes", "no")),
        accounts: Err(denied("states:ListExecutions", "no")),
        answer: Some(Err(denied("lambda:Invoke", "no"))),
        audit_log: None,
    }
}

pub(super) fn bucket_settings_are_denied() -> Observed {
    with_bucket(BucketSettings {
        is_versioned: Err(denied("s3:GetBucketVersioning", "no")),
        encryption: Err(denied("s3:GetBucketEncryption", "no")),
        is_shut_to_the_public: Err(denied("s3:GetPublicAccessBlock", "no")),
        policy: Ok(None),
        object_lock: Ok(None),
    })
}

pub(super) fn bucket_is_not_protected() -> Observed {
    with_bucket(BucketSettings {
        is_versioned: Ok(false),
        encryption: Ok(None),
        is_shut_to_the_public: Ok(false),
        policy: Ok(Some(json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}))),
        object_lock: Ok(None),
    })
}

pub(super) fn other_version() -> Observed {
    let report = SelfCheckReport { version: "0.0.9".into(), ..report(edited(), Assumption::Assumed) };
    Observed { answer: Some(Ok(returned(&report))), ..with_machine(machine(edited())) }
}
