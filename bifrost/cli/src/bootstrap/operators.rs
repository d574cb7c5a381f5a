//! Policies for users and operators, to attach to their roles or groups.
//!
//! Deploying takes two policies: one to start executions and one to upload releases of the project. One of them alone
//! is not enough, because the deployer compares the release that it is started with and the one that was uploaded.

use super::audit::LogPlace;
use super::function::objects;
use super::names::Names;
use super::policy::{Statement, allow, document};
use super::template::Template;
use bifrost_core::cloud::EndedItem;
use serde_json::{Value, json};

/// Matches a 12-digit account id, but no longer path: the project's directory is the second segment of a key.
pub(super) const ANY_ACCOUNT: &str = "????????????";

/// The policies for users and operators, and one for emergencies. `buckets` are the ARNs of those that may have releases.
///
/// Where the deployer writes a log, they allow reading it, and so they do with the Merkle log of the audit log.
pub(super) fn add(
    template: Template,
    names: Names,
    buckets: &[String],
    writes_log: bool,
    audit: Option<&LogPlace<'_>>,
) -> Template {
    let template = template
        .resource("StartPolicy", "AWS::IAM::ManagedPolicy", start(names, writes_log, audit))
        .resource("OperatePolicy", "AWS::IAM::ManagedPolicy", operate(names, buckets, writes_log, audit))
        .output("StartPolicy", "User policy: start and follow deploys", json!({"Ref": "StartPolicy"}))
        .output("OperatePolicy", "Operator policy: halt, freeze and unlock deploys", json!({"Ref": "OperatePolicy"}));
    if audit.is_none() {
        return template;
    }
    let description = "Policy for emergencies: halt, freeze and unlock deploys without the audit function";
    template.resource("EmergencyPolicy", "AWS::IAM::ManagedPolicy", emergency(names, buckets)).output(
        "EmergencyPolicy",
        description,
        json!({"Ref": "EmergencyPolicy"}),
    )
}

fn start(names: Names, writes_log: bool, audit: Option<&LogPlace<'_>>) -> Value {
    let start = allow("StartDeploys", &["states:StartExecution"], &[names.machine_arn()]);
    json!({
        "ManagedPolicyName": format!("{}-start", names.0),
        "Description": "Start deploys, follow them, and see what is locked",
        "PolicyDocument": document([vec![start], read(names, &[names.bucket_arn()], writes_log, audit)].concat()),
    })
}

/// Only operators may scan the table: it shows the releases of all projects.
fn operate(names: Names, buckets: &[String], writes_log: bool, audit: Option<&LogPlace<'_>>) -> Value {
    // Without an audit log there is no function, but commands ask it first. Without this permission, Lambda answers that access is
    // denied, not that the function does not exist.
    let ask = allow("ActThroughAuditFunction", &["lambda:InvokeFunction"], &[names.audit_function_arn()]);
    // The function records who did it and why. Nobody needs the right to do it without a record, except in an emergency.
    let act = if audit.is_some() { Vec::new() } else { acting(names, buckets) };
    let scan = allow("SeeAllDeployed", &["dynamodb:Scan"], &[names.table_arn()]);
    json!({
        "ManagedPolicyName": format!("{}-operate", names.0),
        // CloudFormation replaces a policy whose description changes, which it cannot do with a fixed name: this text
        // must never change.
        "Description": "Halt deploys, freeze projects, and clear locks",
        "PolicyDocument":
            document([vec![ask], act, vec![scan], read(names, buckets, writes_log, audit)].concat()),
    })
}

/// Nobody has this policy until an administrator attaches it. `CloudTrail` has that, and what is done with it.
fn emergency(names: Names, buckets: &[String]) -> Value {
    json!({
        "ManagedPolicyName": format!("{}-emergency", names.0),
        // This text must never change either.
        "Description": "Only for emergencies in which the audit function cannot run: attach it to an operator to halt deploys, \
                        freeze projects and clear locks without a record in the audit log, and detach it afterwards",
        "PolicyDocument": document(acting(names, buckets)),
    })
}

/// What halting, freezing and unlocking change.
///
/// A freeze and a halt flag are objects. A lock that a crashed deploy left is an item of the table; one that a Go
/// deployer left is also an object. Operators may delete such locks, and may not create any. In the same transaction
/// they write that the execution has ended; `unlock --force` first stops it. Before a lock goes, its halt flag goes.
///
/// With `PutItem` on `ended/*` an operator could also overwrite the item that an execution wrote at its end, or let it
/// expire, and the execution could take its lock again if somebody redrove it. IAM cannot forbid that: it knows the key of an
/// item, but neither the condition of a put (`attribute_not_exists`) nor, for a put, which attributes have which values.
/// `unlock` itself never overwrites such an item, and nobody may redrive an execution.
pub(super) fn acting(names: Names, buckets: &[String]) -> Vec<Statement> {
    let of_projects = |objects: &[&str]| of_projects(buckets, objects);
    vec![
        allow("FreezeAndHalt", &["s3:PutObject"], &of_projects(&["halt", "user-lock"])),
        allow("Unlock", &["s3:DeleteObject"], &of_projects(&["halt", "lock", "user-lock"])),
        of_keys(allow("UnlockRoots", &["dynamodb:DeleteItem"], &[names.table_arn()]), &format!("{ANY_ACCOUNT}/*/lock")),
        of_keys(allow("EndExecutions", &["dynamodb:PutItem"], &[names.table_arn()]), &EndedItem::key("*")),
        allow("StopExecutions", &["states:StopExecution"], &[names.executions_arn()]),
    ]
}

/// Objects with these names, of every project, in each of the buckets.
fn of_projects(buckets: &[String], names: &[&str]) -> Vec<String> {
    names.iter().flat_map(|name| objects(buckets, &format!("{ANY_ACCOUNT}/*/{name}"))).collect()
}

/// The statement for items with such keys. `DeleteItem` and `PutItem` name one key, in a transaction one for each item.
/// Whether IAM sees the keys of a whole transaction together is not documented. `ForAnyValue` allows `unlock` in both
/// cases, and unlike `ForAllValues` never matches a request without a key.
fn of_keys(statement: Statement, pattern: &str) -> Statement {
    statement.when("ForAnyValue:StringLike", "dynamodb:LeadingKeys", &[pattern])
}

/// Allows reading executions, locks and releases, and, for receipts, the Merkle log.
fn read(names: Names, buckets: &[String], writes_log: bool, audit: Option<&LogPlace<'_>>) -> Vec<Statement> {
    let mut statements = see(names, buckets, writes_log);
    if let Some(log) = audit {
        statements.push(allow("SeeAuditLog", &["s3:GetObject"], &[log.objects_arn("log/*")]));
        statements.push(allow("ListAuditLog", &["s3:ListBucket"], &[log.bucket_arn()]));
    }
    statements
}

/// Allows reading executions, locks and releases.
pub(super) fn see(names: Names, buckets: &[String], writes_log: bool) -> Vec<Statement> {
    let log: &[&str] = if writes_log { &["log"] } else { &[] };
    let objects = of_projects(buckets, &[&["lock", "release", "user-lock"], log].concat());
    vec![
        allow("SeeMachine", &["states:DescribeStateMachine", "states:ListExecutions"], &[names.machine_arn()]),
        allow("FollowDeploys", &["states:DescribeExecution", "states:GetExecutionHistory"], &[names.executions_arn()]),
        allow("SeeRootLocks", &["dynamodb:GetItem"], &[names.table_arn()]),
        allow("SeeLocksAndReleases", &["s3:GetObject"], &objects),
        // Without it S3 answers 403 instead of 404 for an object that does not exist.
        allow("DistinguishAbsentFromForbidden", &["s3:ListBucket"], buckets),
    ]
}
