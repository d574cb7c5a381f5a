//! What people may do: policies to attach to their roles or groups.
//!
//! To deploy takes two: one to start executions, and one to upload releases of the project. Whoever has one of them alone
//! can deploy nothing, as the deployer compares what it is started with and what was uploaded.

use super::names::Names;
use super::policy::{Statement, allow, document};
use super::template::Template;
use serde_json::{Value, json};

/// Twelve characters, as an account has: a project's directory is the second, not one further down.
pub(super) const ANY_ACCOUNT: &str = "????????????";

/// Who follows a deploy that writes a log reads that, too.
pub(super) fn add(template: Template, names: Names, writes_log: bool) -> Template {
    template
        .resource("StartPolicy", "AWS::IAM::ManagedPolicy", start(names, writes_log))
        .resource("OperatePolicy", "AWS::IAM::ManagedPolicy", operate(names, writes_log))
        .output("StartPolicy", "For who may start and follow deploys", json!({"Ref": "StartPolicy"}))
        .output("OperatePolicy", "For who may halt, freeze and unlock", json!({"Ref": "OperatePolicy"}))
}

fn start(names: Names, writes_log: bool) -> Value {
    let start = allow("StartDeploys", &["states:StartExecution"], &[names.machine_arn()]);
    json!({
        "ManagedPolicyName": format!("{}-start", names.0),
        "Description": "Start deploys, follow them, and see what is locked",
        "PolicyDocument": document([vec![start], look(names, writes_log)].concat()),
    })
}

/// A freeze is an object, as is a halt flag. The lock that a dead deploy left is an item of the table, or, if an original
/// left it, an object, too; a person may remove either, and write none.
fn operate(names: Names, writes_log: bool) -> Value {
    let objects = |names_of: &[&str]| -> Vec<String> {
        names_of.iter().map(|name| names.objects_arn(&format!("{ANY_ACCOUNT}/*/{name}"))).collect()
    };
    let operate = vec![
        allow("FreezeAndHalt", &["s3:PutObject"], &objects(&["halt", "user-lock"])),
        allow("Unlock", &["s3:DeleteObject"], &objects(&["lock", "user-lock"])),
        allow("UnlockRoots", &["dynamodb:DeleteItem"], &[names.table_arn()]),
    ];
    json!({
        "ManagedPolicyName": format!("{}-operate", names.0),
        "Description": "Halt deploys, freeze projects, and clear locks",
        "PolicyDocument": document([operate, look(names, writes_log)].concat()),
    })
}

/// Reads executions, locks, and who deployed what.
fn look(names: Names, writes_log: bool) -> Vec<Statement> {
    let log = writes_log.then_some("log");
    let objects = ["lock", "release", "user-lock"].into_iter().chain(log);
    let objects: Vec<_> = objects.map(|name| names.objects_arn(&format!("{ANY_ACCOUNT}/*/{name}"))).collect();
    vec![
        allow("SeeMachine", &["states:DescribeStateMachine", "states:ListExecutions"], &[names.machine_arn()]),
        allow("FollowDeploys", &["states:DescribeExecution", "states:GetExecutionHistory"], &[names.executions_arn()]),
        allow("SeeRootLocks", &["dynamodb:GetItem"], &[names.table_arn()]),
        allow("SeeLocksAndReleases", &["s3:GetObject"], &objects),
        // Without it S3 calls an object that is not there forbidden.
        allow("TellAbsentFromForbidden", &["s3:ListBucket"], &[names.bucket_arn()]),
    ]
}
