//! The attributes of the resource types of a stack.

/// The attributes that `Fn::GetAtt` takes, by type: those of CloudFormation's schemas, and of types that take more than these. The test
/// below says when the list is out of date.
#[rustfmt::skip]
const ATTRIBUTES: [(&str, &[&str]); 32] = [
    ("AWS::ApiGateway::ApiKey", &["APIKeyId"]),
    ("AWS::ApiGateway::Deployment", &["DeploymentId"]),
    ("AWS::ApiGateway::RestApi", &["RestApiId", "RootResourceId"]),
    ("AWS::ApiGateway::Stage", &[]),
    ("AWS::ApiGateway::UsagePlan", &["Id"]),
    ("AWS::ApiGateway::UsagePlanKey", &["Id"]),
    ("AWS::ApiGatewayV2::Api", &["ApiEndpoint", "ApiId", "ExecuteApiArn"]),
    ("AWS::ApiGatewayV2::Stage", &[]),
    ("AWS::CloudFront::Distribution", &["DomainName", "Id"]),
    ("AWS::CloudWatch::Alarm", &["Arn"]),
    ("AWS::CodeDeploy::Application", &[]),
    ("AWS::CodeDeploy::DeploymentGroup", &[]),
    ("AWS::DynamoDB::Table", &["Arn", "StreamArn"]),
    ("AWS::ElasticLoadBalancingV2::Listener", &["ListenerArn"]),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", &["IsDefault", "RuleArn"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", &[
        "CanonicalHostedZoneID", "DNSName", "EnableCapacityReservationProvisionStabilize",
        "EnablePrefixForIpv6SourceNat", "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "IpAddressType",
        "Ipv4IpamPoolId", "LoadBalancerArn", "LoadBalancerAttributes", "LoadBalancerFullName", "LoadBalancerName",
        "Name", "Scheme", "SecurityGroups", "SubnetMappings", "Subnets", "Tags", "Type",
    ]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", &[
        "LoadBalancerArns", "TargetGroupArn", "TargetGroupFullName", "TargetGroupName",
    ]),
    ("AWS::Events::Rule", &["Arn", "RuleName"]),
    ("AWS::IAM::Role", &["Arn", "RoleId"]),
    ("AWS::Lambda::Alias", &["AliasArn"]),
    ("AWS::Lambda::EventInvokeConfig", &[]),
    ("AWS::Lambda::EventSourceMapping", &["EventSourceMappingArn", "Id"]),
    ("AWS::Lambda::Function", &[
        "Arn", "SnapStartResponse", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus",
    ]),
    ("AWS::Lambda::LayerVersion", &["LayerVersionArn"]),
    ("AWS::Lambda::Permission", &["Id"]),
    ("AWS::Lambda::Url", &["FunctionArn", "FunctionUrl"]),
    ("AWS::Lambda::Version", &["FunctionArn", "Version"]),
    ("AWS::Logs::SubscriptionFilter", &[]),
    ("AWS::SNS::Subscription", &["Arn"]),
    ("AWS::SNS::Topic", &[
        "ContentBasedDeduplication", "DeliveryStatusLogging", "DisplayName", "FifoThroughputScope", "FifoTopic",
        "KmsMasterKeyId", "MaximumMessageSize", "SignatureVersion", "Subscription", "Tags", "TopicArn", "TopicName",
        "TracingConfig",
    ]),
    ("AWS::SQS::Queue", &[
        "Arn", "ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue", "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod",
        "QueueName", "QueueUrl", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy.deadLetterTargetArn",
        "RedrivePolicy.maxReceiveCount", "SqsManagedSseEnabled", "Tags", "VisibilityTimeout",
    ]),
    ("AWS::SQS::QueuePolicy", &["Id"]),
];

/// The attributes of a type. `None` if a stack may have no resource of the type.
pub(crate) fn attributes_of(resource_type: &str) -> Option<&'static [&'static str]> {
    ATTRIBUTES.iter().find(|(name, _)| *name == resource_type).map(|(_, attributes)| *attributes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::EXPANDED_TYPES;
    use std::collections::BTreeMap;

    #[test]
    fn attributes_are_those_of_cloudformation() {
        let Some(mut python) = bifrost_moto::program("python") else { return };
        python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sam/attributes.py"));
        let output = python.args(EXPANDED_TYPES).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let known: BTreeMap<String, Vec<String>> = serde_json::from_slice(&output.stdout).unwrap();
        let listed = ATTRIBUTES.iter().map(|(name, attributes)| {
            ((*name).to_owned(), attributes.iter().map(|attribute| (*attribute).to_owned()).collect())
        });
        assert_eq!(listed.collect::<BTreeMap<_, Vec<_>>>(), known);
    }
}
