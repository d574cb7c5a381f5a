//! Elastic Load Balancing in the local cloud: classic load balancers and target groups.

use super::balancer::{Registration, StoredTargetGroup};
use super::region::OdinRegion;
use super::{OdinAccount, ServiceContext, not_found, request};
use crate::cloud::{ClassicBalancers, LoadBalancer, TargetGroup, TargetGroups};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::{LocalSession, ServiceError};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use tokio::try_join;

#[async_trait]
impl ClassicBalancers for LocalSession<OdinAccount> {
    async fn load_balancer(&self, name: &str) -> Result<Option<LoadBalancer>, CloudError> {
        let exists = request(self, "elasticloadbalancing:DescribeLoadBalancers", name, |region, _| {
            Ok(region.load_balancers.contains_key(name))
        });
        if !exists.await? {
            return Ok(None);
        }
        request(self, "elasticloadbalancing:DescribeTags", name, |region, _| {
            let found = region.load_balancers.get(name);
            Ok(found.map(|found| LoadBalancer { name: name.to_owned(), tags: found.tags.clone() }))
        })
        .await
    }

    async fn instance_health(&self, name: &str) -> Result<BTreeMap<String, String>, CloudError> {
        request(self, "elasticloadbalancing:DescribeInstanceHealth", name, |region, context| {
            let missing =
                || not_found("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"));
            let found = region.load_balancers.get(name).ok_or_else(missing)?;
            let state = |registration: &Registration| {
                if registration.is_healthy(context.now) { "InService" } else { "OutOfService" }
            };
            Ok(found.instances.iter().map(|(id, found)| (id.clone(), state(found).to_owned())).collect())
        })
        .await
    }
}

#[async_trait]
impl TargetGroups for LocalSession<OdinAccount> {
    async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, CloudError> {
        let arn = request(self, "elasticloadbalancing:DescribeTargetGroups", name, |region, context| {
            Ok(region.target_groups.contains_key(name).then(|| context.target_group_arn(name)))
        });
        let Some(arn) = arn.await? else { return Ok(None) };
        let described = try_join!(
            request(self, "elasticloadbalancing:DescribeTags", name, |region, context| {
                Ok(by_arn(region, &arn, context)?.tags.clone())
            }),
            request(self, "elasticloadbalancing:DescribeTargetGroupAttributes", &arn, |region, context| {
                Ok(by_arn(region, &arn, context)?.slow_start_seconds)
            }),
        );
        match described {
            Ok((tags, slow_start_seconds)) => {
                Ok(Some(TargetGroup { arn, name: name.to_owned(), tags, slow_start_seconds }))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn target_health(&self, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
        request(self, "elasticloadbalancing:DescribeTargetHealth", arn, |region, context| {
            let targets = &by_arn(region, arn, context)?.targets;
            Ok(targets.iter().map(|(id, found)| (id.clone(), target_state(found, context.now).to_owned())).collect())
        })
        .await
    }
}

fn by_arn<'r>(
    region: &'r OdinRegion,
    arn: &str,
    context: ServiceContext<'_>,
) -> Result<&'r StoredTargetGroup, ServiceError> {
    let found = region.target_groups.iter().find(|(name, _)| context.target_group_arn(name) == arn);
    let missing = || not_found("TargetGroupNotFound", format!("Target groups '{arn}' not found"));
    found.map(|(_, found)| found).ok_or_else(missing)
}

fn target_state(registration: &Registration, now: DateTime<Utc>) -> &'static str {
    if registration.drains_until.is_some() {
        "draining"
    } else if registration.is_healthy(now) {
        "healthy"
    } else if registration.healthy_at.is_some() {
        "initial"
    } else {
        "unhealthy"
    }
}
