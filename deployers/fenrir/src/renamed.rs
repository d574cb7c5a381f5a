//! Resources that CloudFormation does not replace: those with a name of their own, of which there cannot be two at once.

/// The types whose resources all get such a name from Fenrir (contract §8).
const NAMED: [&str; 6] = [
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Lambda::Function",
    "AWS::SQS::Queue",
];

/// What CloudFormation answers where a stack would replace one.
const ANSWER: &str = "custom-named resource requires replacing";

/// What to do, for each resource of that type that would be replaced.
#[must_use]
pub(crate) fn before(logical_id: &str, resource_type: &str) -> Option<String> {
    NAMED.contains(&resource_type).then(|| {
        format!(
            "a deploy would fail: CloudFormation does not replace {logical_id}, as it has a name, which is made of \
             `{logical_id}`; to have a new one, call it otherwise in the template"
        )
    })
}

/// What to do about an update that failed for that reason.
#[must_use]
pub(crate) fn after(failure: &str) -> Option<String> {
    failure.contains(ANSWER).then(|| {
        "the name is made of the resource's name in the template: to have a new one, call it otherwise there".into()
    })
}
