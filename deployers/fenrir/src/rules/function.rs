//! `AWS::Serverless::Function`.

use super::network::{SECURITY_GROUPS, SUBNETS};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{
    Boolean, Integer, List, Map, Number, Object, OneOf, Plain, Refused, Required, Rule, Scalar, Text,
};
use super::table::{Table, refuse_intrinsic};
use super::{Answer, Lookup, code, function_events, function_policies, names, runtimes, tags};
use crate::template::Node;
use serde_json::{Map as JsonMap, Value, json};

/// The type.
pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::Function",
    table: PROPERTIES,
    named: Some(("FunctionName", names::FUNCTION)),
    finish,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("Architectures", List(&OneOf(&["x86_64", "arm64"]))),
    ("AssumeRolePolicyDocument", Refused("it would let others take the function's role: leave it out")),
    ("AutoPublishAlias", Plain(&Text)),
    ("AutoPublishAliasAllProperties", Boolean),
    ("AutoPublishCodeSha256", Text),
    ("CapacityProviderConfig", Object(CAPACITY_PROVIDER_CONFIG)),
    ("CodeSigningConfigArn", Text),
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
    ("FunctionName", Refused("Fenrir names it, so that no two releases make functions of one name: leave it out")),
    ("FunctionScalingConfig", Object(FUNCTION_SCALING_CONFIG)),
    ("FunctionUrlConfig", Object(FUNCTION_URL_CONFIG)),
    ("Handler", Required(&Text)),
    ("ImageConfig", Refused(NO_IMAGES)),
    ("ImageUri", Refused(NO_IMAGES)),
    ("InlineCode", Refused("code is a file of the release, whose hash is checked: write it to a file, and `CodeUri`")),
    ("KmsKeyArn", Text),
    ("Layers", List(&Text)),
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
    (
        "RolePath",
        Refused("the role that SAM makes for a function has the path `/`, as rights may go by paths: leave it out"),
    ),
    ("Runtime", Required(&Rule(runtimes::runtime))),
    ("RuntimeManagementConfig", Object(RUNTIME_MANAGEMENT_CONFIG)),
    ("SnapStart", Object(SNAP_START)),
    ("SourceKMSKeyArn", Text),
    ("Tags", Map(&Scalar)),
    ("TenancyConfig", Object(TENANCY_CONFIG)),
    ("Timeout", Integer),
    ("Tracing", OneOf(&["Active", "PassThrough", "Disabled"])),
    ("VersionDeletionPolicy", Scalar),
    ("VersionDescription", Text),
    ("VpcConfig", Object(VPC_CONFIG)),
];

const NO_IMAGES: &str = "code is a file of the release, whose hash is checked, and images are not: write `CodeUri`";

const CAPACITY_PROVIDER_CONFIG: Table = &[
    ("Arn", Required(&Text)),
    ("ExecutionEnvironmentMemoryGiBPerVCpu", Number),
    ("PerExecutionEnvironmentMaxConcurrency", Integer),
];
const DEAD_LETTER_QUEUE: Table = &[("TargetArn", Required(&Text)), ("Type", Required(&OneOf(&["SNS", "SQS"])))];
const DEPLOYMENT_PREFERENCE: Table = &[
    ("Alarms", List(&Text)),
    ("Enabled", Boolean),
    ("Hooks", Object(HOOKS)),
    ("PassthroughCondition", Boolean),
    ("Role", Text),
    ("TriggerConfigurations", List(&Object(TRIGGER_CONFIGURATION))),
    ("Type", Text),
];
const HOOKS: Table = &[("PostTraffic", Text), ("PreTraffic", Text)];
const TRIGGER_CONFIGURATION: Table =
    &[("TriggerEvents", List(&Text)), ("TriggerName", Text), ("TriggerTargetArn", Text)];
const DURABLE_CONFIG: Table =
    &[("ExecutionTimeout", Required(&Integer)), ("KMSKeyArn", Text), ("RetentionPeriodInDays", Integer)];
const ENVIRONMENT: Table = &[("Variables", Map(&Scalar))];
const EPHEMERAL_STORAGE: Table = &[("Size", Required(&Integer))];
const EVENT_INVOKE_CONFIG: Table = &[
    ("DestinationConfig", Object(EVENT_INVOKE_DESTINATION_CONFIG)),
    ("MaximumEventAgeInSeconds", Integer),
    ("MaximumRetryAttempts", Integer),
];
const EVENT_INVOKE_DESTINATION_CONFIG: Table =
    &[("OnFailure", Object(EVENT_INVOKE_DESTINATION)), ("OnSuccess", Object(EVENT_INVOKE_DESTINATION))];
const EVENT_INVOKE_DESTINATION: Table =
    &[("Destination", Text), ("Type", OneOf(&["SQS", "SNS", "Lambda", "EventBridge", "S3Bucket"]))];
const FILE_SYSTEM_CONFIG: Table =
    &[("Arn", Required(&Text)), ("LocalMountPath", Required(&Text)), ("S3FilesConfig", Object(S3_FILES_CONFIG))];
const S3_FILES_CONFIG: Table = &[("DirectS3Read", OneOf(&["ENABLED", "DISABLED", "AUTO"]))];
const FUNCTION_SCALING_CONFIG: Table = &[("MaxExecutionEnvironments", Integer), ("MinExecutionEnvironments", Integer)];
/// `NONE` lets anybody call the function, and has to be written.
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
    ("LogGroup", Text),
    ("SystemLogLevel", OneOf(&["DEBUG", "INFO", "WARN"])),
];
const PROVISIONED_CONCURRENCY_CONFIG: Table = &[("ProvisionedConcurrentExecutions", Required(&Integer))];
const RUNTIME_MANAGEMENT_CONFIG: Table =
    &[("RuntimeVersionArn", Text), ("UpdateRuntimeOn", Required(&OneOf(&["Auto", "FunctionUpdate", "Manual"])))];
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
            context.refuse_with(
                policies.span,
                message,
                "write a role of your own, or the policies of one that SAM makes",
            );
        }
        (None, None) => {
            let message = "either `Role` or `Policies` has to be there";
            context.refuse_with(node.span, message, "write the name of a role, or a list of SAM policy templates");
        }
        (None, Some(_)) => bound(context, node, properties),
        (Some(_), None) => {}
    }
    require_alias(context, node);
    tags::add_to_map(context, node, properties);
}

/// What SAM makes of policies never gives more rights than the boundary.
fn bound(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    let facts = context.facts();
    let boundary = json!(facts.region.iam_arn(facts.account, "policy/fenrir-permissions-boundary"));
    if let Some(written) = node.get("PermissionsBoundary").filter(|written| Value::from(*written) != boundary) {
        let message = format!("is overwritten with {boundary}");
        context.within("PermissionsBoundary").warn(written.span, message, "leave it out");
    }
    properties.insert("PermissionsBoundary".to_owned(), boundary);
}

/// SAM refuses these without an alias.
fn require_alias(context: &mut RuleContext<'_, '_>, node: &Node) {
    for name in ["DeploymentPreference", "ProvisionedConcurrencyConfig"] {
        if let Some(property) = node.get(name).filter(|_| node.get("AutoPublishAlias").is_none()) {
            let message = format!("`{name}` needs `AutoPublishAlias`");
            context.within(name).refuse_with(property.span, message, "write `AutoPublishAlias: live`");
        }
    }
}

/// The name of a role with service tags becomes its ARN.
fn role(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(name) = node.as_str() else {
        refuse_intrinsic(context, node, "the name of a role");
        return node.into();
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        let meant = name.rsplit('/').next().filter(|last| !last.is_empty() && last.chars().all(is_name));
        let help = meant.map_or("write the name of a role".to_owned(), |name| format!("write `Role: {name}`"));
        context.refuse_with(node.span, format!("`{name}` is not the name of a role"), help);
        return node.into();
    }
    match context.look_up(Lookup::Role(name.to_owned())) {
        Some(Answer::Role(Some(role))) => {
            tags::require_service(context, node.span, &format!("the role `{name}`"), &role.tags);
            json!(role.arn)
        }
        Some(Answer::Role(None)) => {
            context.refuse_with(
                node.span,
                format!("there is no role `{name}`"),
                "make it in the target account, and tag it",
            );
            node.into()
        }
        _ => node.into(),
    }
}

#[cfg(test)]
#[path = "function_tests.rs"]
mod tests;
