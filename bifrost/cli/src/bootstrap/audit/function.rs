//! The function that does what people ask for and records who asked, and that closes executions which could not end by themselves.
//!
//! It has the deployer's code and a role of its own, which cannot change anything in a target account. Each end of an execution
//! invokes it, so that a deploy that was stopped, or exceeded the longest time, has an end in the log, too. `EventBridge` may lose an
//! event: once a day it finds the executions whose end is missing, as `bifrost audit reconcile` does, and makes the bundles of the log.

use super::super::function::{Lambda, MAX_TIMEOUT_SECONDS, lambda, log, objects, running};
use super::super::names::{HAS_CODE, Names};
use super::super::operators::{acting, see};
use super::super::policy::{Statement, deny_elsewhere, document, substituted, trust};
use super::super::template::Template;
use super::place::LogPlace;
use bifrost_core::account::names;
use bifrost_core::people::AuditEvent;
use bifrost_core::release::service_principal;
use serde_json::{Map, Value, json};

/// The memory of the function.
const MEMORY_MIB: u32 = 256;

/// Adds the function, its role, and the rules that invoke it. `variables` are those of the deployer's function, `buckets` the ARNs of
/// those that may have releases.
pub(in super::super) fn add(
    template: Template,
    names: Names,
    place: &LogPlace<'_>,
    buckets: &[String],
    variables: Map<String, Value>,
) -> Template {
    let name = names.audit_function();
    let function = lambda(&Lambda {
        memory_mib: MEMORY_MIB,
        name: &name,
        description: "Records what people do to the deployer, and the ends of its executions",
        role: "AuditFunctionRole",
        log: "AuditFunctionLog",
        // Before `unlock --force` frees a lock, every invocation that may still run must have ended.
        timeout_seconds: MAX_TIMEOUT_SECONDS,
        variables,
    });
    let resources = [
        ("AuditFunction", "AWS::Lambda::Function", function),
        ("AuditEnds", "AWS::Events::Rule", ends(names)),
        ("AuditEndsPermission", "AWS::Lambda::Permission", permission("AuditEnds")),
        ("AuditDaily", "AWS::Events::Rule", daily(names)),
        ("AuditDailyPermission", "AWS::Lambda::Permission", permission("AuditDaily")),
    ];
    let template = template.resource("AuditFunctionRole", "AWS::IAM::Role", role(names, place, buckets)).resource(
        "AuditFunctionLog",
        "AWS::Logs::LogGroup",
        log(&log_group(&name)),
    );
    resources.into_iter().fold(template, |template, (resource, kind, properties)| {
        template.resource(resource, kind, properties).attribute(resource, "Condition", HAS_CODE.into())
    })
}

fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// Lets a rule invoke the function.
fn permission(rule: &str) -> Value {
    json!({
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "AuditFunction"},
        "Principal": service_principal::EVENTS,
        "SourceArn": {"Fn::GetAtt": [rule, "Arn"]},
    })
}

/// Matches every end. Most deploys have recorded theirs: then the function has nothing to do.
fn ends(names: Names) -> Value {
    let pattern = json!({
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [names.machine_arn()],
            "status": ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"],
        },
    });
    // `EventBridge` puts quotes around the ARN itself.
    let input = r#"{"Audit": {"close": <execution>}}"#;
    json!({
        "Name": names.audit_function(),
        "Description": "An execution ended: its end belongs into the audit log",
        "EventPattern": substituted(&pattern.to_string()),
        "Targets": [{
            "Id": "AuditFunction",
            "Arn": {"Fn::GetAtt": ["AuditFunction", "Arn"]},
            "InputTransformer": {"InputPathsMap": {"execution": "$.detail.executionArn"}, "InputTemplate": input},
        }],
    })
}

fn daily(names: Names) -> Value {
    json!({
        "Name": format!("{}-daily", names.audit_function()),
        "Description": "Once a day: complete the audit log",
        "ScheduleExpression": "rate(1 day)",
        "Targets": [{
            "Id": "AuditFunction",
            "Arn": {"Fn::GetAtt": ["AuditFunction", "Arn"]},
            "Input": AuditEvent::Reconcile { since: None }.payload().to_string(),
        }],
    })
}

/// Other buckets are denied, as for the deployer's function: a request names a bucket. Bundles have the records of all deployers that
/// share the log, so the function reads all of them.
fn role(names: Names, place: &LogPlace<'_>, buckets: &[String]) -> Value {
    let log = vec![place.bucket_arn(), place.objects_arn("*")];
    let used = [buckets.to_vec(), objects(buckets, "*"), log].concat();
    let records = ["records/_people/*".to_owned(), format!("records/{}/*", names.0)];
    let statements: Vec<Statement> = [
        acting(names, buckets),
        see(names, buckets, true),
        place.write(&records.each_ref().map(String::as_str), &["records/*"]),
        vec![deny_elsewhere("NoOtherBucket", &["s3:*"], &used)],
        running(&log_group(&names.audit_function())).into(),
    ]
    .concat();
    json!({
        "RoleName": names::execution_role(&names.audit_function()),
        "Description": "Permissions to halt, freeze and unlock deploys, and to record who did it",
        "AssumeRolePolicyDocument":
            document([trust("Lambda", "sts:AssumeRole", json!({"Service": service_principal::LAMBDA}))]),
        "Policies": [{"PolicyName": "audit", "PolicyDocument": document(statements)}],
    })
}
