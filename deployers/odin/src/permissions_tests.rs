//! Snapshots of Odin's templates, for reviewers: they show what a change of the permissions means.

use crate::Odin;
use crate::cloud::{Alarms, AutoScaling, ClassicBalancers, Compute, Iam, LaunchTemplates, TargetGroups, Topics};
use bifrost::Deployer;
use bifrost::bootstrap::{
    DeployerName, DeployerOptions, TEMPLATE_LIMIT_BYTES, TargetOptions, deployer_template, project_template,
    target_template,
};
use serde_json::Value;
use std::collections::BTreeSet;

fn name() -> DeployerName {
    "coinbase-odin".parse().unwrap()
}

fn deployer() -> Value {
    deployer_template::<Odin>(&name(), &DeployerOptions::default())
}

fn target() -> Value {
    let deployer_account = "000000000000".parse().unwrap();
    let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
    target_template(&name(), Odin::PERMISSIONS, None, &options)
}

fn text(template: &Value) -> String {
    serde_json::to_string_pretty(template).unwrap()
}

#[test]
fn deployer_template_is_pinned() {
    insta::assert_snapshot!(text(&deployer()));
}

#[test]
fn target_template_is_pinned() {
    insta::assert_snapshot!(text(&target()));
}

#[test]
fn project_template_is_pinned() {
    insta::assert_snapshot!(text(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap())));
}

#[test]
fn templates_need_no_bucket() {
    for template in [deployer(), target()] {
        assert!(template.to_string().len() < TEMPLATE_LIMIT_BYTES);
    }
}

/// What AWS requires for operations of the ports, beside their own actions.
const REQUIRED: &[&str] = &["ec2:CreateTags", "ec2:RunInstances", "iam:CreateServiceLinkedRole", "iam:PassRole"];

#[test]
fn permissions_are_the_operations_of_the_ports() {
    let operations = [
        <dyn AutoScaling>::OPERATIONS,
        <dyn Alarms>::OPERATIONS,
        <dyn Compute>::OPERATIONS,
        <dyn LaunchTemplates>::OPERATIONS,
        <dyn ClassicBalancers>::OPERATIONS,
        <dyn TargetGroups>::OPERATIONS,
        <dyn Iam>::OPERATIONS,
        <dyn Topics>::OPERATIONS,
        REQUIRED,
    ];
    let operations: BTreeSet<_> = operations.concat().into_iter().collect();
    let allowed: BTreeSet<_> = Odin::PERMISSIONS.iter().flat_map(|permission| permission.actions).copied().collect();
    assert_eq!(allowed, operations);
}

/// `states:RedriveExecution` would run tasks of an execution that has given its lock back.
#[test]
fn nobody_may_redrive() {
    let mut actions = Odin::PERMISSIONS.iter().flat_map(|permission| permission.actions);
    assert!(actions.all(|action| !action.starts_with(['*', '?']) && !action.starts_with("states:")));
}
