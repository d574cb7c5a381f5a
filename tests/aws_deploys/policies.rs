//! Who may deploy: whoever has the two policies that it takes, and nobody with one of them.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, TARGET};
use crate::project::Project;
use bifrost::Deployer;
use bifrost::bootstrap::{DeployerName, DeployerOptions, TargetOptions};
use bifrost::bootstrap::{deployer_template, project_stack, target_template};
use odin::Odin;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Somebody with these policies of the deployer account and no other rights.
fn person_with(fixture: &AccountsFixture, policies: &[&str]) -> Vec<(String, String)> {
    let name = json!(policies.concat().chars().take(64).collect::<String>());
    fixture.aws(DEPLOYER, "iam", "CreateUser", json!({"UserName": name}));
    for policy in policies {
        let arn = format!("arn:aws:iam::{DEPLOYER}:policy/{policy}");
        fixture.aws(DEPLOYER, "iam", "AttachUserPolicy", json!({"UserName": name, "PolicyArn": arn}));
    }
    let key = fixture.aws(DEPLOYER, "iam", "CreateAccessKey", json!({"UserName": name}));
    let mut environment = fixture.moto.environment(DEPLOYER);
    for (variable, field) in [("AWS_ACCESS_KEY_ID", "AccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey")] {
        environment.push((variable.into(), key["AccessKey"][field].as_str().unwrap().into()));
    }
    environment
}

/// The name of the policy for who may upload a project's releases, which `bootstrap` made.
fn upload_policy(fixture: &AccountsFixture, project: &Project<'_>) -> String {
    let made = fixture.run(&format!("bootstrap --project {} --apply", project.name));
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    project_stack(&name(), &project.name.parse().unwrap())
}

fn name() -> DeployerName {
    FUNCTION.parse().unwrap()
}

#[test]
fn who_may_start_and_upload_deploys_and_who_may_only_one_of_them_does_not() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "people");
    let (start, upload) = ("coinbase-odin-start", upload_policy(&fixture, &project));

    let starter = project.deploy_as(person_with(&fixture, &[start]), "");
    assert_ne!(starter.code, 0, "{starter:#?}");
    assert!(starter.complaint.contains("s3:PutObject"), "{}", starter.complaint);
    let uploader = project.deploy_as(person_with(&fixture, &[&upload]), "");
    assert_ne!(uploader.code, 0, "{uploader:#?}");
    assert!(uploader.complaint.contains("states:"), "{}", uploader.complaint);

    let person = person_with(&fixture, &[start, &upload]);
    for _ in 0..2 {
        let deployed = project.deploy_as(person.clone(), "");
        assert_eq!(deployed.code, 0, "{deployed:#?}");
    }
    let mut other = Project::make(&fixture, "others");
    other.release["project_name"] = json!("story/others");
    let refused = other.deploy_as(person, "");
    assert_ne!(refused.code, 0, "{refused:#?}");
    assert!(refused.complaint.contains("s3:PutObject"), "{}", refused.complaint);
}

/// The actions that a policy allows, wherever in a template its statements stand.
fn allowed(template: &Value) -> BTreeSet<String> {
    match template {
        Value::Object(fields) if fields.get("Effect") == Some(&json!("Allow")) && !fields.contains_key("Principal") => {
            fields["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned()).collect()
        }
        Value::Object(fields) => fields.values().flat_map(allowed).collect(),
        Value::Array(items) => items.iter().flat_map(allowed).collect(),
        _ => BTreeSet::new(),
    }
}

/// That calls need no more than policies allow is shown by every story: the policies are enforced. This shows that they
/// allow no more than what is called.
#[test]
fn the_roles_may_do_what_deploys_do_and_no_more() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut project = Project::make(&fixture, "least");
    project.release["services"]["worker"]["placement_group_name"] = json!("odin/story/least/development/close");
    project.release["services"]["worker"]["placement_group_strategy"] = json!("spread");
    let mut calls = Vec::new();
    for _ in 0..2 {
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{deployed:#?}");
        calls.extend(fixture.moto.calls());
    }
    let called = |account: &str| -> BTreeSet<String> {
        let ours = calls.iter().filter(|call| call.function.is_some() && call.account == account);
        ours.map(|call| call.permission.clone()).collect()
    };
    let options = TargetOptions { deployer_account: DEPLOYER.parse().unwrap(), external_id: None, session_tags: false };
    let target = allowed(&target_template(&name(), Odin::PERMISSIONS, None, &options));
    let unused: Vec<_> = target.difference(&called(TARGET)).cloned().collect();
    // The first is for groups of an original, the third for a release that fails; AWS asks for the rest.
    let elsewhere = [
        "autoscaling:DeleteLaunchConfiguration",
        "ec2:CreateTags",
        "ec2:DeletePlacementGroup",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ];
    assert_eq!(unused, elsewhere);
    let deployer = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    let deployer = allowed(&deployer["Resources"]["FunctionRole"]);
    let unused: Vec<_> = deployer.difference(&called(DEPLOYER)).cloned().collect();
    // Nobody halted; S3, Lambda and its tracing ask for the rest.
    let elsewhere = [
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:DeleteObject",
        "s3:ListBucket",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    assert_eq!(unused, elsewhere);
}
