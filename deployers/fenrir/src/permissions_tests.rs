//! Fenrir's templates, whole: what a change of them comes to is for a person to read.

use crate::Fenrir;
use bifrost::Deployer;
use bifrost::bootstrap::{
    DeployerName, DeployerOptions, TEMPLATE_LIMIT_BYTES, TargetOptions, deployer_template, target_template,
};
use serde_json::Value;

/// How many characters the policies in a role may have together, white space aside.
const INLINE_LIMIT: usize = 10_240;
/// How many a managed policy may have.
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

/// How long a policy is once CloudFormation has put in what it names.
fn length(policy: &Value) -> usize {
    let text = policy.to_string().replace("${AWS::AccountId}", "222222222222").replace("${AWS::Partition}", "aws");
    text.replace(r#"{"Fn::Sub":"#, "").len()
}

#[test]
fn the_template_of_a_target_account_is_pinned() {
    insta::assert_snapshot!(text(&target()));
}

#[test]
fn the_policy_of_the_bucket_is_pinned() {
    insta::assert_snapshot!(text(&deployer()["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]));
}

#[test]
fn the_function_writes_logs_and_templates_of_releases() {
    let role = &deployer()["Resources"]["FunctionRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    let statements = role["Statement"].as_array().unwrap();
    let write = statements.iter().find(|statement| statement["Sid"] == "WriteFiles").unwrap();
    let resources: Vec<_> = write["Resource"].as_array().unwrap().iter().map(|resource| &resource["Fn::Sub"]).collect();
    let bucket = "arn:${AWS::Partition}:s3:::coinbase-fenrir-${AWS::AccountId}";
    let files = ["log", "template.resolved"].map(|name| format!("{bucket}/*/release-*/{name}"));
    assert_eq!(resources, [&files[0], &files[1]]);
}

#[test]
fn iam_takes_the_policies_and_cloudformation_the_templates_without_a_bucket() {
    let target = target();
    let policy = &target["Resources"]["AssumedRole"]["Properties"]["Policies"][0]["PolicyDocument"];
    assert!(length(policy) < INLINE_LIMIT, "{}", length(policy));
    let boundary = &target["Resources"]["Boundary"]["Properties"]["PolicyDocument"];
    assert!(length(boundary) < MANAGED_LIMIT, "{}", length(boundary));
    for template in [deployer(), target] {
        assert!(template.to_string().len() < TEMPLATE_LIMIT_BYTES);
    }
}

/// A stack is told from others by name, and so is what is in it; the rest no statement may change but by a stack.
#[test]
fn whatever_is_changed_is_a_stack_of_fenrirs_or_changed_by_one() {
    let looks = ["Stacks", "Transform", "ReadReleases", "Look", "LookAtOne", "PassRoles", "PassDeploymentRoles"];
    for permission in Fenrir::PERMISSIONS.iter().filter(|permission| !looks.contains(&permission.sid)) {
        let by_stacks = permission.conditions.iter().any(|(_, key, _)| *key == "aws:CalledVia");
        assert!(by_stacks, "{}", permission.sid);
    }
}

#[test]
fn a_role_gets_rights_only_under_the_boundary() {
    let rights = ["iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"];
    for permission in Fenrir::PERMISSIONS.iter().filter(|one| one.actions.iter().any(|action| rights.contains(action)))
    {
        let bounded = permission.conditions.iter().any(|(_, key, _)| *key == "iam:PermissionsBoundary");
        assert!(bounded, "{}", permission.sid);
    }
}
