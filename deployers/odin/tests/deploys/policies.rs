//! The policies that `bootstrap` makes allow what deploys call, and nothing else.
//!
//! Deploys are played that between them call everything that Odin calls; the gate tells what it was. An action that is
//! missing in a policy, and one that nothing calls, both fail here.

use crate::fixture::{Fixture, LOCKS};
use crate::sample_cloud::{DEPLOYER, Scenario};
use bifrost::Deployer;
use bifrost::bootstrap::{
    DeployerName, DeployerOptions, TargetOptions, deployer_template, project_template, target_template,
};
use bifrost::client::{Address, Client};
use bifrost::cloud::{LockItem, Principal};
use bifrost::local::LocalState;
use bifrost::lock::Freeze;
use chrono::TimeDelta;
use odin::Odin;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

fn name() -> DeployerName {
    "coinbase-odin".parse().unwrap()
}

type Actions = BTreeSet<String>;

/// The actions that the statements of a policy allow, wherever in a template they stand.
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

fn with(mut called: Actions, demanded: &[&str]) -> Actions {
    called.extend(demanded.iter().map(|action| (*action).to_owned()));
    called
}

/// Releases with everything that a release may have, one of which fails, over a group that the original made.
async fn everything_that_odin_does() -> Vec<Fixture> {
    let placed = |scenario: Scenario| {
        scenario
            .with("/services/worker/placement_group_name", json!("odin/coinbase/deploy-test/development/close"))
            .with("/services/worker/placement_group_strategy", json!("spread"))
    };
    let succeeding = placed(Scenario::sample()).over_an_original().begin();
    succeeding.deploy("first").await;
    // A flag that was for another deploy is removed.
    succeeding.halt("wrong image").await;
    succeeding.advance(TimeDelta::minutes(6));
    succeeding.deploy("second").await;
    let failing =
        placed(Scenario::sample()).instances(json!({"boots_after_seconds": 9000})).with("/timeout", json!(120));
    let failing = failing.begin();
    failing.deploy("first").await;
    vec![succeeding, failing]
}

fn called(stages: &[Fixture], by: impl Fn(&Principal) -> bool) -> Actions {
    let calls = stages.iter().flat_map(|fixture| fixture.journal().calls.clone());
    calls.filter(|record| by(&record.call.principal)).map(|record| record.call.name.operation.to_owned()).collect()
}

#[tokio::test]
async fn the_role_in_a_target_account_may_do_what_deploys_do_there() {
    let stages = everything_that_odin_does().await;
    let called = called(&stages, |principal| matches!(principal, Principal::AssumedRole(_)));
    let demanded = ["ec2:CreateTags", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole"];
    let deployer_account = "000000000000".parse().unwrap();
    let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
    assert_eq!(allowed(&target_template(&name(), Odin::PERMISSIONS, None, &options)), with(called, &demanded));
}

#[tokio::test]
async fn the_functions_role_may_do_what_deploys_do_in_the_deployer_account() {
    let stages = everything_that_odin_does().await;
    let called = called(&stages, |principal| *principal == Principal::Deployer);
    // S3 asks for the first two, and Lambda for the rest.
    let demanded = [
        "kms:Decrypt",
        "s3:ListBucket",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    let template = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    assert_eq!(allowed(&template["Resources"]["FunctionRole"]), with(called, &demanded));
}

/// What a person's commands call, by hand of the client: a deploy that is followed to its end and looked at, another that
/// is halted, a freeze that is lifted, and a lock that is cleared. Looking into a target account is left out: who may
/// deploy need not be allowed to.
async fn everything_that_people_do() -> Actions {
    let fixture = Scenario::worker().begin();
    let (client, seen) = (Client::from(fixture.harness.cloud()), Arc::new(Mutex::new(Actions::new())));
    let called = Arc::clone(&seen);
    fixture.harness.store().watch(Box::new(move |record, _, _| {
        let by_hand = record.call.name.attempt.state.is_empty() && record.call.principal == Principal::Deployer;
        if by_hand && record.call.name.operation != "sts:AssumeRole" {
            called.lock().unwrap().insert(record.call.name.operation.to_owned());
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
    let unlocked = client.unlock(&address, false).await.unwrap();
    assert!(!unlocked.cleared.is_empty());
    assert!(client.unfreeze(&address).await.unwrap().is_some());
    seen.lock().unwrap().clone()
}

/// As a deploy that died leaves it: of no execution that runs.
fn hold_root_lock(fixture: &Fixture, address: &Address) {
    let key = address.root_dir().lock().to_string();
    let item = json!({"key": key, "id": "a-dead-deploy", "time": "2026-01-01T00:00:00Z"});
    let item: LockItem = serde_json::from_value(item).unwrap();
    let hold = |local_state: &mut LocalState<OdinAccount>| {
        let account = local_state.accounts.get_mut(&DEPLOYER.parse().unwrap()).unwrap();
        account.lock_tables.get_mut(LOCKS).unwrap().insert(key, item);
    };
    fixture.harness.store().transact(hold).unwrap();
}

#[tokio::test]
async fn people_who_have_all_policies_may_do_what_commands_call() {
    let template = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    let resources = &template["Resources"];
    let mut policies = allowed(&resources["StartPolicy"]);
    policies.extend(allowed(&resources["OperatePolicy"]));
    policies.extend(allowed(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap())));
    // S3 asks for the first two; in AWS `deploy` looks at the definition, too, which the embedded world does not keep.
    let demanded = ["kms:GenerateDataKey", "s3:ListBucket", "states:DescribeStateMachine"];
    assert_eq!(policies, with(everything_that_people_do().await, &demanded));
}

#[test]
fn nobody_can_deploy_by_one_policy_alone() {
    let template = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    let start = allowed(&template["Resources"]["StartPolicy"]);
    assert!(start.contains("states:StartExecution") && !start.contains("s3:PutObject"));
    let upload = allowed(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap()));
    assert!(upload.contains("s3:PutObject") && !upload.contains("states:StartExecution"));
}
