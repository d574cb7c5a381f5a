//! The state machine and its role.

use super::function::log;
use super::names::{HAS_CODE, Names};
use super::policy::{allow, document, trust};
use super::template::Template;
use bifrost_core::release::service_principal;
use serde_json::{Value, json};

/// What Step Functions needs to write logs. These actions have no resource-level permissions.
const LOG_DELIVERY: [&str; 8] = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// What Step Functions needs for X-Ray.
const TRACING: [&str; 4] =
    ["xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Adds the state machine. In `definition`, the ARN of its function is `${Function.Arn}`.
pub(super) fn add(template: Template, names: Names, definition: &Value) -> Template {
    template
        .resource("MachineRole", "AWS::IAM::Role", role(names))
        .resource("MachineLog", "AWS::Logs::LogGroup", log(&names.machine_log()))
        .resource("Machine", "AWS::StepFunctions::StateMachine", machine(names, definition))
        .attribute("Machine", "Condition", HAS_CODE.into())
}

/// All transitions are logged, without their data: the release is in the bucket, Step Functions keeps the rest for 90
/// days, and more people can read a log than either of them.
fn machine(names: Names, definition: &Value) -> Value {
    json!({
        "StateMachineName": names.0.as_str(),
        "StateMachineType": "STANDARD",
        "DefinitionString": {"Fn::Sub": definition.to_string()},
        "RoleArn": {"Fn::GetAtt": ["MachineRole", "Arn"]},
        "LoggingConfiguration": {
            "Level": "ALL",
            "IncludeExecutionData": false,
            "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["MachineLog", "Arn"]}}}],
        },
        "TracingConfiguration": {"Enabled": true},
    })
}

fn role(names: Names) -> Value {
    // Step can deploy definitions that name a version of the function.
    let functions = [names.function_arn(), format!("{}:*", names.function_arn())];
    let statements = [
        allow("InvokeFunction", &["lambda:InvokeFunction"], &functions),
        allow("DeliverLogs", &LOG_DELIVERY, &["*"]),
        allow("Trace", &TRACING, &["*"]),
    ];
    json!({
        "RoleName": names.machine_role(),
        "Description": "Permissions of the deployer's state machine",
        "AssumeRolePolicyDocument":
            document([trust("StepFunctions", "sts:AssumeRole", json!({"Service": service_principal::STATES}))]),
        "Policies": [{"PolicyName": "machine", "PolicyDocument": document(statements)}],
    })
}
