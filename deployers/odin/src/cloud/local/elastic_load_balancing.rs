//! Elastic Load Balancing in the local cloud: classic load balancers and target groups.

use super::OdinAccount;
use super::arns::Arns;
use super::balancer::{Registration, StoredLoadBalancer, StoredTargetGroup};
use super::not_found;
use crate::cloud::{LocalClassicBalancers, LocalTargetGroups, Tags};
use bifrost::local::{RegionState, ServiceError};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

impl LocalClassicBalancers for OdinAccount {
    fn tags(region: &RegionState<'_, Self>, name: &str) -> Result<Tags, ServiceError> {
        Ok(balancer(region, name)?.tags.clone())
    }

    fn instance_health(region: &RegionState<'_, Self>, name: &str) -> Result<BTreeMap<String, String>, ServiceError> {
        let state = |registration: &Registration| {
            if registration.is_healthy(region.now) { "InService" } else { "OutOfService" }
        };
        let instances = balancer(region, name)?.instances.iter();
        Ok(instances.map(|(id, found)| (id.clone(), state(found).to_owned())).collect())
    }
}

fn balancer<'r>(region: &'r RegionState<'_, OdinAccount>, name: &str) -> Result<&'r StoredLoadBalancer, ServiceError> {
    let missing = || not_found("LoadBalancerNotFound", format!("There is no ACTIVE Load Balancer named '{name}'"));
    region.here().load_balancers.get(name).ok_or_else(missing)
}

impl LocalTargetGroups for OdinAccount {
    fn arn_and_type(region: &RegionState<'_, Self>, name: &str) -> Result<Option<(String, String)>, ServiceError> {
        let found = region.here().target_groups.get(name);
        Ok(found.map(|group| (Arns::of(region).target_group(name), group.target_type.clone())))
    }

    fn tags(region: &RegionState<'_, Self>, _name: &str, arn: &str) -> Result<Tags, ServiceError> {
        Ok(target_group(region, arn)?.tags.clone())
    }

    fn slow_start_seconds(region: &RegionState<'_, Self>, arn: &str) -> Result<u32, ServiceError> {
        Ok(target_group(region, arn)?.slow_start_seconds)
    }

    fn target_health(region: &RegionState<'_, Self>, arn: &str) -> Result<BTreeMap<String, String>, ServiceError> {
        let targets = target_group(region, arn)?.targets.iter();
        Ok(targets.map(|(id, found)| (id.clone(), target_state(found, region.now).to_owned())).collect())
    }
}

fn target_group<'r>(
    region: &'r RegionState<'_, OdinAccount>,
    arn: &str,
) -> Result<&'r StoredTargetGroup, ServiceError> {
    let found = region.here().target_groups.iter().find(|(name, _)| Arns::of(region).target_group(name) == arn);
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
