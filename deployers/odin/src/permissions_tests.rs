//! Odin's templates, whole: what a change of them comes to is for a person to read.

use crate::Odin;
use bifrost::Deployer;
use bifrost::bootstrap::{
    DeployerName, DeployerOptions, TEMPLATE_LIMIT_BYTES, TargetOptions, deployer_template, project_template,
    target_template,
};
use serde_json::Value;

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
fn the_template_of_the_deployer_account_is_pinned() {
    insta::assert_snapshot!(text(&deployer()));
}

#[test]
fn the_template_of_a_target_account_is_pinned() {
    insta::assert_snapshot!(text(&target()));
}

#[test]
fn the_template_of_a_projects_policy_is_pinned() {
    insta::assert_snapshot!(text(&project_template(&name(), &"coinbase/deploy-test".parse().unwrap())));
}

#[test]
fn cloudformation_takes_the_templates_without_a_bucket() {
    for template in [deployer(), target()] {
        assert!(template.to_string().len() < TEMPLATE_LIMIT_BYTES);
    }
}
