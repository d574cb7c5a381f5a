//! Where an expanded template has text that names no resource, and which types of resources it may have.

/// The types that a stack may have: those that a template may have, and those that SAM expands them to. The permissions of the role are
/// compared with them.
pub const EXPANDED_TYPES: [&str; 32] = [
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudFront::Distribution",
    "AWS::CloudWatch::Alarm",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::DynamoDB::Table",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::SubscriptionFilter",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
];

/// Properties with text for people, for code, or for comparisons, by type (`*`: any) and the keys to them.
const FREE_TEXT: [(&str, &[&str]); 31] = [
    ("*", &["Description"]),
    ("*", &["Tags"]),
    ("AWS::ApiGateway::RestApi", &["Policy"]),
    ("AWS::ApiGateway::Stage", &["AccessLogSetting", "Format"]),
    ("AWS::ApiGateway::Stage", &["CanarySetting"]),
    ("AWS::ApiGateway::Stage", &["Variables"]),
    ("AWS::ApiGatewayV2::Stage", &["AccessLogSettings", "Format"]),
    ("AWS::ApiGatewayV2::Stage", &["StageVariables"]),
    ("AWS::CloudFront::Distribution", &["DistributionConfig", "Comment"]),
    ("AWS::CloudFront::Distribution", &["DistributionConfig", "Origins", "OriginCustomHeaders"]),
    ("AWS::CloudWatch::Alarm", &["AlarmDescription"]),
    ("AWS::CloudWatch::Alarm", &["Dimensions"]),
    ("AWS::CloudWatch::Alarm", &["EvaluationCriteria"]),
    ("AWS::CloudWatch::Alarm", &["Metrics"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["DefaultActions", "AuthenticateOidcConfig"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["DefaultActions", "FixedResponseConfig"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["DefaultActions", "RedirectConfig"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["ListenerAttributes"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["Actions", "AuthenticateOidcConfig"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["Actions", "FixedResponseConfig"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["Actions", "RedirectConfig"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["Conditions"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["Transforms"]),
    ("AWS::Events::Rule", &["EventPattern"]),
    ("AWS::Events::Rule", &["Targets", "Input"]),
    ("AWS::Events::Rule", &["Targets", "InputPath"]),
    ("AWS::Lambda::EventSourceMapping", &["FilterCriteria"]),
    ("AWS::Lambda::Function", &["Environment"]),
    ("AWS::Lambda::LayerVersion", &["LicenseInfo"]),
    ("AWS::Logs::SubscriptionFilter", &["FilterPattern"]),
    ("AWS::SNS::Subscription", &["FilterPolicy"]),
];

/// Keys of API Gateway's extensions with text that API Gateway passes on. What it calls, and as whom, is in other keys.
const PASSED_ON: [&str; 6] = [
    "requestParameters",
    "requestTemplates",
    "responseParameters",
    "responseTemplates",
    "responses",
    "x-amazon-apigateway-policy",
];

/// Whether a value is text that names no resource.
pub(super) fn is_free_text(kind: &str, names: &[&str]) -> bool {
    let is_listed = FREE_TEXT.iter().any(|(of, keys)| (*of == "*" || *of == kind) && *keys == names);
    is_listed || names.first() == Some(&"Body") && is_text_of_definition(names)
}

/// A definition names resources only in API Gateway's extensions.
fn is_text_of_definition(names: &[&str]) -> bool {
    let mut below = names.iter().skip_while(|name| !is_extension(name));
    let Some(extension) = below.next() else { return false };
    PASSED_ON.contains(extension) || below.any(|name| PASSED_ON.contains(name))
}

/// Whether a key of a definition is one of API Gateway's extensions.
pub(super) fn is_extension(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("x-amazon-apigateway-")
}

/// Whether the text of a definition of an API is outside of API Gateway's extensions.
pub(super) fn is_outside_of_extensions(names: &[&str]) -> bool {
    names.first() == Some(&"Body") && !names.iter().any(|name| is_extension(name))
}

/// Whether the name of a property says that its value names a resource.
pub(super) fn names_a_resource(names: &[&str]) -> bool {
    const ENDINGS: [&str; 12] = [
        "actions",
        "alarms",
        "arn",
        "arns",
        "credentials",
        "destination",
        "endpoint",
        "layers",
        "queue",
        "role",
        "topic",
        "uri",
    ];
    let last = names.last().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    ENDINGS.iter().any(|ending| last.ends_with(ending))
}
