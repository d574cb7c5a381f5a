//! The policies that `bootstrap` creates allow exactly the calls of deploys and commands.
//!
//! The tests run deploys that together make every call of Odin, and record the calls. A missing action in a policy
//! fails the test, and so does an action that nothing calls.

use crate::fixture::{Fixture, LOCKS};
use crate::sample_cloud::{DEPLOYER, Scenario, TARGET};
use bifrost::Deployer;
use bifrost::audit::AuditMode;
use bifrost::bootstrap::{
    AuditSettings, DeployerName, DeployerOptions, TargetOptions, deployer_template, project_template, target_template,
};
use bifrost::client::{Address, Client};
use bifrost::cloud::{LockItem, Principal};
use bifrost::lifecycle::Freeze;
use bifrost::local::LocalState;
use bifrost::testing::is_audit_call;
use chrono::TimeDelta;
use odin::Odin;
use odin::cloud::local::OdinAccount;
use odin::parity::ConfigAddress;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

fn name() -> DeployerName {
    "coinbase-odin".parse().unwrap()
}

type Actions = BTreeSet<String>;

/// The actions that the policy statements of a template allow, at any depth.
fn allowed(template: &Value) -> Actions {
    match template {
        Value::Object(fields) if fields.get("Effect") == Some(&json!("Allow")) && !fields.contains_key("Principal") => {
            let actions = fields["Action"].as_array().unwrap();
            actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect()
        }
        Value::Object(fields) => fields.values().flat_map(allowed).collect(),
        Value::Array(items) => items.iter().flat_map(allowed).collect(),
        _ => Actions::new(),
    }
}

/// The parts of the transactions of a deploy, which takes a root lock and gives it back.
const LOCKING: [&str; 3] = ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"];
/// The parts of the transaction of `unlock`.
const UNLOCKING: [&str; 2] = ["dynamodb:DeleteItem", "dynamodb:PutItem"];

/// The permissions that a call needs. A transaction needs those of its parts.
fn permissions(call: &str, transaction: &[&str]) -> Vec<String> {
    match call {
        "dynamodb:TransactWriteItems" => transaction.iter().map(|&part| part.to_owned()).collect(),
        "s3:HeadObject" => vec!["s3:GetObject".to_owned()],
        "s3:ListObjectsV2" => vec!["s3:ListBucket".to_owned()],
        permission => vec![permission.to_owned()],
    }
}

fn with(mut called: Actions, required: &[&str]) -> Actions {
    called.extend(required.iter().map(|action| (*action).to_owned()));
    called
}

/// Runs releases that use all features, over a group that Go Odin created, and some that fail.
async fn run_all_deploys() -> Vec<Fixture> {
    let with_placement = |scenario: Scenario| {
        scenario
            .with("/services/worker/placement_group_name", json!("odin/coinbase/deploy-test/development/close"))
            .with("/services/worker/placement_group_strategy", json!("spread"))
    };
    let succeeding = with_placement(Scenario::sample()).over_go_odin_group().build();
    succeeding.deploy("first").await;
    // A halt flag that was meant for another deploy is removed.
    succeeding.halt("wrong image").await;
    succeeding.advance(TimeDelta::minutes(6));
    succeeding.deploy("second").await;
    let failing =
        with_placement(Scenario::sample()).instances(json!({"boots_after_seconds": 9000})).with("/timeout", json!(120));
    let failing = failing.build();
    failing.deploy("first").await;
    let without_capacity =
        Scenario::web().in_region("/spare_capacity", json!({"t3.nano": 0})).with("/timeout", json!(120));
    let without_capacity = without_capacity.build();
    without_capacity.deploy("first").await;
    vec![succeeding, failing, without_capacity, grown().await]
}

/// A deploy with an alarm, whose old group grows shortly before it is detached.
async fn grown() -> Fixture {
    let fixture = Scenario::web()
        .with("/alarms", json!(["errors"]))
        .in_region("/alarms_of_others", json!({"errors": {}}))
        .build();
    fixture.deploy("first").await;
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForDetach").await;
    fixture.change(|region| {
        let groups = region.auto_scaling_groups.values_mut();
        let old = groups.filter(|group| group.tags["ReleaseID"] == "release-1-first");
        old.for_each(|group| group.capacity.desired += 1);
    });
    fixture.harness.run().await.unwrap();
    fixture
}

fn called(fixtures: &[Fixture], by: impl Fn(&Principal) -> bool) -> Actions {
    let calls = fixtures.iter().flat_map(|fixture| fixture.journal().calls.clone());
    let calls = calls.filter(|record| by(&record.call.principal));
    calls.flat_map(|record| permissions(record.call.name.operation, &LOCKING)).collect()
}

#[tokio::test]
async fn target_role_allows_the_calls_of_deploys() {
    let fixtures = run_all_deploys().await;
    let called = called(&fixtures, |principal| matches!(principal, Principal::AssumedRole(_)));
    // A plan calls the first, AWS requires the others.
    let required = [
        "autoscaling:DescribeAccountLimits",
        "ec2:CreateTags",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ];
    let deployer_account = "000000000000".parse().unwrap();
    let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
    assert_eq!(allowed(&target_template(&name(), Odin::PERMISSIONS, None, &options)), with(called, &required));
}

#[tokio::test]
async fn function_role_allows_the_calls_of_deploys() {
    let fixtures = run_all_deploys().await;
    let called = called(&fixtures, |principal| *principal == Principal::Deployer);
    // S3 requires the first two, Lambda requires the rest.
    let required = [
        "kms:Decrypt",
        "s3:ListBucket",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sts:TagSession",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
        // For the audit log. In the local cloud it needs none of them.
        "dynamodb:BatchGetItem",
        "kms:GetPublicKey",
        "kms:Sign",
        "s3:PutObjectRetention",
    ];
    let template = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    assert_eq!(allowed(&template["Resources"]["FunctionRole"]), with(called, &required));
}

/// The calls of commands, through the client: start, follow, halt and describe a deploy, list and compare what is deployed,
/// freeze and unfreeze, and clear a lock. Calls in target accounts are excluded: users who deploy do not need permission for them.
async fn run_all_commands() -> Actions {
    let fixture = Scenario::worker().build();
    // `fleet` and `parity` read what is deployed.
    fixture.deploy("first").await;
    let (client, seen) = (Client::from(fixture.harness.cloud()), Arc::new(Mutex::new(Actions::new())));
    let called = Arc::clone(&seen);
    fixture.harness.store().watch(Box::new(move |record, _, _| {
        // Neither of a task, nor of the function that closes an execution in the audit log.
        let by_command = record.call.name.attempt.execution.is_none() && record.call.principal == Principal::Deployer;
        // In AWS, the function `<deployer>-audit` records acts of people.
        let is_direct = by_command && !is_audit_call(record);
        if is_direct && record.call.name.operation != "sts:AssumeRole" {
            called.lock().unwrap().extend(permissions(record.call.name.operation, &UNLOCKING));
        }
    }));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/releases/deploy-test.json");
    let prepared = client.prepare(file.as_ref(), "ada").await.unwrap();
    let address = Address::from(&prepared.release.envelope);
    let mut follower = client.follow(client.start(&prepared).await.unwrap());
    client.halt(&address, "a test").await.unwrap();
    fixture.harness.run().await.unwrap();
    follower.poll().await.unwrap();
    assert!(follower.outcome().is_some());
    hold_root_lock(&fixture, &address);
    client.freeze(&address, &Freeze { user: "ada".into(), lock_reason: "a test".into() }).await.unwrap();
    client.deployment(&address).await.unwrap();
    let fleet = odin::fleet::survey(&client).await.unwrap();
    assert!(fleet.releases.iter().any(|release| release.config == "development"), "{fleet:?}");
    let config = ConfigAddress {
        account: TARGET.parse().unwrap(),
        project: address.project.clone(),
        config: address.config.clone(),
    };
    odin::parity::deployed(&client, &config, String::new).await.unwrap();
    let plan = client.prepare_unlock(&address, None).await.unwrap();
    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert!(!unlocked.cleared.is_empty());
    assert!(client.unfreeze(&address).await.unwrap().is_some());
    seen.lock().unwrap().clone()
}

/// Adds a root lock as a crashed deploy leaves it: no running execution holds it.
fn hold_root_lock(fixture: &Fixture, address: &Address) {
    let key = address.root_dir().lock().to_string();
    let item = json!({"key": key, "id": "a-dead-deploy", "time": "2026-01-01T00:00:00Z"});
    let item: LockItem = serde_json::from_value(item).unwrap();
    let hold = |local_state: &mut LocalState<OdinAccount>| {
        let account = local_state.accounts.get_mut(&DEPLOYER.parse().unwrap()).unwrap();
        account.lock_tables.get_mut(LOCKS).unwrap().locks.insert(key, item);
    };
    fixture.harness.store().transact(hold).unwrap();
}

#[tokio::test]
async fn operator_policies_allow_the_calls_of_commands() {
    // With an audit log, the function `coinbase-odin-audit` makes the calls that change something.
    let audit = AuditSettings { mode: AuditMode::Off, log_account: None };
    let template = deployer_template::<Odin>(&name(), &DeployerOptions { audit, ..DeployerOptions::default() });
    let resources = &template["Resources"];
    let mut policies = allowed(&resources["StartPolicy"]);
    policies.extend(allowed(&resources["OperatePolicy"]));
    policies.extend(allowed(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap())));
    // S3 requires the first two. In AWS, `deploy` also reads the definition, which the local cloud does not store. The
    // others are for `unlock --force`, and for asking the audit function before it turns out that there is none.
    let required = [
        "kms:GenerateDataKey",
        "s3:ListBucket",
        "states:DescribeStateMachine",
        "states:StopExecution",
        "lambda:InvokeFunction",
    ];
    assert_eq!(policies, with(run_all_commands().await, &required));
}

#[test]
fn deploying_needs_two_policies() {
    let template = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    let start = allowed(&template["Resources"]["StartPolicy"]);
    assert!(start.contains("states:StartExecution") && !start.contains("s3:PutObject"));
    let upload = allowed(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap()));
    assert!(upload.contains("s3:PutObject") && !upload.contains("states:StartExecution"));
}
