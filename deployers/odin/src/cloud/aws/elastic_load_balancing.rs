//! Elastic Load Balancing on the AWS SDK: classic load balancers and target groups.

use crate::cloud::{AwsClassicBalancers, AwsTargetGroups, InstanceHealth, Tags};
use aws_sdk_elasticloadbalancing::types::InstanceState;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetGroupAttribute, TargetHealthDescription};
use bifrost::aws::{AwsCall, Request};
use bifrost::cloud::{CloudError, found};
use std::collections::BTreeMap;

impl AwsClassicBalancers for aws_sdk_elasticloadbalancing::Client {
    async fn tags(&self, call: AwsCall<'_>, name: &str) -> Result<Tags, CloudError> {
        let answer = call.send(self.describe_tags().load_balancer_names(name).send()).await?;
        let tags = answer.tag_descriptions.into_iter().flatten().flat_map(|found| found.tags.unwrap_or_default());
        call.tags(tags.map(|tag| (Some(tag.key), tag.value)))
    }

    async fn instance_health(
        &self,
        call: AwsCall<'_>,
        name: &str,
    ) -> Result<BTreeMap<String, InstanceHealth>, CloudError> {
        let answer = call.send(self.describe_instance_health().load_balancer_name(name).send()).await?;
        answer.instance_states.unwrap_or_default().into_iter().map(|found| state(found, *call)).collect()
    }
}

/// An instance's id and state.
fn state(found: InstanceState, request: Request<'_>) -> Result<(String, InstanceHealth), CloudError> {
    // Classic load balancers write this if there is nothing to say.
    let filled = |text: Option<String>| text.filter(|text| text != "N/A");
    let id = request.field("InstanceId", found.instance_id)?;
    let state = request.field(&format!("State of {id}"), found.state)?;
    let (reason, description) = (filled(found.reason_code), filled(found.description));
    Ok((id, InstanceHealth { state, reason, description }))
}

impl AwsTargetGroups for Client {
    async fn arn_and_type(&self, call: AwsCall<'_>, name: &str) -> Result<Option<(String, String)>, CloudError> {
        let answer = found(call.send(self.describe_target_groups().names(name).send()).await)?;
        let group = answer.and_then(|answer| answer.target_groups.unwrap_or_default().into_iter().next());
        let described = group.map(|group| {
            let arn = call.field("TargetGroupArn", group.target_group_arn)?;
            Ok((arn, call.field("TargetType", group.target_type)?.as_str().to_owned()))
        });
        described.transpose()
    }

    async fn tags(&self, call: AwsCall<'_>, _name: &str, arn: &str) -> Result<Tags, CloudError> {
        let answer = call.send(self.describe_tags().resource_arns(arn).send()).await?;
        let tags = answer.tag_descriptions.into_iter().flatten().flat_map(|found| found.tags.unwrap_or_default());
        call.tags(tags.map(|tag| (tag.key, tag.value)))
    }

    async fn slow_start_seconds(&self, call: AwsCall<'_>, arn: &str) -> Result<u32, CloudError> {
        let answer = call.send(self.describe_target_group_attributes().target_group_arn(arn).send()).await?;
        seconds("slow_start.duration_seconds", answer.attributes.unwrap_or_default(), *call)
    }

    async fn target_health(
        &self,
        call: AwsCall<'_>,
        arn: &str,
    ) -> Result<BTreeMap<String, InstanceHealth>, CloudError> {
        let answer = call.send(self.describe_target_health().target_group_arn(arn).send()).await?;
        health(answer.target_health_descriptions.unwrap_or_default(), *call)
    }
}

/// The seconds of an attribute. Target groups of network load balancers have no attribute for slow start.
fn seconds(key: &str, attributes: Vec<TargetGroupAttribute>, request: Request<'_>) -> Result<u32, CloudError> {
    let attribute = attributes.into_iter().find(|found| found.key.as_deref() == Some(key));
    attribute.map_or(Ok(0), |found| request.field(key, found.value.and_then(|value| value.parse().ok())))
}

/// The state of each target; a target with several ports has the state of the first port that is not healthy.
fn health(
    targets: Vec<TargetHealthDescription>,
    request: Request<'_>,
) -> Result<BTreeMap<String, InstanceHealth>, CloudError> {
    let mut states = BTreeMap::<_, InstanceHealth>::new();
    for TargetHealthDescription { target, target_health, .. } in targets {
        let id = request.field("Id of a Target", target.and_then(|target| target.id).filter(|id| !id.is_empty()))?;
        let health = request.field(&format!("TargetHealth of {id}"), target_health)?;
        let health = InstanceHealth {
            state: request.field(&format!("TargetHealth of {id}"), health.state)?.as_str().to_owned(),
            reason: health.reason.map(|reason| reason.as_str().to_owned()),
            description: health.description,
        };
        if states.get(&id).is_none_or(|known| known.state == "healthy") {
            states.insert(id, health);
        }
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum::{Draining, Healthy, Initial, Unhealthy};
    use aws_sdk_elasticloadbalancingv2::types::{
        TargetDescription, TargetHealth, TargetHealthReasonEnum, TargetHealthStateEnum,
    };

    const REQUEST: &str = "elasticloadbalancing:DescribeTargetHealth";

    fn on(id: &str, state: TargetHealthStateEnum) -> TargetHealthDescription {
        let target = TargetDescription::builder().id(id).port(80).build();
        let health = TargetHealth::builder().state(state).build();
        TargetHealthDescription::builder().target(target).target_health(health).build()
    }

    fn attribute(key: &str, value: &str) -> TargetGroupAttribute {
        TargetGroupAttribute::builder().key(key).value(value).build()
    }

    #[test]
    fn target_has_state_of_first_unhealthy_port() {
        let targets = vec![
            on("i-1", Healthy),
            on("i-2", Healthy),
            on("i-2", Initial),
            on("i-2", Unhealthy),
            on("i-3", Draining),
            on("i-3", Healthy),
            on("i-1", Healthy),
        ];
        let states = health(targets, Request::new(REQUEST, "arn")).unwrap();
        let expected = [("i-1", "healthy"), ("i-2", "initial"), ("i-3", "draining")];
        assert!(states.iter().map(|(id, found)| (id.as_str(), found.state.as_str())).eq(expected), "{states:?}");
    }

    #[test]
    fn target_has_reason_and_description() {
        let target = TargetDescription::builder().id("i-1").port(80).build();
        let mismatch = TargetHealth::builder()
            .state(Unhealthy)
            .reason(TargetHealthReasonEnum::ResponseCodeMismatch)
            .description("Health checks failed with these codes: [502]");
        let described = TargetHealthDescription::builder().target(target).target_health(mismatch.build()).build();
        let states = health(vec![on("i-1", Healthy), described], Request::new(REQUEST, "arn")).unwrap();
        let expected = InstanceHealth {
            state: "unhealthy".into(),
            reason: Some("Target.ResponseCodeMismatch".into()),
            description: Some("Health checks failed with these codes: [502]".into()),
        };
        assert_eq!(states["i-1"], expected);
    }

    #[test]
    fn target_without_state_is_an_error() {
        let target = TargetDescription::builder().id("i-1").build();
        let targets = vec![TargetHealthDescription::builder().target(target).build()];
        let error = health(targets, Request::new(REQUEST, "arn")).unwrap_err();
        assert!(error.message.contains("TargetHealth of i-1"), "{error}");
    }

    #[test]
    fn missing_slow_start_attribute_is_zero() {
        let request = Request::new("elasticloadbalancing:DescribeTargetGroupAttributes", "arn");
        let key = "slow_start.duration_seconds";
        let delay = attribute("deregistration_delay.timeout_seconds", "300");
        assert_eq!(seconds(key, vec![delay.clone(), attribute(key, "60")], request), Ok(60));
        assert_eq!(seconds(key, vec![delay], request), Ok(0));
        let error = seconds(key, vec![attribute(key, "-1")], request).unwrap_err();
        assert!(error.message.contains("slow_start.duration_seconds"), "{error}");
    }

    #[test]
    fn instance_without_state_is_an_error() {
        let request = Request::new("elasticloadbalancing:DescribeInstanceHealth", "web-elb");
        let whole = InstanceState::builder().instance_id("i-1").state("OutOfService").reason_code("Instance");
        let failed = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.";
        let expected = InstanceHealth {
            state: "OutOfService".into(),
            reason: Some("Instance".into()),
            description: Some(failed.into()),
        };
        assert_eq!(state(whole.description(failed).build(), request).unwrap(), ("i-1".into(), expected));
        let healthy =
            InstanceState::builder().instance_id("i-1").state("InService").reason_code("N/A").description("N/A");
        let expected = InstanceHealth { state: "InService".into(), ..InstanceHealth::default() };
        assert_eq!(state(healthy.build(), request).unwrap(), ("i-1".into(), expected));
        let error = state(InstanceState::builder().instance_id("i-2").build(), request).unwrap_err();
        assert_eq!(error.resource, "web-elb");
        assert!(error.message.contains("State of i-2"), "{error}");
    }
}
