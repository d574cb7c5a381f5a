//! `AWS::Serverless::Function`.

use super::network::{SECURITY_GROUPS, SUBNETS};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{
    Boolean, Integer, List, Map, Names, Number, Object, OneOf, Plain, Refused, Required, Rule, Scalar, Text,
};
use super::table::{Table, refuse_non_literal};
use super::{
    arns, code, execution_role, function_events, function_policies, names, outside, reference_kinds as kinds, runtimes,
    tags,
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
    ("CodeUri", Required(&Rule(code::uri))),
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
    ("Handler", Required(&Text)),
    ("ImageConfig", Refused(NO_IMAGES)),
    ("ImageUri", Refused(NO_IMAGES)),
    ("InlineCode", Refused("write the code to a file and set `CodeUri`: Fenrir checks the hash of all code")),
    ("KmsKeyArn", Names(&kinds::KEY)),
    ("Layers", List(&Names(&kinds::LAYER))),
    ("LoggingConfig", Object(LOGGING_CONFIG)),
    ("MemorySize", Integer),
    ("PackageType", Plain(&OneOf(&["Zip"]))),
    ("PermissionsBoundary", Text),
    ("Policies", Rule(function_policies::policies)),
    ("PropagateTags", Boolean),
    ("ProvisionedConcurrencyConfig", Object(PROVISIONED_CONCURRENCY_CONFIG)),
    ("PublishToLatestPublished", Boolean),
    ("RecursiveLoop", OneOf(&["Allow", "Terminate"])),
    ("ReservedConcurrentExecutions", Integer),
    ("Role", Rule(role)),
    ("RolePath", Refused("remove it: the role has the path `/`, because permissions may depend on the path")),
    ("Runtime", Required(&Rule(runtimes::runtime))),
    ("RuntimeManagementConfig", Object(RUNTIME_MANAGEMENT_CONFIG)),
    ("SnapStart", Object(SNAP_START)),
    ("SourceKMSKeyArn", Names(&kinds::KEY)),
    ("Tags", Map(&Scalar)),
    ("TenancyConfig", Object(TENANCY_CONFIG)),
    ("Timeout", Integer),
    ("Tracing", OneOf(&["Active", "PassThrough", "Disabled"])),
    ("VersionDeletionPolicy", Scalar),
    ("VersionDescription", Text),
    ("VpcConfig", Object(VPC_CONFIG)),
];

const NO_IMAGES: &str = "use `CodeUri`: Fenrir checks the hash of all code, and an image has none";

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
const ENVIRONMENT: Table = &[("Variables", Map(&Scalar))];
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
    ("Type", OneOf(&["SQS", "SNS", "Lambda", "EventBridge", "S3Bucket"])),
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
    match (node.get("Role"), node.get("Policies")) {
        (Some(_), Some(policies)) => {
            let message = "`Role` and `Policies` exclude each other";
            let help = "remove `Policies` to use your own role, or `Role` to use the role that SAM creates";
            context.refuse(FindingCode::Conflict, policies.span, message, help);
        }
        (None, None) => {
            let message = "`Role` or `Policies` is required";
            let help = "set `Role` to the name of a role, or `Policies` to a list of SAM policy templates";
            context.refuse(FindingCode::MissingProperty, node.span, message, help);
        }
        (None, Some(_)) => set_boundary(context, node, properties),
        (Some(_), None) => {}
    }
    if node.get("Role").is_none() {
        execution_role::check(context, node);
    }
    require_alias(context, node);
    tags::add_to_map(context, node, properties);
}

/// Limits the role that SAM creates for the policies to the boundary.
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

/// SAM refuses these properties without an alias.
fn require_alias(context: &mut RuleContext<'_, '_>, node: &Node) {
    for name in ["DeploymentPreference", "ProvisionedConcurrencyConfig"] {
        if let Some(property) = node.get(name).filter(|_| node.get("AutoPublishAlias").is_none()) {
            let message = format!("`{name}` requires `AutoPublishAlias`");
            let context = &mut context.within(name);
            context.refuse(FindingCode::MissingProperty, property.span, message, "add `AutoPublishAlias: live`");
        }
    }
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
        refuse_non_literal(context, node, "the name of a role");
        return node.into();
    };
    if !outside::is_role_name(name) {
        let proposed = name.rsplit('/').next().filter(|last| outside::is_role_name(last));
        let help = proposed.map_or("write the name of a role".to_owned(), |name| format!("write `Role: {name}`"));
        context.refuse(FindingCode::InvalidName, node.span, format!("`{name}` is not a valid role name"), help);
        return node.into();
    }
    outside::role_arn(context, node, name).map_or_else(|| node.into(), Value::from)
}

#[cfg(test)]
#[path = "function_tests.rs"]
mod tests;
