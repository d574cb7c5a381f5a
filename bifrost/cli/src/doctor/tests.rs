//! Each fault, what is found, and what to run.

use super::examine::{CheckTarget, Observed};
use super::{DoctorFinding, Status};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{
    BucketSettings, CloudError, ErrorKind, FunctionConfiguration, Invocation, KeyAttribute, MachineConfiguration, Table,
};
use bifrost_core::release::{AccountId, BucketName};
use bifrost_core::self_check::{Assumption, RoleReport, SelfCheckReport, VERSION};
use serde_json::{Value, json};

fn account() -> AccountId {
    "222222222222".parse().unwrap()
}

fn definition() -> Value {
    json!({"StartAt": "Lock", "States": {"Lock": {"Type": "Task", "Retry": [{"BackoffRate": 2.0}]}, "Done": {}}})
}

fn edited() -> Value {
    json!({"StartAt": "Done", "States": {"Lock": {"Type": "Pass"}, "Done": {}, "Extra": {}}})
}

fn report(definition: Value, outcome: Assumption) -> SelfCheckReport {
    let roles = vec![RoleReport { account: account(), outcome }];
    let principal = "arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin".into();
    SelfCheckReport { version: VERSION.into(), definition, principal, roles }
}

fn returned(report: &SelfCheckReport) -> Invocation {
    Invocation::Returned(serde_json::to_value(report).unwrap())
}

fn function() -> FunctionConfiguration {
    FunctionConfiguration {
        state: "Active".into(),
        state_reason: None,
        last_update_status: "Successful".into(),
        last_update_reason: None,
        architecture: "arm64".into(),
        timeout_seconds: 300,
        memory_mib: 256,
        role: "arn:aws:iam::111111111111:role/coinbase-odin".into(),
        variables: Vec::new(),
    }
}

fn machine(definition: Value) -> MachineConfiguration {
    MachineConfiguration { status: "ACTIVE".into(), definition, log_level: "ALL".into(), is_traced: true }
}

fn table(name: &str, attribute_type: &str) -> Table {
    let key = KeyAttribute { name: name.into(), key_type: "HASH".into(), attribute_type: attribute_type.into() };
    Table { status: "ACTIVE".into(), key: vec![key] }
}

fn policy() -> Value {
    json!({"Statement": {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": "*",
        "Condition": {"Bool": {"AWS:SecureTransport": "false"}},
    }})
}

fn bucket() -> BucketSettings {
    BucketSettings {
        is_versioned: Ok(true),
        encryption: Ok(Some("AES256".into())),
        is_shut_to_the_public: Ok(true),
        policy: Ok(Some(policy())),
        has_object_lock: Ok(true),
    }
}

/// A deployer with which all is well.
fn healthy() -> Observed {
    Observed {
        caller: Ok("arn:aws:iam::111111111111:user/ada".into()),
        function: Ok(Some(function())),
        machine: Ok(Some(machine(definition()))),
        table: Ok(Some(table("key", "S"))),
        bucket: Ok(Some(bucket())),
        accounts: Ok([account()].into()),
        answer: Some(Ok(returned(&report(definition(), Assumption::Assumed)))),
    }
}

fn denied(operation: &'static str, message: &str) -> CloudError {
    CloudError {
        operation,
        resource: String::new(),
        kind: ErrorKind::AccessDenied,
        code: "AccessDenied".into(),
        message: message.into(),
        request_id: None,
    }
}

fn findings(seen: &Observed) -> Vec<DoctorFinding> {
    findings_in("us-east-1", seen)
}

fn findings_in(region: &str, seen: &Observed) -> Vec<DoctorFinding> {
    let identity = Identity {
        name: "coinbase-odin".into(),
        account: "111111111111".parse().unwrap(),
        region: region.parse().unwrap(),
    };
    let bucket: BucketName = identity.bucket().unwrap();
    seen.findings(&CheckTarget { identity: &identity, bucket: &bucket, definition: definition() }, "odin")
}

/// What is not good, as text.
fn faults(seen: &Observed) -> String {
    let faults = findings(seen).into_iter().filter(|finding| finding.status != Status::Good);
    let line = |DoctorFinding { what, status, message, next_step }: DoctorFinding| {
        format!("{status:?} {what}: {message}\n  {}", next_step.unwrap_or_default())
    };
    faults.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn of_a_healthy_deployer_everything_is_checked_and_good() {
    let found = findings(&healthy());
    let told: Vec<String> = found.iter().map(|it| format!("{:?} {}: {}", it.status, it.what, it.message)).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    Good access: arn:aws:iam::111111111111:user/ada, in us-east-1 of account 111111111111
    Good function: coinbase-odin is Active: arm64, 256 MiB, at most 300 s, as arn:aws:iam::111111111111:role/coinbase-odin
    Good function's answer: version 0.1.0, as arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin
    Good state machine: coinbase-odin is ACTIVE, logs ALL, and is traced
    Good definition: state machine, function and client have the same
    Good lock table: coinbase-odin-locks is ACTIVE
    Good bucket: coinbase-odin-111111111111 is there, and belongs to account 111111111111
    Good bucket: public access: all of it is blocked
    Good bucket: TLS only: its policy refuses all else
    Good bucket: versions: what is overwritten or deleted is kept
    Good bucket: encryption: AES256
    Good bucket: Object Lock: on
    Good role in 222222222222: arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin may assume coinbase-odin-assumed
    ");
    assert!(found.iter().all(|finding| finding.next_step.is_none()));
}

#[test]
fn nothing_is_there() {
    let seen = Observed {
        function: Ok(None),
        machine: Ok(None),
        table: Ok(None),
        bucket: Ok(None),
        answer: None,
        ..healthy()
    };
    insta::assert_snapshot!(faults(&seen), @r"
    Bad function: there is no function coinbase-odin in us-east-1 of account 111111111111
      `odin bootstrap --apply`
    Bad state machine: there is no state machine coinbase-odin in us-east-1 of account 111111111111
      `odin bootstrap --apply`
    Bad lock table: there is no table coinbase-odin-locks in us-east-1 of account 111111111111
      `odin bootstrap --apply`
    Bad bucket: there is no bucket coinbase-odin-111111111111
      `odin bootstrap --apply`
    Warning role in 222222222222: not checked: only the function may assume it, and that did not say
      see to the function first
    ");
}

#[test]
fn whoever_may_see_nothing_is_told_each_permission() {
    let seen = Observed {
        caller: Err(denied("sts:GetCallerIdentity", "no")),
        function: Err(denied("lambda:GetFunctionConfiguration", "no")),
        machine: Err(denied("states:DescribeStateMachine", "no")),
        table: Err(denied("dynamodb:DescribeTable", "no")),
        bucket: Err(denied("s3:ListObjectsV2", "ada is not authorized to perform: s3:ListBucket")),
        accounts: Err(denied("states:ListExecutions", "no")),
        answer: Some(Err(denied("lambda:Invoke", "no"))),
    };
    insta::assert_snapshot!(faults(&seen), @r"
    Warning access: not checked: sts:GetCallerIdentity failed: AccessDenied: no
      ask for the permission sts:GetCallerIdentity
    Warning function: not checked: lambda:GetFunctionConfiguration failed: AccessDenied: no
      ask for the permission lambda:GetFunctionConfiguration
    Warning function's answer: not checked: lambda:Invoke failed: AccessDenied: no
      ask for the permission lambda:InvokeFunction
    Warning state machine: not checked: states:DescribeStateMachine failed: AccessDenied: no
      ask for the permission states:DescribeStateMachine
    Warning lock table: not checked: dynamodb:DescribeTable failed: AccessDenied: no
      ask for the permission dynamodb:DescribeTable
    Warning bucket: not checked: s3:ListObjectsV2 failed: AccessDenied: ada is not authorized to perform: s3:ListBucket
      ask for the permission s3:ListBucket
    Warning roles: it is not known where deploys go: states:ListExecutions failed: AccessDenied: no
      name the target accounts, each with --target
    ");
}

#[test]
fn settings_of_the_bucket_are_each_for_whom_may_see_them() {
    let bucket = BucketSettings {
        is_versioned: Err(denied("s3:GetBucketVersioning", "no")),
        encryption: Err(denied("s3:GetBucketEncryption", "no")),
        is_shut_to_the_public: Err(denied("s3:GetPublicAccessBlock", "no")),
        policy: Ok(None),
        has_object_lock: Err(denied("s3:GetObjectLockConfiguration", "no")),
    };
    insta::assert_snapshot!(faults(&Observed { bucket: Ok(Some(bucket)), ..healthy() }), @r#"
    Warning bucket: public access: not checked: s3:GetPublicAccessBlock failed: AccessDenied: no
      ask for the permission s3:GetBucketPublicAccessBlock
    Bad bucket: TLS only: its policy lets in who comes without TLS
      add to its policy, with `aws s3api put-bucket-policy`: {"Sid":"TlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::coinbase-odin-111111111111","arn:aws:s3:::coinbase-odin-111111111111/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}
    Warning bucket: versions: not checked: s3:GetBucketVersioning failed: AccessDenied: no
      ask for the permission s3:GetBucketVersioning
    Warning bucket: encryption: not checked: s3:GetBucketEncryption failed: AccessDenied: no
      ask for the permission s3:GetEncryptionConfiguration
    Warning bucket: Object Lock: not checked: s3:GetObjectLockConfiguration failed: AccessDenied: no
      ask for the permission s3:GetBucketObjectLockConfiguration
    "#);
}

#[test]
fn a_bucket_that_is_not_as_bootstrap_makes_it() {
    let bucket = BucketSettings {
        is_versioned: Ok(false),
        encryption: Ok(None),
        is_shut_to_the_public: Ok(false),
        policy: Ok(Some(json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}))),
        has_object_lock: Ok(false),
    };
    insta::assert_snapshot!(faults(&Observed { bucket: Ok(Some(bucket)), ..healthy() }), @r#"
    Bad bucket: public access: not all of it is blocked: an ACL or a policy could show releases to anybody
      `aws --region us-east-1 s3api put-public-access-block --bucket coinbase-odin-111111111111 --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`
    Bad bucket: TLS only: its policy lets in who comes without TLS
      add to its policy, with `aws s3api put-bucket-policy`: {"Sid":"TlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::coinbase-odin-111111111111","arn:aws:s3:::coinbase-odin-111111111111/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}
    Warning bucket: versions: what is overwritten or deleted is lost
      `aws --region us-east-1 s3api put-bucket-versioning --bucket coinbase-odin-111111111111 --versioning-configuration Status=Enabled`
    Warning bucket: encryption: no encryption is set for objects whose writer asks for none
      `aws --region us-east-1 s3api put-bucket-encryption --bucket coinbase-odin-111111111111 --server-side-encryption-configuration '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'`
    Warning bucket: Object Lock: off: who may delete objects may delete what tells of a deploy
      `aws --region us-east-1 s3api put-object-lock-configuration --bucket coinbase-odin-111111111111 --object-lock-configuration ObjectLockEnabled=Enabled`
    "#);
}

#[test]
fn a_policy_wants_tls_only_if_it_denies_everybody_everything_without() {
    let wanting = |field: &str, value: Value| {
        let mut policy = policy();
        policy["Statement"][field] = value;
        let bucket = BucketSettings { policy: Ok(Some(policy)), ..bucket() };
        faults(&Observed { bucket: Ok(Some(bucket)), ..healthy() })
    };
    assert_eq!(wanting("Condition", json!({"Bool": {"aws:SecureTransport": [false]}})), "");
    assert_eq!(wanting("Principal", json!("*")), "");
    for (field, value) in [
        ("Effect", json!("Allow")),
        ("Principal", json!({"AWS": "arn:aws:iam::111111111111:user/ada"})),
        ("Action", json!("s3:GetObject")),
        ("Condition", json!({"Bool": {"aws:SecureTransport": "true"}})),
    ] {
        assert!(wanting(field, value).contains("bucket: TLS only"), "{field}");
    }
}

#[test]
fn bucket_policy_statement_names_the_partition() {
    let seen = Observed { bucket: Ok(Some(BucketSettings { policy: Ok(None), ..bucket() })), ..healthy() };
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let bucket = format!("arn:{partition}:s3:::coinbase-odin-111111111111");
        let resources = json!([bucket, format!("{bucket}/*")]).to_string();
        let findings = findings_in(region, &seen);
        let names_them =
            |finding: &DoctorFinding| finding.next_step.as_ref().is_some_and(|step| step.contains(&resources));
        assert!(findings.iter().any(names_them), "{region}: {findings:?}");
    }
}

#[test]
fn a_bucket_of_another_account() {
    let seen = Observed { bucket: Err(denied("s3:ListObjectsV2", "Access Denied")), ..healthy() };
    insta::assert_snapshot!(faults(&seen), @r"
    Bad bucket: coinbase-odin-111111111111 does not belong to account 111111111111, or its policy shuts you out (nothing was sent there: every call names the owner that it expects): s3:ListObjectsV2 failed: AccessDenied: Access Denied
      see whether `aws s3api list-buckets` shows it; if not, somebody else has the name: give the deployer another, with --deployer, and `odin bootstrap --apply`
    ");
}

#[test]
fn a_function_that_is_not_ready() {
    let faults = |state: &str, update: &str| {
        let reason = Some("The role is gone".to_owned());
        let function = FunctionConfiguration {
            state: state.into(),
            state_reason: reason.clone(),
            last_update_status: update.into(),
            last_update_reason: reason,
            ..function()
        };
        faults(&Observed { function: Ok(Some(function)), ..healthy() })
    };
    insta::assert_snapshot!(faults("Failed", "Successful"), @r"
    Bad function: its state is Failed: The role is gone
      `odin bootstrap --apply`
    ");
    insta::assert_snapshot!(faults("Active", "Failed"), @r"
    Bad function: its last update is Failed: The role is gone
      `odin bootstrap --apply`
    ");
    insta::assert_snapshot!(faults("Active", "InProgress"), @r"
    Warning function: its last update is InProgress: The role is gone
      `odin doctor` once more, in a minute
    ");
    insta::assert_snapshot!(faults("Inactive", "Successful"), @r"
    Warning function: its state is Inactive: The role is gone
      `odin doctor` once more, in a minute
    ");
}

#[test]
fn a_function_without_time_for_a_call() {
    let function = FunctionConfiguration { timeout_seconds: 30, ..function() };
    insta::assert_snapshot!(faults(&Observed { function: Ok(Some(function)), ..healthy() }), @r"
    Warning function: it is stopped after 30 s, and one call to AWS may take 60 s
      `aws --region us-east-1 lambda update-function-configuration --function-name coinbase-odin --timeout 300`
    ");
}

#[test]
fn a_state_machine_that_leaves_no_traces_or_goes() {
    let faults = |machine| faults(&Observed { machine: Ok(Some(machine)), ..healthy() });
    let silent = MachineConfiguration { log_level: "OFF".into(), ..machine(definition()) };
    let untraced = MachineConfiguration { is_traced: false, ..machine(definition()) };
    let going = MachineConfiguration { status: "DELETING".into(), ..machine(definition()) };
    insta::assert_snapshot!(faults(silent), @r"
    Warning state machine: its log level is OFF: after 90 days nothing tells what a deploy did
      `odin bootstrap --apply`
    ");
    insta::assert_snapshot!(faults(untraced), @r"
    Warning state machine: its executions are not traced
      `aws --region us-east-1 stepfunctions update-state-machine --state-machine-arn arn:aws:states:us-east-1:111111111111:stateMachine:coinbase-odin --tracing-configuration enabled=true`
    ");
    insta::assert_snapshot!(faults(going), @r"
    Bad state machine: coinbase-odin is DELETING: it starts no executions
      `odin bootstrap --apply`
    ");
}

#[test]
fn a_definition_that_was_edited_by_hand() {
    insta::assert_snapshot!(faults(&Observed { machine: Ok(Some(machine(edited()))), ..healthy() }), @r#"
    Bad definition: the state machine was edited by hand, or not updated with its function, which has this client's definition: Lock, Extra, StartAt
      `aws --region us-east-1 stepfunctions update-state-machine --state-machine-arn arn:aws:states:us-east-1:111111111111:stateMachine:coinbase-odin --definition "$(odin asl)"`
    "#);
}

#[test]
fn a_definition_that_is_not_this_clients_while_the_function_says_nothing() {
    let answer = Some(Err(denied("lambda:Invoke", "no")));
    let seen = Observed { machine: Ok(Some(machine(edited()))), answer, accounts: Ok([].into()), ..healthy() };
    insta::assert_snapshot!(faults(&seen), @r"
    Warning function's answer: not checked: lambda:Invoke failed: AccessDenied: no
      ask for the permission lambda:InvokeFunction
    Bad definition: the state machine was edited by hand, or is of another version: Lock, Extra, StartAt
      `odin bootstrap --apply`
    ");
}

#[test]
fn a_definition_that_step_functions_spells_otherwise_is_the_same() {
    let spelt =
        json!({"States": {"Done": {}, "Lock": {"Retry": [{"BackoffRate": 2}], "Type": "Task"}}, "StartAt": "Lock"});
    assert_eq!(faults(&Observed { machine: Ok(Some(machine(spelt))), ..healthy() }), "");
}

#[test]
fn a_client_of_another_version_than_the_deployer() {
    let report = SelfCheckReport { version: "0.0.9".into(), ..report(edited(), Assumption::Assumed) };
    let seen = Observed { machine: Ok(Some(machine(edited()))), answer: Some(Ok(returned(&report))), ..healthy() };
    insta::assert_snapshot!(faults(&seen).replace(VERSION, "VERSION"), @r"
    Warning function's answer: the function is of version 0.0.9, this client of VERSION
      update this client, or, if it is the newer one, the deployer with `odin bootstrap --apply`
    Bad definition: this client, of version VERSION, is not of the deployer's, 0.0.9: it has another definition than function and state machine: Lock, Extra, StartAt
      update this client, or, if it is the newer one, the deployer with `odin bootstrap --apply`
    ");
}

#[test]
fn a_function_of_another_version_than_the_state_machine() {
    let answer = Some(Ok(returned(&report(edited(), Assumption::Assumed))));
    insta::assert_snapshot!(faults(&Observed { answer: answer.clone(), ..healthy() }), @r"
    Bad definition: the state machine has this client's, and the function another: Lock, Extra, StartAt
      `odin bootstrap --apply`
    ");
    let other = machine(json!("no JSON that we read"));
    insta::assert_snapshot!(faults(&Observed { machine: Ok(Some(other)), answer, ..healthy() }), @r"
    Bad definition: state machine, function and client all have different ones: one is no definition
      `odin bootstrap --apply`
    ");
}

#[test]
fn a_function_that_knows_no_checkups_or_says_something_else_or_fails() {
    let faults = |answer| faults(&Observed { answer: Some(Ok(answer)), ..healthy() }).replace(VERSION, "VERSION");
    let failure = |error: &str| Invocation::Failed(json!({"errorType": error, "errorMessage": "because"}));
    insta::assert_snapshot!(faults(failure("UnmarshalError")), @r"
    Bad function's answer: it knows no checkups, so it is older than this client: UnmarshalError: because
      `odin bootstrap --apply`
    Warning role in 222222222222: not checked: only the function may assume it, and that did not say
      see to the function first
    ");
    insta::assert_snapshot!(faults(failure("Runtime.ExitError")), @r"
    Bad function's answer: it fails: Runtime.ExitError: because
      `aws --region us-east-1 logs tail /aws/lambda/coinbase-odin --since 10m`
    Warning role in 222222222222: not checked: only the function may assume it, and that did not say
      see to the function first
    ");
    insta::assert_snapshot!(faults(Invocation::Returned(json!({}))), @r"
    Bad function's answer: it is of another version than this client, VERSION: in its answer, version: required, but absent
      update this client, or, if it is the newer one, the deployer with `odin bootstrap --apply`
    Warning role in 222222222222: not checked: only the function may assume it, and that did not say
      see to the function first
    ");
}

#[test]
fn a_table_of_somebody_else_or_one_that_is_not_ready() {
    insta::assert_snapshot!(faults(&Observed { table: Ok(Some(table("id", "N"))), ..healthy() }), @r"
    Bad lock table: the key of coinbase-odin-locks is `id` (HASH, N), and locks need `key` (HASH, S)
      it is another's table: free the name, if nobody needs it, and then `odin bootstrap --apply`
    ");
    let updating = Table { status: "UPDATING".into(), ..table("key", "S") };
    insta::assert_snapshot!(faults(&Observed { table: Ok(Some(updating)), ..healthy() }), @r"
    Warning lock table: coinbase-odin-locks is UPDATING
      `odin doctor` once more, in a minute
    ");
}

#[test]
fn a_role_that_may_not_be_assumed_with_the_options_that_the_deployer_was_made_with() {
    let variables = vec!["BIFROST_EXTERNAL_ID".to_owned(), "BIFROST_SESSION_TAGS".to_owned(), "RUST_LOG".to_owned()];
    let answer = Some(Ok(returned(&report(definition(), Assumption::Denied("AccessDenied".into())))));
    let function = FunctionConfiguration { variables, ..function() };
    insta::assert_snapshot!(faults(&Observed { function: Ok(Some(function)), answer, ..healthy() }), @r"
    Bad role in 222222222222: arn:aws:sts::111111111111:assumed-role/coinbase-odin/coinbase-odin may not assume coinbase-odin-assumed, or there is none: AccessDenied
      with credentials of account 222222222222 `odin bootstrap --target 222222222222 --deployer-account 111111111111 --apply --external-id ID --session-tags`
    ");
}

#[test]
fn a_role_of_which_sts_says_nothing_is_none_that_is_missing() {
    let answer = Some(Ok(returned(&report(definition(), Assumption::Unknown("RequestTimeout".into())))));
    insta::assert_snapshot!(faults(&Observed { answer, ..healthy() }), @r"
    Warning role in 222222222222: not checked: RequestTimeout
      `odin doctor` once more, in a minute
    ");
}
