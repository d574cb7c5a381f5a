//! The Lambda function that runs every task, and its role.

use super::audit::LogPlace;
use super::names::{HAS_CODE, Names, arn, bucket_arn};
use super::policy::{Statement, allow, deny_elsewhere, document, trust};
use super::template::Template;
use super::{DeployerOptions, LOG_DAYS};
use crate::client::task_seconds;
use bifrost_core::audit::AuditMode;
use bifrost_core::release::{BucketName, service_principal};
use serde_json::{Map, Value, json};

/// By how many seconds the function's timeout is below `TimeoutSeconds` of its tasks. Otherwise Step Functions could
/// give up a task and retry it while the first invocation still changes something.
pub(crate) const TIMEOUT_MARGIN_SECONDS: u64 = 10;

/// The longest timeout that Lambda accepts in every region, in seconds.
pub(super) const MAX_TIMEOUT_SECONDS: u64 = 900;

/// What taking and giving back a root lock needs. A transaction has no permission of its own, only those of its items.
const LOCKING: [&str; 4] =
    ["dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"];

/// The environment variable with the external id that the roles in target accounts require.
pub const EXTERNAL_ID_VARIABLE: &str = "BIFROST_EXTERNAL_ID";

/// The environment variable that is `false` if the function does not tag its sessions in target accounts.
pub const SESSION_TAGS_VARIABLE: &str = "BIFROST_SESSION_TAGS";

/// The environment variable with the other buckets from which the function accepts releases, separated by commas.
pub const BUCKETS_VARIABLE: &str = "BIFROST_BUCKETS";

/// The timeout of the function, in seconds, for a state machine with this definition.
///
/// With the default of 300 s it is longer than any task takes, even if AWS answers slowly and the SDK retries each
/// call. The definition retries every task twice whose invocation timed out, crashed or was lost.
pub(crate) fn timeout_seconds(definition: &Value) -> u64 {
    let timeout = shortest_task_seconds(definition).map(|task| task.saturating_sub(TIMEOUT_MARGIN_SECONDS));
    timeout.unwrap_or(MAX_TIMEOUT_SECONDS).clamp(1, MAX_TIMEOUT_SECONDS)
}

/// The shortest `TimeoutSeconds` of the tasks of a definition; `None` if no task has one.
pub(crate) fn shortest_task_seconds(definition: &Value) -> Option<u64> {
    task_seconds(definition).min()
}

pub(super) fn add(
    template: Template,
    names: Names,
    written: &[&str],
    memory_mib: u32,
    definition: &Value,
    options: &DeployerOptions,
) -> Template {
    template
        .parameter("CodeKey", code_key())
        .parameter("Architecture", architecture())
        .with("Conditions", HAS_CODE, json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "CodeKey"}, ""]}]}))
        .resource("FunctionRole", "AWS::IAM::Role", role(names, written, options))
        .resource("FunctionLog", "AWS::Logs::LogGroup", log(&names.function_log()))
        .resource("Function", "AWS::Lambda::Function", function(names, memory_mib, definition, options))
        .attribute("Function", "Condition", HAS_CODE.into())
        .output(
            "FunctionRole",
            "Role of the function, which the roles in target accounts trust",
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
        "Description": "Key of the function's code in the bucket; if empty, function and state machine are not created",
    })
}

fn architecture() -> Value {
    json!({
        "Type": "String",
        "Default": "x86_64",
        "AllowedValues": ["arm64", "x86_64"],
        "Description": "Architecture of the function's code",
    })
}

fn function(names: Names, memory_mib: u32, definition: &Value, options: &DeployerOptions) -> Value {
    lambda(&Lambda {
        name: names.0.as_str(),
        description: "Runs every task of the state machine of the same name",
        role: "FunctionRole",
        log: "FunctionLog",
        memory_mib,
        timeout_seconds: timeout_seconds(definition),
        variables: variables(names, options),
    })
}

/// A function with the deployer's code. `role` and `log` are logical ids.
pub(super) struct Lambda<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) role: &'a str,
    pub(super) log: &'a str,
    pub(super) memory_mib: u32,
    pub(super) timeout_seconds: u64,
    pub(super) variables: Map<String, Value>,
}

pub(super) fn lambda(lambda: &Lambda<'_>) -> Value {
    json!({
        "FunctionName": lambda.name,
        "Description": lambda.description,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Architectures": [{"Ref": "Architecture"}],
        "Code": {"S3Bucket": {"Ref": "Bucket"}, "S3Key": {"Ref": "CodeKey"}},
        "Role": {"Fn::GetAtt": [lambda.role, "Arn"]},
        "MemorySize": lambda.memory_mib,
        "Timeout": lambda.timeout_seconds,
        "TracingConfig": {"Mode": "Active"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": {"Ref": lambda.log}},
        "Environment": {"Variables": lambda.variables},
    })
}

/// The variables of all functions of the deployer.
pub(super) fn variables(names: Names, options: &DeployerOptions) -> Map<String, Value> {
    let external_id = options.external_id.as_deref().map(|id| (EXTERNAL_ID_VARIABLE.to_owned(), id.into()));
    let session_tags = (SESSION_TAGS_VARIABLE.to_owned(), options.session_tags.to_string().into());
    let buckets: Vec<&str> = options.also_buckets.iter().map(BucketName::as_str).collect();
    let buckets = (!buckets.is_empty()).then(|| (BUCKETS_VARIABLE.to_owned(), buckets.join(",").into()));
    let audit = audit_log(names, options).variables(options.audit.mode);
    let audit = audit.into_iter().map(|(name, value)| (name.to_owned(), value));
    external_id.into_iter().chain([session_tags]).chain(buckets).chain(audit).collect()
}

/// The audit log that the deployer writes, unless its mode is `off`.
pub(super) fn audit_log<'n>(names: Names<'n>, options: &DeployerOptions) -> LogPlace<'n> {
    LogPlace::seen_by_deployer(names.0, options.audit.log_account.as_ref())
}

fn role(names: Names, written: &[&str], options: &DeployerOptions) -> Value {
    json!({
        "RoleName": names.execution_role(),
        "Description": "Permissions of the deployer in its own account, and to assume its roles in target accounts",
        "AssumeRolePolicyDocument":
            document([trust("Lambda", "sts:AssumeRole", json!({"Service": service_principal::LAMBDA}))]),
        "Policies": [{"PolicyName": "deployer", "PolicyDocument": document(statements(names, written, options))}],
    })
}

fn statements(names: Names, written: &[&str], options: &DeployerOptions) -> Vec<Statement> {
    let buckets = buckets(names, options);
    let audit = (options.audit.mode != AuditMode::Off).then(|| audit_log(names, options));
    let mut statements = store(names, &buckets, audit.as_ref());
    let files: Vec<String> =
        written.iter().flat_map(|name| objects(&buckets, &format!("*/release-*/{name}"))).collect();
    statements.extend((!files.is_empty()).then(|| allow("WriteFiles", &["s3:PutObject"], &files)));
    let assumed = [format!("arn:${{AWS::Partition}}:iam::*:role/{}", names.assumed_role())];
    statements.push(allow("AssumeRoles", &["sts:AssumeRole"], &assumed));
    if options.session_tags {
        statements.push(allow("TagSessions", &["sts:TagSession"], &assumed));
    }
    let records = [&*format!("records/{}/*", names.0)];
    statements.extend(audit.iter().flat_map(|log| log.write(&records, &records)));
    statements.extend(running(&names.function_log()));
    statements
}

/// What Lambda needs of the role of a function with this log group.
pub(super) fn running(log_group: &str) -> [Statement; 2] {
    let log = arn("logs", &format!("log-group:{log_group}:*"));
    [
        allow("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], &[log]),
        allow("Trace", &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], &["*"]),
    ]
}

/// The ARNs of the buckets that may have releases.
pub(super) fn buckets(names: Names, options: &DeployerOptions) -> Vec<String> {
    let others = options.also_buckets.iter().map(|bucket| bucket_arn(bucket.as_str()));
    [names.bucket_arn()].into_iter().chain(others).collect()
}

/// The objects of the buckets whose keys match the pattern.
pub(super) fn objects(buckets: &[String], keys: &str) -> Vec<String> {
    buckets.iter().map(|bucket| format!("{bucket}/{keys}")).collect()
}

/// Permissions for the deployer's buckets and lock table. Other buckets, except that of the audit log, are denied: a release names
/// its bucket, and its author could name the bucket of somebody else.
fn store(names: Names, buckets: &[String], audit: Option<&LogPlace<'_>>) -> Vec<Statement> {
    let locks = objects(buckets, "*/lock");
    let audit = audit.map(|log| [log.bucket_arn(), log.objects_arn("*")]);
    let used = [buckets.to_vec(), objects(buckets, "*"), audit.into_iter().flatten().collect()].concat();
    vec![
        allow("ReadReleases", &["s3:GetObject"], &objects(buckets, "*")),
        // Without it S3 answers 403 instead of 404 for an object that does not exist, and a missing lock looks like a
        // fault.
        allow("DistinguishAbsentFromForbidden", &["s3:ListBucket"], buckets),
        allow("TakeReleaseLocks", &["s3:PutObject"], &locks),
        allow("RemoveFlagsAndLocks", &["s3:DeleteObject"], &[objects(buckets, "*/halt"), locks.clone()].concat()),
        deny_elsewhere("NoOtherBucket", &["s3:*"], &used),
        // S3 calls KMS with the function's permissions to decrypt user data. The policy of the key `aws/s3` allows
        // every principal of the account that comes through S3; a key of the team's own requires this statement.
        through_s3("ReadEncrypted", "kms:Decrypt"),
        allow("LockRoots", &LOCKING, &[names.table_arn()]),
    ]
}

/// Allows a KMS action when S3 requests it for the principal.
pub(super) fn through_s3(sid: &str, action: &str) -> Statement {
    allow(sid, &[action], &["arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"]).when(
        "StringEquals",
        "kms:ViaService",
        &["s3.${AWS::Region}.${AWS::URLSuffix}"],
    )
}
