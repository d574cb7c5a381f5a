//! The role in a target account.

use super::names::{DeployerName, Names};
use super::policy::{Statement, document, substituted, trust};
use super::split::split;
use super::template::Template;
use bifrost_core::account::names;
use bifrost_core::cloud::SESSION_TAGS;
use bifrost_core::deployer::{Boundary, DEPLOYERS_BUCKET, Permission};
use bifrost_core::release::AccountId;
use serde_json::{Map, Value, json};

/// The settings of the role in a target account.
#[derive(Debug, Clone)]
pub struct TargetOptions {
    /// The account of the deployer that the role trusts.
    pub deployer_account: AccountId,
    /// The external id that the deployer must send to assume the role.
    pub external_id: Option<String>,
    /// Whether the deployer may tag its sessions with [`SESSION_TAGS`].
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
    let template = Template::new(&format!("{name}: the role that deploys to this account assume"));
    let template = add_role(template, name, permissions, options)
        .attribute("AssumedRole", "Metadata", reasons(permissions))
        .output(
            "AssumedRole",
            "Role that deploys to this account assume",
            json!({"Fn::GetAtt": ["AssumedRole", "Arn"]}),
        );
    match boundary {
        Some(boundary) => add_boundary(template, name, boundary).into_value(),
        None => template.into_value(),
    }
}

/// Adds the role, with as many policies as its permissions need.
fn add_role(
    mut template: Template,
    name: &DeployerName,
    permissions: &[Permission],
    options: &TargetOptions,
) -> Template {
    let names = Names(name);
    let bucket = names::bucket(name.as_str(), options.deployer_account.as_str());
    let policies = split(permissions.iter().map(Statement::from)).into_iter();
    let mut policies = policies.map(|statements| with_bucket(document(statements), &bucket));
    let mut role = Map::from_iter([
        ("RoleName".to_owned(), names.assumed_role().into()),
        ("Description".to_owned(), format!("Permissions of {name} in this account").into()),
        ("AssumeRolePolicyDocument".to_owned(), document(trusted(names, options))),
    ]);
    // IAM refuses a policy without statements. A role without a policy has no permissions.
    if let Some(policy) = policies.next() {
        role.insert("Policies".into(), json!([{"PolicyName": "deployer", "PolicyDocument": policy}]));
    }
    let mut managed = Vec::new();
    for (policy, number) in policies.zip(2..) {
        let logical_id = format!("AssumedRolePolicy{number}");
        let properties = json!({"Description": format!("More permissions of {name}"), "PolicyDocument": policy});
        template = template.resource(&logical_id, "AWS::IAM::ManagedPolicy", properties);
        managed.push(json!({"Ref": logical_id}));
    }
    if !managed.is_empty() {
        role.insert("ManagedPolicyArns".into(), managed.into());
    }
    template.resource("AssumedRole", "AWS::IAM::Role", role.into())
}

/// Adds the permissions boundary of the roles that deploys create.
fn add_boundary(template: Template, name: &DeployerName, boundary: Boundary) -> Template {
    let policy = json!({
        "ManagedPolicyName": boundary.name,
        // CloudFormation replaces a policy whose description changes, which it cannot do with a fixed name: this text must
        // never change.
        "Description": format!("The most that roles may do which deploys of {name} make"),
        "PolicyDocument": document(boundary.permissions.iter().map(Statement::from)),
    });
    template
        .resource("Boundary", "AWS::IAM::ManagedPolicy", policy)
        .attribute("Boundary", "Metadata", reasons(boundary.permissions))
        .output("Boundary", "Permissions boundary of the roles that deploys create", json!({"Ref": "Boundary"}))
}

/// The reason for each statement, for reviewers of the policy.
fn reasons(permissions: &[Permission]) -> Value {
    permissions.iter().map(|permission| (permission.sid.to_owned(), Value::from(permission.why))).collect()
}

/// Replaces the placeholder of the deployer's bucket by its name.
fn with_bucket(policy: Value, bucket: &str) -> Value {
    match policy {
        Value::String(text) => text.replace(DEPLOYERS_BUCKET, bucket).into(),
        Value::Array(values) => values.into_iter().map(|value| with_bucket(value, bucket)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, with_bucket(value, bucket))).collect(),
        other => other,
    }
}

/// Only the deployer's function may assume the role: no user and no other function of the deployer account.
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
