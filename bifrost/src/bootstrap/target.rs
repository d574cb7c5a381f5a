//! The one role that a target account needs.

use super::names::{DeployerName, Names};
use super::policy::{Statement, document, substituted, trust};
use super::template::Template;
use crate::cloud::SESSION_TAGS;
use crate::permission::Permission;
use crate::release::AccountId;
use serde_json::{Map, Value, json};

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
pub fn target_template(name: &DeployerName, permissions: &[Permission], options: &TargetOptions) -> Value {
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
        fields.insert("Policies".into(), json!([{"PolicyName": "deployer", "PolicyDocument": policy}]));
    }
    let why: Map<_, _> =
        permissions.iter().map(|permission| (permission.sid.to_owned(), permission.why.into())).collect();
    Template::new(&format!("{name}: the role that its deploys assume in this account"))
        .resource("AssumedRole", "AWS::IAM::Role", role)
        .attribute("AssumedRole", "Metadata", why.into())
        .output("AssumedRole", "The role that deploys assume", json!({"Fn::GetAtt": ["AssumedRole", "Arn"]}))
        .into_value()
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
