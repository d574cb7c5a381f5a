//! Classic load balancers on the AWS SDK.

use super::Service;
use crate::cloud::{ClassicBalancers, LoadBalancer};
use async_trait::async_trait;
use aws_sdk_elasticloadbalancing::Client;
use aws_sdk_elasticloadbalancing::types::InstanceState;
use bifrost::aws::{Request, found};
use bifrost::cloud::CloudError;
use std::collections::BTreeMap;

#[async_trait]
impl ClassicBalancers for Service<Client> {
    async fn load_balancer(&self, name: &str) -> Result<Option<LoadBalancer>, CloudError> {
        let request = Request::new("elasticloadbalancing:DescribeLoadBalancers", name);
        let describe = self.client.describe_load_balancers().load_balancer_names(name);
        let answer = found(request.make(&self.session, describe.send()).await)?;
        if answer.and_then(|answer| answer.load_balancer_descriptions).is_none_or(|found| found.is_empty()) {
            return Ok(None);
        }
        let request = Request::new("elasticloadbalancing:DescribeTags", name);
        let describe = self.client.describe_tags().load_balancer_names(name);
        let Some(answer) = found(request.make(&self.session, describe.send()).await)? else { return Ok(None) };
        let tags =
            answer.tag_descriptions.unwrap_or_default().into_iter().flat_map(|found| found.tags.unwrap_or_default());
        let tags = request.tags(tags.map(|tag| (Some(tag.key), tag.value)))?;
        Ok(Some(LoadBalancer { name: name.to_owned(), tags }))
    }

    async fn instance_health(&self, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
        let request = Request::new("elasticloadbalancing:DescribeInstanceHealth", name);
        let describe = self.client.describe_instance_health().load_balancer_name(name);
        let answer = request.make(&self.session, describe.send()).await?;
        answer.instance_states.unwrap_or_default().into_iter().map(|found| state(found, request)).collect()
    }
}

/// An instance's id and state.
fn state(found: InstanceState, request: Request<'_>) -> Result<(String, String), CloudError> {
    let id = request.field("InstanceId", found.instance_id)?;
    let state = request.field(&format!("State of {id}"), found.state)?;
    Ok((id, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_without_a_state_is_named() {
        let request = Request::new("elasticloadbalancing:DescribeInstanceHealth", "web-elb");
        let whole = InstanceState::builder().instance_id("i-1").state("OutOfService").build();
        assert_eq!(state(whole, request).unwrap(), ("i-1".into(), "OutOfService".into()));
        let error = state(InstanceState::builder().instance_id("i-2").build(), request).unwrap_err();
        assert_eq!(
            (error.resource.as_str(), error.message.as_str()),
            ("web-elb", "AWS's answer has no usable State of i-2")
        );
    }
}
