//! The Lambda function that runs every task, and what it may do.

use super::names::{HAS_CODE, Names};
use super::policy::{Statement, allow, deny_elsewhere, document, trust};
use super::template::Template;
use super::{DeployerOptions, LOG_DAYS};
use bifrost_core::release::service_principal;
use serde_json::{Map, Value, json};

/// A task needs a tenth of it. Lambda gives a function CPU by its memory, and what a cold start does, TLS above all, is CPU.
const MEMORY_MIB: u32 = 256;

/// Longer than any task takes that gets its answers late: the SDK has tried each call again by then. A task that is cut
/// off all the same is run again by its state.
const TIMEOUT_SECONDS: u32 = 300;

/// The variable that tells the function which external id the roles in target accounts ask for.
pub const EXTERNAL_ID_VARIABLE: &str = "BIFROST_EXTERNAL_ID";

/// The variable that tells the function to tag its sessions in target accounts, if it is `true`.
pub const SESSION_TAGS_VARIABLE: &str = "BIFROST_SESSION_TAGS";

pub(super) fn add(template: Template, names: Names, written: &[&str], options: &DeployerOptions) -> Template {
    template
        .parameter("CodeKey", code_key())
        .parameter("Architecture", architecture())
        .with("Conditions", HAS_CODE, json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "CodeKey"}, ""]}]}))
        .resource("FunctionRole", "AWS::IAM::Role", role(names, written, options))
        .resource("FunctionLog", "AWS::Logs::LogGroup", log(&names.function_log()))
        .resource("Function", "AWS::Lambda::Function", function(names, options))
        .attribute("Function", "Condition", HAS_CODE.into())
        .output(
            "FunctionRole",
            "Whom the roles in target accounts trust",
            json!({"Fn::GetAtt": ["FunctionRole", "Arn"]}),
        )
}

pub(super) fn log(name: &str) -> Value {
    json!({"LogGroupName": name, "RetentionInDays": LOG_DAYS})
}

fn code_key() -> Value {
    json!({
        "Type": "String",
        "Default": "",
        "Description": "Key of the function's code in the bucket; without it the stack makes all that needs no code",
    })
}

fn architecture() -> Value {
    json!({
        "Type": "String",
        "Default": "x86_64",
        "AllowedValues": ["arm64", "x86_64"],
        "Description": "What the code was built for",
    })
}

fn function(names: Names, options: &DeployerOptions) -> Value {
    let mut function = json!({
        "FunctionName": names.0.as_str(),
        "Description": "Runs every task of the state machine of the same name",
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Architectures": [{"Ref": "Architecture"}],
        "Code": {"S3Bucket": {"Ref": "Bucket"}, "S3Key": {"Ref": "CodeKey"}},
        "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
        "MemorySize": MEMORY_MIB,
        "Timeout": TIMEOUT_SECONDS,
        "TracingConfig": {"Mode": "Active"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": {"Ref": "FunctionLog"}},
    });
    let variables = variables(options);
    if let Value::Object(fields) = &mut function
        && !variables.is_empty()
    {
        fields.insert("Environment".into(), json!({"Variables": variables}));
    }
    function
}

fn variables(options: &DeployerOptions) -> Map<String, Value> {
    let external_id = options.external_id.as_deref().map(|id| (EXTERNAL_ID_VARIABLE.to_owned(), id.into()));
    let session_tags = options.session_tags.then(|| (SESSION_TAGS_VARIABLE.to_owned(), "true".into()));
    external_id.into_iter().chain(session_tags).collect()
}

fn role(names: Names, written: &[&str], options: &DeployerOptions) -> Value {
    json!({
        "RoleName": names.execution_role(),
        "Description": "What the deployer may do in its own account, and the way into target accounts",
        "AssumeRolePolicyDocument":
            document([trust("Lambda", "sts:AssumeRole", json!({"Service": service_principal::LAMBDA}))]),
        "Policies": [{"PolicyName": "deployer", "PolicyDocument": document(statements(names, written, options))}],
    })
}

fn statements(names: Names, written: &[&str], options: &DeployerOptions) -> Vec<Statement> {
    let mut statements = store(names);
    let files: Vec<String> = written.iter().map(|name| names.objects_arn(&format!("*/release-*/{name}"))).collect();
    statements.extend((!files.is_empty()).then(|| allow("WriteFiles", &["s3:PutObject"], &files)));
    let assumed = [format!("arn:${{AWS::Partition}}:iam::*:role/{}", names.assumed_role())];
    statements.push(allow("AssumeRoles", &["sts:AssumeRole"], &assumed));
    if options.session_tags {
        statements.push(allow("TagSessions", &["sts:TagSession"], &assumed));
    }
    let log = format!(
        "arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{}:*",
        names.function_log()
    );
    statements.push(allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], &[log]));
    statements.push(allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], &["*"]));
    statements
}

/// What a deploy reads and writes of the bucket and the table, and that no other bucket is within reach: the release says
/// which bucket it is in, and whoever wrote it might name another's.
fn store(names: Names) -> Vec<Statement> {
    let bucket = [names.bucket_arn(), names.objects_arn("*")];
    vec![
        allow("ReadReleases", &["s3:GetObject"], &[names.objects_arn("*")]),
        // Without it S3 calls an object that is not there forbidden, and no lock could be told from a fault.
        allow("TellAbsentFromForbidden", &["s3:ListBucket"], &[names.bucket_arn()]),
        allow("TakeReleaseLocks", &["s3:PutObject"], &[names.objects_arn("*/lock")]),
        allow("RemoveFlagsAndLocks", &["s3:DeleteObject"], &[names.objects_arn("*/halt"), names.objects_arn("*/lock")]),
        deny_elsewhere("NoOtherBucket", &["s3:*"], &bucket),
        // S3 asks KMS in our name for the key of user data. The key `aws/s3` lets in all of the account that come through
        // S3; one of the team's own, if the bucket is given one, asks for this.
        through_s3("ReadEncrypted", "kms:Decrypt"),
        allow("LockRoots", &["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"], &[names.table_arn()]),
    ]
}

/// Allows S3 to ask KMS for something in the name of who asks S3.
pub(super) fn through_s3(sid: &str, action: &str) -> Statement {
    allow(sid, &[action], &["arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"]).when(
        "StringEquals",
        "kms:ViaService",
        &["s3.${AWS::Region}.${AWS::URLSuffix}"],
    )
}
