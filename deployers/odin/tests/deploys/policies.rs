//! The policies that `bootstrap` makes allow what deploys call, and nothing else.
//!
//! Deploys are played that between them call everything that Odin calls; the gate tells what it was. An action that is
//! missing in a policy, and one that nothing calls, both fail here.

use crate::stage::Stage;
use crate::world::{Scenario, USER_DATA};
use bifrost::Deployer;
use bifrost::bootstrap::{DeployerOptions, TargetOptions, deployer_template, project_template, target_template};
use bifrost::client::{Address, Client};
use bifrost::cloud::Principal;
use bifrost::lock::UserLock;
use odin::Odin;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const NAME: &str = "coinbase-odin";

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
async fn everything_that_odin_does() -> Vec<Stage> {
    let placed = |scenario: Scenario| {
        scenario
            .with("/services/worker/placement_group_name", json!("odin/coinbase/deploy-test/development/close"))
            .with("/services/worker/placement_group_strategy", json!("spread"))
    };
    let succeeding = placed(Scenario::sample()).begin();
    succeeding.deploy("first").await;
    succeeding.deploy("second").await;
    let failing = placed(Scenario::sample()).instances(json!({"boots_after_seconds": 9000})).with("/timeout", json!(120));
    let failing = failing.begin();
    failing.deploy("first").await;
    vec![succeeding, failing]
}

fn called(stages: &[Stage], by: impl Fn(&Principal) -> bool) -> Actions {
    let calls = stages.iter().flat_map(|stage| stage.journal().calls.clone());
    calls.filter(|record| by(&record.call.principal)).map(|record| record.call.name.operation.to_owned()).collect()
}

#[tokio::test]
async fn the_role_in_a_target_account_may_do_what_deploys_do_there() {
    let stages = everything_that_odin_does().await;
    let called = called(&stages, |principal| matches!(principal, Principal::AssumedRole(_)));
    let demanded = ["ec2:CreateTags", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole"];
    let deployer_account = "000000000000".parse().unwrap();
    let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
    assert_eq!(allowed(&target_template(NAME, Odin::PERMISSIONS, &options)), with(called, &demanded));
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
    let template = deployer_template::<Odin>(NAME, &DeployerOptions::default());
    assert_eq!(allowed(&template["Resources"]["FunctionRole"]), with(called, &demanded));
}
