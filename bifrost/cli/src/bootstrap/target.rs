//! The one role that a target account needs.

use super::names::{DeployerName, Names};
use super::policy::{Statement, document, substituted, trust};
use super::template::Template;
use bifrost_core::account::names;
use bifrost_core::cloud::SESSION_TAGS;
use bifrost_core::deployer::{Boundary, DEPLOYERS_BUCKET, Permission};
use bifrost_core::release::AccountId;
use serde_json::{Value, json};

/// What the role in a target account asks of the deployer.
#[derive(Debug, Clone)]
pub struct TargetOptions {
    /// The deployer account.
    pub deployer_account: AccountId,
    /// What the deployer must say when it assumes the role.
    pub external_id: Option<String>,
    /// Whether it may tag its sessions with [`SESSION_TAGS`].
    pub session_tags: bool,
}

/// The template of the role in a target account.
#[must_use]
pub fn target_template(
    name: &DeployerName,
    permissions: &[Permission],
    boundary: Option<Boundary>,
    options: &TargetOptions,
) -> Value {
    let names = Names(name);
    let mut role = json!({
        "RoleName": names.assumed_role(),
        "Description": format!("What {name} may do in this account"),
        "AssumeRolePolicyDocument": document(trusted(names, options)),
    });
    // A role without a policy may do nothing; a policy without statements is refused.
    if let Value::Object(fields) = &mut role
        && !permissions.is_empty()
    {
        let policy = document(permissions.iter().map(Statement::from));
        let policy = naming_bucket(policy, &names::bucket(name.as_str(), options.deployer_account.as_str()));
        fields.insert("Policies".into(), json!([{"PolicyName": "deployer", "PolicyDocument": policy}]));
    }
    let template = Template::new(&format!("{name}: the role that its deploys assume in this account"))
        .resource("AssumedRole", "AWS::IAM::Role", role)
        .attribute("AssumedRole", "Metadata", why(permissions))
        .output("AssumedRole", "The role that deploys assume", json!({"Fn::GetAtt": ["AssumedRole", "Arn"]}));
    match boundary {
        Some(boundary) => bounded(template, name, boundary).into_value(),
        None => template.into_value(),
    }
}

/// With the policy that bounds the roles that deploys make.
fn bounded(template: Template, name: &DeployerName, boundary: Boundary) -> Template {
    let policy = json!({
        "ManagedPolicyName": boundary.name,
        "Description": format!("The most that roles may do which deploys of {name} make"),
        "PolicyDocument": document(boundary.permissions.iter().map(Statement::from)),
    });
    template
        .resource("Boundary", "AWS::IAM::ManagedPolicy", policy)
        .attribute("Boundary", "Metadata", why(boundary.permissions))
        .output("Boundary", "What bounds the roles that deploys make", json!({"Ref": "Boundary"}))
}

/// Why each statement is needed, for who reviews the policy.
fn why(permissions: &[Permission]) -> Value {
    permissions.iter().map(|permission| (permission.sid.to_owned(), Value::from(permission.why))).collect()
}

/// The policy with the bucket's name in the place of what stands for it.
fn naming_bucket(policy: Value, bucket: &str) -> Value {
    match policy {
        Value::String(text) => text.replace(DEPLOYERS_BUCKET, bucket).into(),
        Value::Array(values) => values.into_iter().map(|value| naming_bucket(value, bucket)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, naming_bucket(value, bucket))).collect(),
        other => other,
    }
}

/// Only the deployer's function may assume the role: no person of the deployer account, and no other of its functions.
fn trusted(names: Names, options: &TargetOptions) -> Vec<Statement> {
    let arn = format!("arn:${{AWS::Partition}}:iam::{}:role/{}", options.deployer_account, names.execution_role());
    let deployer = json!({"AWS": substituted(&arn)});
    let assume = trust("Deployer", "sts:AssumeRole", deployer.clone());
    let assume = match &options.external_id {
        Some(id) => assume.when("StringEquals", "sts:ExternalId", &[id]),
        None => assume,
    };
    let tag = options.session_tags.then(|| {
        trust("DeployerTagsSessions", "sts:TagSession", deployer).when(
            "ForAllValues:StringEquals",
            "aws:TagKeys",
            &SESSION_TAGS,
        )
    });
    [assume].into_iter().chain(tag).collect()
}
