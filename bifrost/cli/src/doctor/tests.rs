//! Each fault that `doctor` finds, and its remedy.

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

/// A deployer without faults.
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

fn findings(observed: &Observed) -> Vec<DoctorFinding> {
    findings_in("us-east-1", observed)
}

fn findings_in(region: &str, observed: &Observed) -> Vec<DoctorFinding> {
    let identity = Identity {
        name: "coinbase-odin".into(),
        account: "111111111111".parse().unwrap(),
        region: region.parse().unwrap(),
    };
    let bucket: BucketName = identity.bucket().unwrap();
    observed.findings(&CheckTarget { identity: &identity, bucket: &bucket, definition: definition() }, "odin")
}

/// The findings that are not good.
fn faults(observed: &Observed) -> Vec<DoctorFinding> {
    findings(observed).into_iter().filter(|finding| finding.status != Status::Good).collect()
}

/// The faults by severity and check, such as `Bad lock table`.
fn checks(observed: &Observed) -> Vec<String> {
    faults(observed).iter().map(|fault| format!("{:?} {}", fault.status, fault.what)).collect()
}

/// The commands in a remedy, which are between backticks.
fn commands(next_step: &str) -> Vec<&str> {
    next_step.split('`').skip(1).step_by(2).collect()
}

fn with_bucket(bucket: BucketSettings) -> Observed {
    Observed { bucket: Ok(Some(bucket)), ..healthy() }
}

fn with_policy(policy: Option<Value>) -> Observed {
    with_bucket(BucketSettings { policy: Ok(policy), ..bucket() })
}

fn with_function(function: FunctionConfiguration) -> Observed {
    Observed { function: Ok(Some(function)), ..healthy() }
}

fn with_function_state(state: &str, update: &str) -> Observed {
    let reason = Some("The role does not exist".to_owned());
    with_function(FunctionConfiguration {
        state: state.into(),
        state_reason: reason.clone(),
        last_update_status: update.into(),
        last_update_reason: reason,
        ..function()
    })
}

fn with_machine(machine: MachineConfiguration) -> Observed {
    Observed { machine: Ok(Some(machine)), ..healthy() }
}

fn with_table(table: Table) -> Observed {
    Observed { table: Ok(Some(table)), ..healthy() }
}

fn with_answer(invocation: Invocation) -> Observed {
    Observed { answer: Some(Ok(invocation)), ..healthy() }
}

fn with_failure(error: &str) -> Observed {
    with_answer(Invocation::Failed(json!({"errorType": error, "errorMessage": "because"})))
}

fn with_role(outcome: Assumption) -> Observed {
    with_answer(returned(&report(definition(), outcome)))
}

/// A deployer that was bootstrapped with an external id and session tags.
fn with_options(role: Assumption) -> Observed {
    let variables = vec!["BIFROST_EXTERNAL_ID".to_owned(), "BIFROST_SESSION_TAGS".to_owned(), "RUST_LOG".to_owned()];
    Observed { function: Ok(Some(FunctionConfiguration { variables, ..function() })), ..with_role(role) }
}

fn nothing_exists() -> Observed {
    Observed { function: Ok(None), machine: Ok(None), table: Ok(None), bucket: Ok(None), answer: None, ..healthy() }
}

fn everything_is_denied() -> Observed {
    Observed {
        caller: Err(denied("sts:GetCallerIdentity", "no")),
        function: Err(denied("lambda:GetFunctionConfiguration", "no")),
        machine: Err(denied("states:DescribeStateMachine", "no")),
        table: Err(denied("dynamodb:DescribeTable", "no")),
        bucket: Err(denied("s3:ListObjectsV2", "ada is not authorized to perform: s3:ListBucket")),
        accounts: Err(denied("states:ListExecutions", "no")),
        answer: Some(Err(denied("lambda:Invoke", "no"))),
    }
}

fn bucket_settings_are_denied() -> Observed {
    with_bucket(BucketSettings {
        is_versioned: Err(denied("s3:GetBucketVersioning", "no")),
        encryption: Err(denied("s3:GetBucketEncryption", "no")),
        is_shut_to_the_public: Err(denied("s3:GetPublicAccessBlock", "no")),
        policy: Ok(None),
        has_object_lock: Err(denied("s3:GetObjectLockConfiguration", "no")),
    })
}

fn bucket_is_not_protected() -> Observed {
    with_bucket(BucketSettings {
        is_versioned: Ok(false),
        encryption: Ok(None),
        is_shut_to_the_public: Ok(false),
        policy: Ok(Some(json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}))),
        has_object_lock: Ok(false),
    })
}

fn other_version() -> Observed {
    let report = SelfCheckReport { version: "0.0.9".into(), ..report(edited(), Assumption::Assumed) };
    Observed { answer: Some(Ok(returned(&report))), ..with_machine(machine(edited())) }
}

/// A state of a deployer, with its name and the checks that fail.
type State = (&'static str, Observed, &'static [&'static str]);

/// Every state of a deployer that `doctor` distinguishes.
fn states() -> Vec<State> {
    let states = [general_states(), bucket_states(), function_states(), machine_states(), table_and_role_states()];
    states.into_iter().flatten().collect()
}

fn general_states() -> Vec<State> {
    vec![
        ("healthy", healthy(), &[]),
        (
            "nothing exists",
            nothing_exists(),
            &["Bad function", "Bad state machine", "Bad lock table", "Bad bucket", "Warning role in 222222222222"],
        ),
        (
            "everything is denied",
            everything_is_denied(),
            &[
                "Warning access",
                "Warning function",
                "Warning function's answer",
                "Warning state machine",
                "Warning lock table",
                "Warning bucket",
                "Warning roles",
            ],
        ),
    ]
}

fn bucket_states() -> Vec<State> {
    vec![
        (
            "bucket settings are denied",
            bucket_settings_are_denied(),
            &[
                "Warning bucket: public access",
                "Bad bucket: TLS only",
                "Warning bucket: versions",
                "Warning bucket: encryption",
                "Warning bucket: Object Lock",
            ],
        ),
        (
            "bucket is not protected",
            bucket_is_not_protected(),
            &[
                "Bad bucket: public access",
                "Bad bucket: TLS only",
                "Warning bucket: versions",
                "Warning bucket: encryption",
                "Warning bucket: Object Lock",
            ],
        ),
        (
            "bucket of another account",
            Observed { bucket: Err(denied("s3:ListObjectsV2", "Access Denied")), ..healthy() },
            &["Bad bucket"],
        ),
    ]
}

fn function_states() -> Vec<State> {
    vec![
        ("function failed", with_function_state("Failed", "Successful"), &["Bad function"]),
        ("function update failed", with_function_state("Active", "Failed"), &["Bad function"]),
        ("function update in progress", with_function_state("Active", "InProgress"), &["Warning function"]),
        ("function is idle", with_function_state("Inactive", "Successful"), &["Warning function"]),
        (
            "function timeout is short",
            with_function(FunctionConfiguration { timeout_seconds: 30, ..function() }),
            &["Warning function"],
        ),
        (
            "function has no self-check",
            with_failure("UnmarshalError"),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
        (
            "function fails",
            with_failure("Runtime.ExitError"),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
        (
            "answer cannot be read",
            with_answer(Invocation::Returned(json!({}))),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
    ]
}

fn machine_states() -> Vec<State> {
    let edited_machine = || with_machine(machine(edited()));
    let edited_answer = || with_answer(returned(&report(edited(), Assumption::Assumed)));
    let denied_answer = Some(Err(denied("lambda:Invoke", "no")));
    vec![
        (
            "state machine is not logged",
            with_machine(MachineConfiguration { log_level: "OFF".into(), ..machine(definition()) }),
            &["Warning state machine"],
        ),
        (
            "state machine is not traced",
            with_machine(MachineConfiguration { is_traced: false, ..machine(definition()) }),
            &["Warning state machine"],
        ),
        (
            "state machine is being deleted",
            with_machine(MachineConfiguration { status: "DELETING".into(), ..machine(definition()) }),
            &["Bad state machine"],
        ),
        ("state machine was edited", edited_machine(), &["Bad definition"]),
        (
            "state machine differs, function is unknown",
            Observed { answer: denied_answer, accounts: Ok([].into()), ..edited_machine() },
            &["Warning function's answer", "Bad definition"],
        ),
        ("client has another version", other_version(), &["Warning function's answer", "Bad definition"]),
        ("function has another definition", edited_answer(), &["Bad definition"]),
        (
            "all definitions differ",
            Observed { machine: Ok(Some(machine(json!("not JSON that is read")))), ..edited_answer() },
            &["Bad definition"],
        ),
    ]
}

fn table_and_role_states() -> Vec<State> {
    vec![
        ("lock table has another key", with_table(table("id", "N")), &["Bad lock table"]),
        (
            "lock table is being updated",
            with_table(Table { status: "UPDATING".into(), ..table("key", "S") }),
            &["Warning lock table"],
        ),
        (
            "lock table is being deleted",
            with_table(Table { status: "DELETING".into(), ..table("key", "S") }),
            &["Bad lock table"],
        ),
        ("lock table does not exist", Observed { table: Ok(None), ..healthy() }, &["Bad lock table"]),
        ("role is denied", with_role(Assumption::Denied("AccessDenied".into())), &["Bad role in 222222222222"]),
        (
            "role is denied, deployer has options",
            with_options(Assumption::Denied("AccessDenied".into())),
            &["Bad role in 222222222222"],
        ),
        ("role is unknown", with_role(Assumption::Unknown("RequestTimeout".into())), &["Warning role in 222222222222"]),
        (
            "lock table does not exist, deployer has options",
            Observed { table: Ok(None), ..with_options(Assumption::Assumed) },
            &["Bad lock table"],
        ),
    ]
}

#[test]
fn every_state_fails_its_checks() {
    for (state, observed, expected) in states() {
        assert_eq!(checks(&observed), expected, "{state}");
    }
}

#[test]
fn every_fault_has_a_remedy_and_no_good_finding_has_one() {
    for (state, observed, _) in states() {
        for DoctorFinding { what, status, next_step, .. } in findings(&observed) {
            assert_eq!(next_step.is_none(), status == Status::Good, "{state}: {what}");
        }
    }
}

/// A remedy may be run as printed in every state in which it appears. What holds locks, releases or traffic is not
/// deleted.
#[test]
fn remedies_are_complete_commands_that_delete_nothing() {
    for (state, observed, _) in states() {
        for fault in faults(&observed) {
            for command in commands(fault.next_step.as_deref().unwrap()) {
                assert!(command.starts_with("odin ") || command.starts_with("aws "), "{state}: {command}");
                assert!(!command.contains("delete") && !command.contains('<'), "{state}: {command}");
            }
        }
    }
}

/// `bootstrap` without the options of the last time removes the resources that they created.
#[test]
fn remedies_repeat_the_options_of_the_deployer() {
    for observed in [
        Observed { table: Ok(None), ..with_options(Assumption::Assumed) },
        with_options(Assumption::Denied("AccessDenied".into())),
    ] {
        let faults = faults(&observed);
        let next_step = faults[0].next_step.as_deref().unwrap();
        let bootstrap = commands(next_step).into_iter().find(|command| command.contains(" bootstrap ")).unwrap();
        assert!(bootstrap.contains(" --external-id ") && bootstrap.contains(" --session-tags"), "{bootstrap}");
    }
    let next_step = |observed: &Observed| faults(observed)[0].next_step.clone().unwrap();
    assert_eq!(commands(&next_step(&nothing_exists())), ["odin bootstrap --apply"]);
    assert!(!next_step(&nothing_exists()).contains("--reader"));
    let without_table = Observed { table: Ok(None), ..healthy() };
    assert!(next_step(&without_table).contains(" options --alarm-email and --reader"));
    let denied = Observed { function: Err(denied("lambda:GetFunctionConfiguration", "no")), ..without_table };
    let next_step = faults(&denied).into_iter().find(|fault| fault.what == "lock table").unwrap().next_step.unwrap();
    assert!(next_step.contains(" options --external-id, --session-tags, --alarm-email and --reader"), "{next_step}");
}

#[test]
fn denied_calls_name_the_permission() {
    let faults = faults(&everything_is_denied());
    let steps: Vec<&str> = faults.iter().filter_map(|fault| fault.next_step.as_deref()).collect();
    for permission in
        ["sts:GetCallerIdentity", "lambda:GetFunctionConfiguration", "lambda:InvokeFunction", "s3:ListBucket"]
    {
        assert!(steps.iter().any(|step| step.ends_with(permission)), "{permission}: {steps:?}");
    }
}

#[test]
fn policy_must_deny_all_actions_of_all_without_tls() {
    let checks_with = |field: &str, value: Value| {
        let mut policy = policy();
        policy["Statement"][field] = value;
        checks(&with_policy(Some(policy)))
    };
    assert!(checks_with("Condition", json!({"Bool": {"aws:SecureTransport": [false]}})).is_empty());
    assert!(checks_with("Principal", json!("*")).is_empty());
    for (field, value) in [
        ("Effect", json!("Allow")),
        ("Principal", json!({"AWS": "arn:aws:iam::111111111111:user/ada"})),
        ("Action", json!("s3:GetObject")),
        ("Condition", json!({"Bool": {"aws:SecureTransport": "true"}})),
    ] {
        assert_eq!(checks_with(field, value), ["Bad bucket: TLS only"], "{field}");
    }
}

/// `put-bucket-policy` replaces the whole policy.
#[test]
fn policy_remedy_keeps_existing_statements() {
    let readers =
        json!({"Sid": "Readers", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "it's"});
    for statements in [json!([readers]), readers.clone()] {
        let observed = with_policy(Some(json!({"Version": "2012-10-17", "Id": "team", "Statement": statements})));
        let next_step = faults(&observed)[0].next_step.clone().unwrap();
        let (_, policy) = commands(&next_step)[0].split_once(" --policy ").unwrap();
        let policy = policy.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap().replace(r"'\''", "'");
        let policy: Value = serde_json::from_str(&policy).unwrap();
        assert_eq!((&policy["Id"], &policy["Statement"][0]), (&json!("team"), &readers));
        assert_eq!(policy["Statement"][1]["Condition"], json!({"Bool": {"aws:SecureTransport": "false"}}));
    }
    let unreadable = with_policy(Some(json!("not JSON that is read")));
    let next_step = faults(&unreadable)[0].next_step.clone().unwrap();
    assert!(commands(&next_step).is_empty(), "{next_step}");
}

#[test]
fn bucket_policy_statement_names_the_partition() {
    let observed = with_policy(None);
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let bucket = format!("arn:{partition}:s3:::coinbase-odin-111111111111");
        let resources = json!([bucket, format!("{bucket}/*")]).to_string();
        let findings = findings_in(region, &observed);
        let names_resources =
            |finding: &DoctorFinding| finding.next_step.as_ref().is_some_and(|step| step.contains(&resources));
        assert!(findings.iter().any(names_resources), "{region}: {findings:?}");
    }
}

#[test]
fn equivalent_definition_has_no_difference() {
    let reordered =
        json!({"States": {"Done": {}, "Lock": {"Retry": [{"BackoffRate": 2}], "Type": "Task"}}, "StartAt": "Lock"});
    assert!(faults(&with_machine(machine(reordered))).is_empty());
}

/// The one place that pins the texts of `doctor`.
#[test]
fn findings_as_text() {
    let line = |finding: DoctorFinding| {
        let DoctorFinding { what, status, message, next_step } = finding;
        let next_step = next_step.map(|step| format!("\n    {step}")).unwrap_or_default();
        format!("{status:?} {what}: {message}{next_step}\n")
    };
    let text = |(state, observed, _): (&str, Observed, _)| {
        let shown = if state == "healthy" { findings(&observed) } else { faults(&observed) };
        format!("# {state}\n{}", shown.into_iter().map(line).collect::<String>())
    };
    let texts: Vec<String> = states().into_iter().map(text).collect();
    insta::assert_snapshot!(texts.join("\n").replace(VERSION, "VERSION"));
}
