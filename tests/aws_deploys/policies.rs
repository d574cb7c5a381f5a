//! IAM policies: a deploy needs the start policy and the upload policy.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, TARGET};
use crate::project::Project;
use bifrost::Deployer;
use bifrost::bootstrap::{DeployerName, DeployerOptions, TargetOptions};
use bifrost::bootstrap::{deployer_template, project_stack, target_template};
use odin::Odin;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Creates a user with only these policies of the deployer account. Returns its environment.
fn user_with(fixture: &AccountsFixture, policies: &[&str]) -> Vec<(String, String)> {
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

/// Creates the upload policy of a project by `bootstrap`. Returns its name.
fn upload_policy(fixture: &AccountsFixture, project: &Project<'_>) -> String {
    let created = fixture.run(&format!("bootstrap --project {} --apply", project.name));
    assert_eq!(created.status.code(), Some(0), "{created:?}");
    project_stack(&name(), &project.name.parse().unwrap())
}

fn name() -> DeployerName {
    FUNCTION.parse().unwrap()
}

#[test]
fn deploying_needs_both_policies() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "policies");
    let (start, upload) = ("coinbase-odin-start", upload_policy(&fixture, &project));

    let starter = project.deploy_as(user_with(&fixture, &[start]), "");
    assert_ne!(starter.code, 0, "{starter:#?}");
    assert!(starter.complaint.contains("s3:PutObject"), "{}", starter.complaint);
    let uploader = project.deploy_as(user_with(&fixture, &[&upload]), "");
    assert_ne!(uploader.code, 0, "{uploader:#?}");
    assert!(uploader.complaint.contains("states:"), "{}", uploader.complaint);

    let user = user_with(&fixture, &[start, &upload]);
    for _ in 0..2 {
        let deployed = project.deploy_as(user.clone(), "");
        assert_eq!(deployed.code, 0, "{deployed:#?}");
    }
    let mut other = Project::create(&fixture, "others");
    other.release["project_name"] = json!("tests/others");
    let refused = other.deploy_as(user, "");
    assert_ne!(refused.code, 0, "{refused:#?}");
    assert!(refused.complaint.contains("s3:PutObject"), "{}", refused.complaint);
}

/// The actions that the policy statements of a template allow, at any depth.
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

/// The permissions that a call needs. A transaction needs those of its parts: locks are taken and given back in one.
fn permissions(call: &str) -> Vec<String> {
    match call {
        // It tags the session, and retains the checkpoint of the audit log.
        "sts:AssumeRole" => vec![call.to_owned(), "sts:TagSession".into()],
        "s3:PutObject" => vec![call.to_owned(), "s3:PutObjectRetention".into()],
        // A process asks for the public key once.
        "kms:Sign" => vec![call.to_owned(), "kms:GetPublicKey".into()],
        "dynamodb:TransactWriteItems" => {
            ["ConditionCheckItem", "DeleteItem", "PutItem"].map(|part| format!("dynamodb:{part}")).into()
        }
        permission => vec![permission.to_owned()],
    }
}

/// Every test shows that the policies are sufficient: moto enforces them. This test shows that they allow nothing else.
#[test]
fn roles_allow_only_the_calls_of_deploys() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut project = Project::create(&fixture, "least");
    project.release["services"]["worker"]["placement_group_name"] = json!("odin/tests/least/development/close");
    project.release["services"]["worker"]["placement_group_strategy"] = json!("spread");
    let mut calls = Vec::new();
    for _ in 0..2 {
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{deployed:#?}");
        calls.extend(fixture.moto.calls());
    }
    let called = |account: &str| -> BTreeSet<String> {
        let own = calls.iter().filter(|call| call.function.is_some() && call.account == account);
        own.flat_map(|call| permissions(&call.permission)).collect()
    };
    let options = TargetOptions { deployer_account: DEPLOYER.parse().unwrap(), external_id: None, session_tags: true };
    let target = allowed(&target_template(&name(), Odin::PERMISSIONS, None, &options));
    let unused: Vec<_> = target.difference(&called(TARGET)).cloned().collect();
    // For groups that grow at the switch, and those of Go Odin; for plans; for instances that are missing; for alarms of a release; for failed
    // releases. AWS requires the others.
    let expected = [
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteLaunchConfiguration",
        "autoscaling:DescribeAccountLimits",
        "autoscaling:DescribeScalingActivities",
        "cloudwatch:DescribeAlarms",
        "ec2:CreateTags",
        "ec2:DeletePlacementGroup",
        "ec2:RunInstances",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
    ];
    assert_eq!(unused, expected);
    let deployer = deployer_template::<Odin>(&name(), &DeployerOptions::default());
    let deployer = allowed(&deployer["Resources"]["FunctionRole"]);
    let unused: Vec<_> = deployer.difference(&called(DEPLOYER)).cloned().collect();
    // `s3:DeleteObject` removes halt flags; S3, Lambda and tracing require the others.
    let expected = [
        "kms:Decrypt",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:DeleteObject",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    ];
    assert_eq!(unused, expected);
}
