//! `AWS::Serverless::Function`.

use super::combinations::given;
use super::network::{SECURITY_GROUPS, SUBNETS};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{
    Boolean, Integer, List, Map, Names, Number, Object, OneOf, Plain, Refused, Required, Rule, Text,
};
use super::table::{Table, refuse_non_literal};
use super::{
    arns, code, environment, evaluate, execution_role, function_combinations, function_events, function_package,
    function_policies, limits, names, outside, reference_kinds as kinds, runtimes, tags,
};
use crate::template::{FindingCode, Node};
use serde_json::{Map as JsonMap, Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::Function",
    table: PROPERTIES,
    named: Some(("FunctionName", names::FUNCTION)),
    finish,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("Architectures", List(&OneOf(&["x86_64", "arm64"]))),
    ("AssumeRolePolicyDocument", Refused("remove it: it would let others assume the role of the function")),
    ("AutoPublishAlias", Plain(&Text)),
    ("AutoPublishAliasAllProperties", Boolean),
    ("AutoPublishCodeSha256", Text),
    ("CapacityProviderConfig", Object(CAPACITY_PROVIDER_CONFIG)),
    ("CodeSigningConfigArn", Names(&kinds::CODE_SIGNING_CONFIG)),
    ("CodeUri", Rule(code::uri)),
    ("DeadLetterQueue", Object(DEAD_LETTER_QUEUE)),
    ("DeploymentPreference", Object(DEPLOYMENT_PREFERENCE)),
    ("Description", Text),
    ("DurableConfig", Object(DURABLE_CONFIG)),
    ("Environment", Object(ENVIRONMENT)),
    ("EphemeralStorage", Object(EPHEMERAL_STORAGE)),
    ("EventInvokeConfig", Object(EVENT_INVOKE_CONFIG)),
    ("Events", Map(&Rule(function_events::event))),
    ("FileSystemConfigs", List(&Object(FILE_SYSTEM_CONFIG))),
    ("FunctionName", Refused("Fenrir generates the name; remove the property")),
    ("FunctionScalingConfig", Object(FUNCTION_SCALING_CONFIG)),
    ("FunctionUrlConfig", Object(FUNCTION_URL_CONFIG)),
    ("Handler", Text),
    ("ImageConfig", function_package::OF_IMAGE),
    ("ImageUri", function_package::OF_IMAGE),
    ("InlineCode", Refused("write the code to a file and set `CodeUri`: Fenrir checks the hash of all code")),
    ("KmsKeyArn", Names(&kinds::KEY)),
    ("Layers", List(&Names(&kinds::LAYER))),
    ("LoggingConfig", Object(LOGGING_CONFIG)),
    ("MemorySize", Rule(memory)),
    ("PackageType", Rule(function_package::package_type)),
    ("PermissionsBoundary", Text),
    ("Policies", Rule(function_policies::policies)),
    ("PropagateTags", Boolean),
    ("ProvisionedConcurrencyConfig", Object(PROVISIONED_CONCURRENCY_CONFIG)),
    ("PublishToLatestPublished", Boolean),
    ("RecursiveLoop", OneOf(&["Allow", "Terminate"])),
    ("ReservedConcurrentExecutions", Integer),
    ("Role", Rule(role)),
    ("RolePath", Refused("remove it: the role has the path `/`, because permissions may depend on the path")),
    ("Runtime", Rule(runtimes::runtime)),
    ("RuntimeManagementConfig", Object(RUNTIME_MANAGEMENT_CONFIG)),
    ("SnapStart", Object(SNAP_START)),
    ("SourceKMSKeyArn", Names(&kinds::KEY)),
    ("Tags", tags::MAP),
    ("TenancyConfig", Object(TENANCY_CONFIG)),
    ("Timeout", Rule(timeout)),
    ("Tracing", OneOf(&["Active", "PassThrough", "Disabled"])),
    ("VersionDeletionPolicy", Plain(&OneOf(&["Delete", "Retain"]))),
    ("VersionDescription", Text),
    ("VpcConfig", Object(VPC_CONFIG)),
];

const CAPACITY_PROVIDER_CONFIG: Table = &[
    ("Arn", Required(&Names(&kinds::CAPACITY_PROVIDER))),
    ("ExecutionEnvironmentMemoryGiBPerVCpu", Number),
    ("PerExecutionEnvironmentMaxConcurrency", Integer),
];
const DEAD_LETTER_QUEUE: Table =
    &[("TargetArn", Required(&Names(&kinds::DEAD_LETTERS))), ("Type", Required(&OneOf(&["SNS", "SQS"])))];
const DEPLOYMENT_PREFERENCE: Table = &[
    ("Alarms", List(&Names(&kinds::ALARM))),
    ("Enabled", Boolean),
    ("Hooks", Object(HOOKS)),
    ("PassthroughCondition", Boolean),
    ("Role", Refused("remove it: Fenrir may pass CodeDeploy only the role that SAM creates")),
    ("TriggerConfigurations", List(&Object(TRIGGER_CONFIGURATION))),
    ("Type", Text),
];
const HOOKS: Table = &[("PostTraffic", Rule(hook)), ("PreTraffic", Rule(hook))];
const TRIGGER_CONFIGURATION: Table =
    &[("TriggerEvents", List(&Text)), ("TriggerName", Text), ("TriggerTargetArn", Names(&kinds::TOPIC))];
const DURABLE_CONFIG: Table =
    &[("ExecutionTimeout", Required(&Integer)), ("KMSKeyArn", Names(&kinds::KEY)), ("RetentionPeriodInDays", Integer)];
const ENVIRONMENT: Table = &[("Variables", Map(&Text))];
const EPHEMERAL_STORAGE: Table = &[("Size", Required(&Integer))];
const EVENT_INVOKE_CONFIG: Table = &[
    ("DestinationConfig", Object(EVENT_INVOKE_DESTINATION_CONFIG)),
    ("MaximumEventAgeInSeconds", Integer),
    ("MaximumRetryAttempts", Integer),
];
const EVENT_INVOKE_DESTINATION_CONFIG: Table =
    &[("OnFailure", Object(EVENT_INVOKE_DESTINATION)), ("OnSuccess", Object(EVENT_INVOKE_DESTINATION))];
const EVENT_INVOKE_DESTINATION: Table = &[
    ("Destination", Names(&kinds::DESTINATION)),
    ("Type", Required(&OneOf(&["SQS", "SNS", "Lambda", "EventBridge", "S3Bucket"]))),
];
const FILE_SYSTEM_CONFIG: Table = &[
    ("Arn", Required(&Names(&kinds::FILE_SYSTEM))),
    ("LocalMountPath", Required(&Text)),
    ("S3FilesConfig", Refused("use a file system of EFS: Fenrir's role has no permissions for S3 Files")),
];
const FUNCTION_SCALING_CONFIG: Table = &[("MaxExecutionEnvironments", Integer), ("MinExecutionEnvironments", Integer)];
/// `AuthType` has no default: `NONE`, which makes the function public, has to be explicit.
const FUNCTION_URL_CONFIG: Table = &[
    ("AuthType", Required(&Plain(&OneOf(&["AWS_IAM", "NONE"])))),
    ("Cors", Object(FUNCTION_URL_CORS)),
    ("InvokeMode", OneOf(&["BUFFERED", "RESPONSE_STREAM"])),
];
const FUNCTION_URL_CORS: Table = &[
    ("AllowCredentials", Boolean),
    ("AllowHeaders", List(&Text)),
    ("AllowMethods", List(&Text)),
    ("AllowOrigins", List(&Text)),
    ("ExposeHeaders", List(&Text)),
    ("MaxAge", Integer),
];
const LOGGING_CONFIG: Table = &[
    ("ApplicationLogLevel", OneOf(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"])),
    ("LogFormat", OneOf(&["Text", "JSON"])),
    ("LogGroup", Names(&kinds::LOG_GROUP)),
    ("SystemLogLevel", OneOf(&["DEBUG", "INFO", "WARN"])),
];
const PROVISIONED_CONCURRENCY_CONFIG: Table = &[("ProvisionedConcurrentExecutions", Required(&Integer))];
const RUNTIME_MANAGEMENT_CONFIG: Table = &[
    ("RuntimeVersionArn", Names(&kinds::RUNTIME_VERSION)),
    ("UpdateRuntimeOn", Required(&OneOf(&["Auto", "FunctionUpdate", "Manual"]))),
];
const SNAP_START: Table = &[("ApplyOn", Required(&OneOf(&["PublishedVersions", "None"])))];
const TENANCY_CONFIG: Table = &[("TenantIsolationMode", Required(&OneOf(&["PER_TENANT"])))];
const VPC_CONFIG: Table = &[
    ("Ipv6AllowedForDualStack", Boolean),
    ("SecurityGroupIds", Required(&SECURITY_GROUPS)),
    ("SubnetIds", Required(&SUBNETS)),
];

fn finish(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    function_package::check(context, PROPERTIES, node);
    match (node.get("Role"), node.get("Policies").filter(|policies| !function_policies::is_empty(policies))) {
        (Some(_), Some(policies)) => {
            let message = "`Role` and `Policies` exclude each other";
            let help = "remove `Policies` to use your own role, or `Role` to use the role that SAM creates";
            context.refuse(FindingCode::Conflict, policies.span, message, help);
        }
        (None, _) => set_boundary(context, node, properties),
        (Some(_), None) => {}
    }
    if node.get("Role").is_none() {
        execution_role::check(context, node);
    }
    environment::check(context, node);
    function_combinations::check(context, node);
    tags::add_to_map(context, node, properties);
}

/// Limits the role that SAM creates to the boundary.
fn set_boundary(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    let facts = context.facts();
    let boundary = facts.region.iam_arn(facts.account, "policy/fenrir-permissions-boundary");
    context.check.allow(&boundary);
    let boundary = json!(boundary);
    if let Some(written) = node.get("PermissionsBoundary").filter(|written| Value::from(*written) != boundary) {
        let message = format!("Fenrir overwrites it with {boundary}");
        let context = &mut context.within("PermissionsBoundary");
        context.warn(FindingCode::Overwritten, written.span, message, "remove the property");
    }
    properties.insert("PermissionsBoundary".to_owned(), boundary);
}

/// MiB. (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>)
fn memory(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    size(context, node, 128.0, 10240.0, 32768.0)
}

/// Seconds.
fn timeout(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    size(context, node, 1.0, 1800.0, 5400.0)
}

/// An integer whose maximum is higher for a function on instances of a capacity provider.
fn size(context: &mut RuleContext<'_, '_>, node: &Node, least: f64, most: f64, most_on_instances: f64) -> Value {
    let function = context.check.resources.get(context.logical_id());
    let properties = function.and_then(|function| function.value.get("Properties"));
    let is_on_instances = properties.is_some_and(|properties| given(properties, "CapacityProviderConfig").is_some());
    limits::check_between(context, node, least, if is_on_instances { most_on_instances } else { most });
    Integer.walk(context, node)
}

/// A function that CodeDeploy calls before or after it shifts traffic. AWS's policy for CodeDeploy allows only certain names.
fn hook(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    const PREFIX: &str = "CodeDeployHook_";
    let Some(name) = node.as_str().filter(|name| name.starts_with(PREFIX)) else {
        let message = format!("CodeDeploy may only call functions whose name begins with `{PREFIX}`");
        let help = "write the name of a function outside of this template, whose functions Fenrir names `fenrir-…`; or remove it";
        context.refuse(FindingCode::NotAllowed, node.span, message, help);
        return node.into();
    };
    let arn = arns::arn(context.facts(), "lambda", &format!("function:{name}"));
    arns::require_correct_tags(context, node, name, &arn);
    node.into()
}

/// Replaces the name of a role with service tags by its ARN.
fn role(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(name) = node.as_str() else {
        refuse_computed_role(context, node);
        return node.into();
    };
    if !outside::is_role_name(name) {
        let help =
            proposed_role(name).map_or("write the name of a role".to_owned(), |name| format!("write `Role: {name}`"));
        context.refuse(FindingCode::InvalidName, node.span, format!("`{name}` is not a valid role name"), help);
        return node.into();
    }
    outside::role_arn(context, node, name).map_or_else(|| node.into(), Value::from)
}

/// The name in the ARN of a role.
fn proposed_role(arn: &str) -> Option<&str> {
    arn.rsplit('/').next().filter(|last| outside::is_role_name(last))
}

fn refuse_computed_role(context: &mut RuleContext<'_, '_>, node: &Node) {
    const WORDS: &str = "the name of a role";
    let text = evaluate::text(context.facts(), node).filter(|_| node.intrinsic().is_some());
    match text.as_deref().and_then(proposed_role) {
        Some(name) => {
            let message = format!("should be {WORDS}, without an intrinsic function");
            context.refuse(FindingCode::NotALiteral, node.span, message, format!("write `Role: {name}`"));
        }
        None => refuse_non_literal(context, node, WORDS),
    }
}

#[cfg(test)]
#[path = "function_tests.rs"]
mod tests;
