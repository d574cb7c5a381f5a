//! Target groups on the AWS SDK.

use super::request::Request;
use super::{Service, found};
use crate::cloud::{TargetGroup, TargetGroupAttributes, TargetGroups};
use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{TargetGroupAttribute, TargetHealthDescription};
use bifrost::cloud::CloudError;
use std::collections::BTreeMap;

#[async_trait]
impl TargetGroups for Service<Client> {
    async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, CloudError> {
        let request = Request::new("elasticloadbalancing:DescribeTargetGroups", name);
        let describe = self.client.describe_target_groups().names(name);
        let answer = found(request.make(&self.session, describe.send()).await)?;
        let group = answer.and_then(|answer| answer.target_groups.unwrap_or_default().into_iter().next());
        let Some(group) = group else { return Ok(None) };
        let arn = request.field("TargetGroupArn", group.target_group_arn)?;

        let request = Request::new("elasticloadbalancing:DescribeTags", name);
        let describe = self.client.describe_tags().resource_arns(&arn);
        let Some(answer) = found(request.make(&self.session, describe.send()).await)? else { return Ok(None) };
        let tags =
            answer.tag_descriptions.unwrap_or_default().into_iter().flat_map(|found| found.tags.unwrap_or_default());
        let tags = request.tags(tags.map(|tag| (tag.key, tag.value)))?;
        Ok(Some(TargetGroup { arn, name: name.to_owned(), tags }))
    }

    async fn attributes(&self, arn: &str) -> Result<TargetGroupAttributes, CloudError> {
        let request = Request::new("elasticloadbalancing:DescribeTargetGroupAttributes", arn);
        let describe = self.client.describe_target_group_attributes().target_group_arn(arn);
        let answer = request.make(&self.session, describe.send()).await?;
        attributes(answer.attributes.unwrap_or_default(), request)
    }

    async fn target_health(&self, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let request = Request::new("elasticloadbalancing:DescribeTargetHealth", arn);
        let describe = self.client.describe_target_health().target_group_arn(arn);
        let answer = request.make(&self.session, describe.send()).await?;
        health(answer.target_health_descriptions.unwrap_or_default(), request)
    }
}

fn attributes(
    attributes: Vec<TargetGroupAttribute>,
    request: Request<'_>,
) -> Result<TargetGroupAttributes, CloudError> {
    let values: BTreeMap<_, _> = attributes.into_iter().filter_map(|found| Some((found.key?, found.value?))).collect();
    let seconds = |key: &str| request.field(key, values.get(key).and_then(|value| value.parse().ok()));
    let slow_start = "slow_start.duration_seconds";
    Ok(TargetGroupAttributes {
        // Those of network load balancers have none.
        slow_start_seconds: if values.contains_key(slow_start) { seconds(slow_start)? } else { 0 },
        deregistration_delay_seconds: seconds("deregistration_delay.timeout_seconds")?,
    })
}

/// The state of each target; of one with several ports, the first that is not healthy.
fn health(targets: Vec<TargetHealthDescription>, request: Request<'_>) -> Result<BTreeMap<String, String>, CloudError> {
    let mut states = BTreeMap::new();
    for TargetHealthDescription { target, target_health, .. } in targets {
        let id = request.field("Id of a Target", target.and_then(|target| target.id).filter(|id| !id.is_empty()))?;
        let state = target_health.and_then(|health| health.state);
        let state = request.field(&format!("TargetHealth of {id}"), state)?;
        let known = states.entry(id).or_insert_with(|| state.as_str().to_owned());
        if known == "healthy" {
            state.as_str().clone_into(known);
        }
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum::{Draining, Healthy, Initial, Unhealthy};
    use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth, TargetHealthStateEnum};

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
    fn a_target_with_several_ports_is_as_its_first_that_is_not_healthy() {
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
        assert!(states.iter().map(|(id, state)| (id.as_str(), state.as_str())).eq(expected), "{states:?}");
    }

    #[test]
    fn a_target_without_a_state_is_named() {
        let target = TargetDescription::builder().id("i-1").build();
        let targets = vec![TargetHealthDescription::builder().target(target).build()];
        let error = health(targets, Request::new(REQUEST, "arn")).unwrap_err();
        assert_eq!(error.message, "AWS's answer has no usable TargetHealth of i-1");
    }

    #[test]
    fn a_network_load_balancers_target_group_starts_at_once() {
        let request = Request::new("elasticloadbalancing:DescribeTargetGroupAttributes", "arn");
        let delay = attribute("deregistration_delay.timeout_seconds", "300");
        let slow = attribute("slow_start.duration_seconds", "60");
        let both = attributes(vec![delay.clone(), slow.clone()], request).unwrap();
        assert_eq!((both.slow_start_seconds, both.deregistration_delay_seconds), (60, 300));
        assert_eq!(attributes(vec![delay], request).unwrap().slow_start_seconds, 0);

        let error = attributes(vec![slow], request).unwrap_err();
        assert_eq!(error.message, "AWS's answer has no usable deregistration_delay.timeout_seconds");
        assert!(attributes(vec![attribute("deregistration_delay.timeout_seconds", "-1")], request).is_err());
    }
}
