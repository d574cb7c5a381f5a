//! The audit log of all deployers with the same prefix, and what a deployer needs to write it.
//!
//! The log has a stack of its own: it outlives each deployer, and may be in another account. Nothing of it is deleted with the stack.

mod bucket;
mod function;
mod place;
mod retention;
mod signing;

pub(super) use function::add as add_function;
pub(super) use place::LogPlace;
pub use retention::{LockMode, Retention};

use super::names::DeployerName;
use super::policy::{Statement, allow, deny, document, substituted};
use super::store::ITEM_WRITES;
use super::template::Template;
use bifrost_core::account::names;
use bifrost_core::audit::AuditMode;
use bifrost_core::release::{AccountId, service_principal};
use place::ORDERING;
use serde_json::{Value, json};

/// The settings of an audit log.
#[derive(Debug, Clone)]
pub struct AuditLogOptions {
    /// For how long its objects can be neither overwritten nor deleted.
    pub retention: Retention,
    /// Who can delete an object before that.
    pub mode: LockMode,
    /// The account of the deployers, if the log has an account of its own.
    pub deployer_account: Option<AccountId>,
}

/// How a deployer uses the audit log.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    /// What happens when the log cannot be written.
    pub mode: AuditMode,
    /// The account of the log, if it is not the deployer account.
    pub log_account: Option<AccountId>,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { mode: AuditMode::Required, log_account: None }
    }
}

/// Every action that can remove an item of a table.
const ITEM_REMOVALS: [&str; 3] = ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete"];

/// What removes the table, its deletion protection or its backups, or lets its items expire.
const TABLE_CHANGES: [&str; 4] =
    ["dynamodb:DeleteTable", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive"];

/// The template of the audit log of all deployers that have the prefix of this one.
///
/// The table is created last, because its deletion protection would keep CloudFormation from undoing a failed creation.
#[must_use]
pub fn audit_template(name: &DeployerName, options: &AuditLogOptions) -> Value {
    let place = LogPlace::seen_by_log(name, options.deployer_account.as_ref());
    let first = json!(["BucketPolicy", "SigningKeyAlias", "ReadPolicy"]);
    let template = Template::new(&format!("{}: the audit log of deployers built with Bifrost", place.log()))
        .resource("Bucket", "AWS::S3::Bucket", bucket::bucket(&place, options))
        .resource("BucketPolicy", "AWS::S3::BucketPolicy", bucket::policy(&place, options))
        .resource("SigningKey", "AWS::KMS::Key", signing::key(&place))
        .resource("SigningKeyAlias", "AWS::KMS::Alias", signing::alias(&place))
        .resource("ReadPolicy", "AWS::IAM::ManagedPolicy", signing::read_policy(&place))
        .resource("Table", "AWS::DynamoDB::Table", table(&place))
        .attribute("Table", "DependsOn", first)
        .output("Bucket", "Bucket of the audit log", json!({"Ref": "Bucket"}))
        .output("SigningKey", "Key that signs its checkpoints", json!({"Fn::GetAtt": ["SigningKey", "Arn"]}))
        .output("Table", "Table that orders its entries", json!({"Ref": "Table"}))
        .output("ReadPolicy", "Auditor policy: read and verify the audit log", json!({"Ref": "ReadPolicy"}));
    let resources = ["Bucket", "BucketPolicy", "SigningKey", "SigningKeyAlias", "ReadPolicy", "Table"];
    resources.into_iter().fold(template, Template::kept).into_value()
}

/// The name of the stack of the audit log. An account of logs may have one for each deployer account.
#[must_use]
pub fn audit_stack(name: &DeployerName, options: &AuditLogOptions) -> String {
    let log = names::audit_log(name.as_str());
    options.deployer_account.as_ref().map_or_else(|| log.clone(), |account| format!("{log}-{account}"))
}

/// Entries get their order here before they are published in the bucket. What is published is no longer needed, but never removed.
fn table(place: &LogPlace<'_>) -> Value {
    let statements = [
        deny("NobodyRemoves", &ITEM_REMOVALS, &[place.table_arn()]).of("*".into()),
        deny("OnlyFunctionsWrite", &ITEM_WRITES, &[place.table_arn()]).of("*".into()).when(
            "ArnNotLike",
            "aws:PrincipalArn",
            &[&place.functions_arn()],
        ),
        only_by_stack(deny("KeepSettings", &TABLE_CHANGES, &[place.table_arn()])).of("*".into()),
    ];
    json!({
        "TableName": substituted(&place.table()),
        "AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
        "DeletionProtectionEnabled": true,
        "ResourcePolicy": {"PolicyDocument": document(statements.into_iter().chain(from_deployer_account(place)))},
    })
}

/// The statement, except for updates of a stack, which leave their own trace. CloudFormation makes its calls with the permissions of the
/// person who updates the stack, and says so in this key; with a service role it does not.
fn only_by_stack(statement: Statement) -> Statement {
    statement.when("StringNotEquals", "aws:CalledViaFirst", &[service_principal::CLOUD_FORMATION])
}

/// A table of another account must allow what the policies of the deployer account allow.
fn from_deployer_account(place: &LogPlace<'_>) -> Vec<Statement> {
    if !place.is_apart() {
        return Vec::new();
    }
    let principal = || json!({"AWS": substituted(&place.deployer_root())});
    vec![
        allow("FunctionsOrder", &ORDERING, &[place.table_arn()]).of(principal()).when(
            "ArnLike",
            "aws:PrincipalArn",
            &[&place.functions_arn()],
        ),
        allow("DeployerAccountReads", &["dynamodb:DescribeTable", "dynamodb:GetItem"], &[place.table_arn()])
            .of(principal()),
    ]
}
