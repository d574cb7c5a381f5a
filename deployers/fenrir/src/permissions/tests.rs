//! Snapshots of Fenrir's bootstrap templates, so that a reviewer sees every change of permissions.

use crate::Fenrir;
use bifrost::Deployer;
use bifrost::bootstrap::{
    DeployerName, DeployerOptions, TEMPLATE_LIMIT_BYTES, TargetOptions, deployer_template, target_template,
};
use bifrost::client::ClientDeployer;
use serde_json::Value;

/// The limit of the inline policies of a role together, in characters without white space.
const INLINE_LIMIT: usize = 10_240;
/// The limit of a managed policy, in characters without white space.
const MANAGED_LIMIT: usize = 6_144;

fn name() -> DeployerName {
    "coinbase-fenrir".parse().unwrap()
}

fn deployer() -> Value {
    let readers = vec!["222222222222".parse().unwrap(), "o-exampleorgid".parse().unwrap()];
    deployer_template::<Fenrir>(&name(), &DeployerOptions { readers, ..DeployerOptions::default() })
}

fn target() -> Value {
    let deployer_account = "000000000000".parse().unwrap();
    let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
    target_template(&name(), Fenrir::PERMISSIONS, Fenrir::BOUNDARY, &options)
}

fn text(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The length of a policy after CloudFormation has substituted the pseudo parameters, in the partition with the longest name.
fn length(policy: &Value) -> usize {
    let text =
        policy.to_string().replace("${AWS::AccountId}", "222222222222").replace("${AWS::Partition}", "aws-us-gov");
    text.replace("${AWS::URLSuffix}", "amazonaws.com.cn").replace(r#"{"Fn::Sub":"#, "").len()
}

#[test]
fn template_of_a_target_account() {
    insta::assert_snapshot!(text(&target()));
}

#[test]
fn policy_of_the_bucket() {
    insta::assert_snapshot!(text(&deployer()["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]));
}

#[test]
fn function_writes_logs_and_templates() {
    let role = &deployer()["Resources"]["FunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let statements = role["Statement"].as_array().unwrap();
    let write = statements.iter().find(|statement| statement["Sid"] == "WriteFiles").unwrap();
    let resources: Vec<_> = write["Resource"].as_array().unwrap().iter().map(|resource| &resource["Fn::Sub"]).collect();
    let bucket = "arn:${AWS::Partition}:s3:::coinbase-fenrir-${AWS::AccountId}";
    let files = ["log", "template.resolved"].map(|name| format!("{bucket}/*/release-*/{name}"));
    assert_eq!(resources, [&files[0], &files[1]]);
}

#[test]
fn policies_and_templates_are_within_the_limits() {
    let target = target();
    let resources = target["Resources"].as_object().unwrap();
    let role = &resources["AssumedRole"]["Properties"];
    let inline = role["Policies"].as_array().unwrap().iter().map(|policy| length(&policy["PolicyDocument"]));
    assert!(inline.clone().sum::<usize>() < INLINE_LIMIT, "{:?}", inline.collect::<Vec<_>>());
    let is_managed = |resource: &&Value| resource["Type"] == "AWS::IAM::ManagedPolicy";
    for policy in resources.values().filter(is_managed).map(|resource| &resource["Properties"]["PolicyDocument"]) {
        assert!(length(policy) < MANAGED_LIMIT, "{}", length(policy));
    }
    for template in [deployer(), target] {
        assert!(template.to_string().len() < TEMPLATE_LIMIT_BYTES);
    }
}

/// Statements that change resources are limited to stacks with Fenrir's prefix, or to calls through CloudFormation.
#[test]
fn changes_are_limited_to_stacks() {
    let read_only = ["Stacks", "Transform", "ReadReleases", "Look", "LookAtOne", "PassRoles", "PassDeploymentRoles"];
    for permission in Fenrir::PERMISSIONS.iter().filter(|permission| !read_only.contains(&permission.sid)) {
        let by_stacks = permission.conditions.iter().any(|(_, key, _)| *key == "aws:CalledVia");
        assert!(by_stacks, "{}", permission.sid);
    }
}

#[test]
fn roles_change_only_under_the_boundary() {
    let actions = ["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"];
    for permission in Fenrir::PERMISSIONS.iter().filter(|one| one.actions.iter().any(|action| actions.contains(action)))
    {
        let bounded = permission.conditions.iter().any(|(_, key, _)| *key == "iam:PermissionsBoundary");
        assert!(bounded, "{}", permission.sid);
    }
}

/// `states:RedriveExecution` would run tasks of an execution that has given its lock back.
#[test]
fn nobody_may_redrive() {
    let mut actions = Fenrir::PERMISSIONS
        .iter()
        .chain(Fenrir::BOUNDARY.iter().flat_map(|boundary| boundary.permissions))
        .flat_map(|permission| permission.actions);
    assert!(actions.all(|action| !action.starts_with(['*', '?']) && !action.starts_with("states:")));
}
