//! Policies for users and operators, to attach to their roles or groups.
//!
//! Deploying takes two policies: one to start executions and one to upload releases of the project. One of them alone
//! is not enough, because the deployer compares the release that it is started with and the one that was uploaded.

use super::names::Names;
use super::policy::{Statement, allow, document};
use super::template::Template;
use bifrost_core::cloud::EndedItem;
use serde_json::{Value, json};

/// Matches a 12-digit account id, but no longer path: the project's directory is the second segment of a key.
pub(super) const ANY_ACCOUNT: &str = "????????????";

/// Where the deployer writes a log, both policies allow reading it.
pub(super) fn add(template: Template, names: Names, writes_log: bool) -> Template {
    template
        .resource("StartPolicy", "AWS::IAM::ManagedPolicy", start(names, writes_log))
        .resource("OperatePolicy", "AWS::IAM::ManagedPolicy", operate(names, writes_log))
        .output("StartPolicy", "User policy: start and follow deploys", json!({"Ref": "StartPolicy"}))
        .output("OperatePolicy", "Operator policy: halt, freeze and unlock deploys", json!({"Ref": "OperatePolicy"}))
}

fn start(names: Names, writes_log: bool) -> Value {
    let start = allow("StartDeploys", &["states:StartExecution"], &[names.machine_arn()]);
    json!({
        "ManagedPolicyName": format!("{}-start", names.0),
        "Description": "Start deploys, follow them, and see what is locked",
        "PolicyDocument": document([vec![start], read(names, writes_log)].concat()),
    })
}

/// A freeze and a halt flag are objects. A lock that a crashed deploy left is an item of the table; one that a Go
/// deployer left is also an object. Operators may delete such locks, and may not create any. In the same transaction
/// they write that the execution has ended; `unlock --force` first stops it. Before a lock goes, its halt flag goes.
///
/// With `PutItem` on `ended/*` an operator could also overwrite the item that an execution wrote at its end, or let it
/// expire, and the execution could take its lock again if somebody redrove it. IAM cannot forbid that: it knows the key of an
/// item, but neither the condition of a put (`attribute_not_exists`) nor, for a put, which attributes have which values.
/// `unlock` itself never overwrites such an item, and nobody may redrive an execution.
///
/// Only operators may scan the table: it shows the releases of all projects.
fn operate(names: Names, writes_log: bool) -> Value {
    let objects = |names_of: &[&str]| -> Vec<String> {
        names_of.iter().map(|name| names.objects_arn(&format!("{ANY_ACCOUNT}/*/{name}"))).collect()
    };
    let operate = vec![
        allow("FreezeAndHalt", &["s3:PutObject"], &objects(&["halt", "user-lock"])),
        allow("Unlock", &["s3:DeleteObject"], &objects(&["halt", "lock", "user-lock"])),
        of_keys(allow("UnlockRoots", &["dynamodb:DeleteItem"], &[names.table_arn()]), &format!("{ANY_ACCOUNT}/*/lock")),
        of_keys(allow("EndExecutions", &["dynamodb:PutItem"], &[names.table_arn()]), &EndedItem::key("*")),
        allow("StopExecutions", &["states:StopExecution"], &[names.executions_arn()]),
        allow("SeeAllDeployed", &["dynamodb:Scan"], &[names.table_arn()]),
    ];
    json!({
        "ManagedPolicyName": format!("{}-operate", names.0),
        // CloudFormation replaces a policy whose description changes, which it cannot do with a fixed name: this text
        // must never change.
        "Description": "Halt deploys, freeze projects, and clear locks",
        "PolicyDocument": document([operate, read(names, writes_log)].concat()),
    })
}

/// The statement for items with such keys. `DeleteItem` and `PutItem` name one key, in a transaction one for each item.
/// Whether IAM sees the keys of a whole transaction together is not documented. `ForAnyValue` allows `unlock` in both
/// cases, and unlike `ForAllValues` never matches a request without a key.
fn of_keys(statement: Statement, pattern: &str) -> Statement {
    statement.when("ForAnyValue:StringLike", "dynamodb:LeadingKeys", &[pattern])
}

/// Allows reading executions, locks and releases.
fn read(names: Names, writes_log: bool) -> Vec<Statement> {
    let log = writes_log.then_some("log");
    let objects = ["lock", "release", "user-lock"].into_iter().chain(log);
    let objects: Vec<_> = objects.map(|name| names.objects_arn(&format!("{ANY_ACCOUNT}/*/{name}"))).collect();
    vec![
        allow("SeeMachine", &["states:DescribeStateMachine", "states:ListExecutions"], &[names.machine_arn()]),
        allow("FollowDeploys", &["states:DescribeExecution", "states:GetExecutionHistory"], &[names.executions_arn()]),
        allow("SeeRootLocks", &["dynamodb:GetItem"], &[names.table_arn()]),
        allow("SeeLocksAndReleases", &["s3:GetObject"], &objects),
        // Without it S3 answers 403 instead of 404 for an object that does not exist.
        allow("DistinguishAbsentFromForbidden", &["s3:ListBucket"], &[names.bucket_arn()]),
    ]
}
