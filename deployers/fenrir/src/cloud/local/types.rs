//! The resource types of the local CloudFormation, one row each.
//!
//! The immutable properties and the attributes are those in CloudFormation's registry (`createOnlyProperties`,
//! `readOnlyProperties` of the types' schemas).

pub(super) struct ResourceType {
    pub(super) name: &'static str,
    /// Seconds that creating, changing or deleting a resource takes.
    pub(super) seconds: u32,
    /// The property with the name, if names are unique for the type.
    pub(super) named: Option<&'static str>,
    /// The result of `Ref`, as a pattern (module `resolve`).
    pub(super) id: &'static str,
    /// The results of `Fn::GetAtt`: patterns by attribute. An attribute without a pattern is the property of that name.
    pub(super) attributes: &'static [(&'static str, &'static str)],
    /// The properties that cannot be changed in place.
    pub(super) immutable: &'static [&'static str],
    /// Whether CloudFormation gives it the stack's tags.
    pub(super) takes_tags: bool,
}

impl ResourceType {
    /// The type of that name, if the local cloud supports it.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|kind| kind.name == name)
    }
}

const fn row(
    name: &'static str,
    seconds: u32,
    named: Option<&'static str>,
    id: &'static str,
    attributes: &'static [(&'static str, &'static str)],
    immutable: &'static [&'static str],
    takes_tags: bool,
) -> ResourceType {
    ResourceType { name, seconds, named, id, attributes, immutable, takes_tags }
}

#[rustfmt::skip]
static TYPES: &[ResourceType] = &[
    row("AWS::Lambda::Function", 5, Some("FunctionName"), "{name}",
        &[("Arn", "arn:{partition}:lambda:{region}:{account}:function:{name}"),
          ("SnapStartResponse.ApplyOn", "None"), ("SnapStartResponse.OptimizationStatus", "Off")],
        &["FunctionName", "PackageType"], true),
    row("AWS::Lambda::Version", 3, None, "arn:{partition}:lambda:{region}:{account}:function:{FunctionName}:{number}",
        &[("Version", "{number}"), ("FunctionArn", "{id}")],
        &["FunctionName", "Description", "CodeSha256"], false),
    row("AWS::Lambda::Alias", 3, None, "arn:{partition}:lambda:{region}:{account}:function:{FunctionName}:{Name}",
        &[("AliasArn", "{id}")], &["Name", "FunctionName"], false),
    row("AWS::Lambda::Permission", 2, None, "{name}", &[("Id", "{id}")],
        &["FunctionName", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "SourceAccount", "SourceArn", "Principal",
          "PrincipalOrgID", "Action", "EventSourceToken"], false),
    row("AWS::Lambda::EventSourceMapping", 20, None, "{uuid}",
        &[("Id", "{id}"), ("EventSourceMappingArn", "arn:{partition}:lambda:{region}:{account}:event-source-mapping:{id}")],
        &["EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource"], true),
    row("AWS::Lambda::LayerVersion", 6, None, "arn:{partition}:lambda:{region}:{account}:layer:{LayerName}:{number}",
        &[("LayerVersionArn", "{id}")],
        &["CompatibleRuntimes", "LicenseInfo", "CompatibleArchitectures", "LayerName", "Description", "Content"], false),
    row("AWS::Lambda::Url", 3, None, "{TargetFunctionArn}",
        &[("FunctionUrl", "https://{random}.lambda-url.{region}.on.aws/"), ("FunctionArn", "{id}")],
        &["TargetFunctionArn", "Qualifier"], false),
    row("AWS::Lambda::EventInvokeConfig", 2, None, "{name}", &[], &["FunctionName", "Qualifier"], false),
    row("AWS::IAM::Role", 18, Some("RoleName"), "{name}",
        &[("Arn", "arn:{partition}:iam::{account}:role/{name}"), ("RoleId", "AROA{RANDOM}")], &["Path", "RoleName"], true),
    row("AWS::ApiGateway::RestApi", 3, None, "{random}",
        &[("RestApiId", "{id}"), ("RootResourceId", "{random}")], &[], true),
    row("AWS::ApiGateway::Deployment", 2, None, "{random}",
        &[("DeploymentId", "{id}")], &["DeploymentCanarySettings", "RestApiId"], false),
    row("AWS::ApiGateway::Stage", 2, None, "{StageName}", &[], &["RestApiId", "StageName"], true),
    row("AWS::ApiGateway::UsagePlan", 2, None, "{random}", &[("Id", "{id}")], &[], true),
    row("AWS::ApiGateway::ApiKey", 2, None, "{random}", &[("APIKeyId", "{id}")],
        &["GenerateDistinctId", "Name", "Value"], true),
    row("AWS::ApiGateway::UsagePlanKey", 2, None, "{random}", &[("Id", "{id}")], &["KeyId", "KeyType", "UsagePlanId"], false),
    row("AWS::ApiGatewayV2::Api", 3, None, "{random}",
        &[("ApiId", "{id}"), ("ApiEndpoint", "https://{id}.execute-api.{region}.{suffix}"),
          ("ExecuteApiArn", "arn:{partition}:execute-api:{region}:{account}:{id}")], &["ProtocolType"], true),
    row("AWS::ApiGatewayV2::Stage", 2, None, "{StageName}", &[], &["StageName", "ApiId"], true),
    row("AWS::DynamoDB::Table", 12, Some("TableName"), "{name}",
        &[("Arn", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
          ("StreamArn", "arn:{partition}:dynamodb:{region}:{account}:table/{name}/stream/2026-01-01T00:00:00.000")],
        &["TableName", "KeySchema", "ImportSourceSpecification"], true),
    // The physical id is a URL, which is unique because the name is.
    row("AWS::SQS::Queue", 5, Some("QueueName"), "https://sqs.{region}.{suffix}/{account}/{name}",
        &[("Arn", "arn:{partition}:sqs:{region}:{account}:{name}"), ("QueueName", "{name}"), ("QueueUrl", "{id}")],
        &["QueueName", "FifoQueue"], true),
    row("AWS::SQS::QueuePolicy", 2, None, "{name}", &[("Id", "{id}")], &[], false),
    row("AWS::SNS::Topic", 3, Some("TopicName"), "arn:{partition}:sns:{region}:{account}:{name}",
        &[("TopicArn", "{id}"), ("TopicName", "{name}")], &["TopicName", "FifoTopic"], true),
    row("AWS::SNS::Subscription", 3, None, "{TopicArn}:{uuid}", &[("Arn", "{id}")],
        &["Endpoint", "Protocol", "TopicArn"], false),
    row("AWS::Events::Rule", 60, Some("Name"), "{name}",
        &[("Arn", "arn:{partition}:events:{region}:{account}:rule/{name}"), ("RuleName", "{name}")], &["Name", "EventBusName"], true),
    row("AWS::Logs::SubscriptionFilter", 2, None, "{name}", &[], &["FilterName", "LogGroupName"], false),
    row("AWS::CloudWatch::Alarm", 3, Some("AlarmName"), "{name}",
        &[("Arn", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}")], &["AlarmName"], true),
    row("AWS::CloudFront::Distribution", 180, None, "E{RANDOM}",
        &[("Id", "{id}"), ("DomainName", "d{random}.cloudfront.net")], &[], true),
    row("AWS::ElasticLoadBalancingV2::LoadBalancer", 120, Some("Name"),
        "arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{random}",
        &[("LoadBalancerArn", "{id}"), ("LoadBalancerName", "{name}"), ("LoadBalancerFullName", "app/{name}/{random}"),
          ("DNSName", "{name}-{random}.{region}.elb.{suffix}"), ("CanonicalHostedZoneID", "Z35SXDOTRQ7X7K")],
        &["Name", "Type", "Scheme"], true),
    row("AWS::ElasticLoadBalancingV2::TargetGroup", 15, Some("Name"),
        "arn:{partition}:elasticloadbalancing:{region}:{account}:targetgroup/{name}/{random}",
        &[("TargetGroupArn", "{id}"), ("TargetGroupName", "{name}"), ("TargetGroupFullName", "targetgroup/{name}/{random}")],
        &["TargetType", "ProtocolVersion", "Port", "Name", "VpcId", "Protocol", "IpAddressType"], true),
    row("AWS::ElasticLoadBalancingV2::Listener", 3, None,
        "arn:{partition}:elasticloadbalancing:{region}:{account}:listener/app/{random}/{uuid}",
        &[("ListenerArn", "{id}")], &["LoadBalancerArn"], false),
    row("AWS::ElasticLoadBalancingV2::ListenerRule", 3, None,
        "arn:{partition}:elasticloadbalancing:{region}:{account}:listener-rule/app/{random}/{uuid}",
        &[("RuleArn", "{id}"), ("IsDefault", "false")], &["ListenerArn"], false),
    row("AWS::CodeDeploy::Application", 2, Some("ApplicationName"), "{name}",
        &[], &["ApplicationName", "ComputePlatform"], true),
    row("AWS::CodeDeploy::DeploymentGroup", 3, None, "{name}",
        &[], &["DeploymentGroupName", "ApplicationName"], true),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_type_has_one_row() {
        let names: BTreeSet<_> = TYPES.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), TYPES.len());
    }

    #[test]
    fn name_property_is_immutable() {
        for kind in TYPES {
            assert!(kind.named.is_none_or(|property| kind.immutable.contains(&property)), "{}", kind.name);
        }
    }
}
