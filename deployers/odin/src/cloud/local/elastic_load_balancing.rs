//! Elastic Load Balancing in the local cloud: classic load balancers and target groups.

use super::OdinAccount;
use super::arns::Arns;
use super::balancer::{Registration, StoredLoadBalancer, StoredTargetGroup};
use super::not_found;
use crate::cloud::{InstanceHealth, LocalClassicBalancers, LocalTargetGroups, Tags};
use bifrost::local::{RegionState, ServiceError};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

impl LocalClassicBalancers for OdinAccount {
    fn tags(region: &RegionState<'_, Self>, name: &str) -> Result<Tags, ServiceError> {
        Ok(balancer(region, name)?.tags.clone())
    }

    fn instance_health(
        region: &RegionState<'_, Self>,
        name: &str,
    ) -> Result<BTreeMap<String, InstanceHealth>, ServiceError> {
        let instances = balancer(region, name)?.instances.iter();
        Ok(instances.map(|(id, found)| (id.clone(), classic_health(found, region.now))).collect())
    }
}

/// With the texts of AWS: <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html>.
fn classic_health(registration: &Registration, now: DateTime<Utc>) -> InstanceHealth {
    let health = |state: &str, reason: &str, description: &str| {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        InstanceHealth { state: state.to_owned(), reason: filled(reason), description: filled(description) }
    };
    if registration.is_healthy(now) {
        health("InService", "", "")
    } else if registration.healthy_at.is_some() {
        health("OutOfService", "ELB", "Instance registration is still in progress.")
    } else {
        let failed = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.";
        health("OutOfService", "Instance", failed)
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

    fn target_health(
        region: &RegionState<'_, Self>,
        arn: &str,
    ) -> Result<BTreeMap<String, InstanceHealth>, ServiceError> {
        let targets = target_group(region, arn)?.targets.iter();
        Ok(targets.map(|(id, found)| (id.clone(), target_health(found, region.now))).collect())
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

/// With the texts of AWS:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html>.
fn target_health(registration: &Registration, now: DateTime<Utc>) -> InstanceHealth {
    let health = |state: &str, reason: &str, description: &str| InstanceHealth {
        state: state.to_owned(),
        reason: Some(reason.to_owned()),
        description: Some(description.to_owned()),
    };
    if registration.drains_until.is_some() {
        health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
    } else if registration.is_healthy(now) {
        InstanceHealth { state: "healthy".to_owned(), ..InstanceHealth::default() }
    } else if registration.healthy_at.is_some() {
        health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
    } else {
        health("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
    }
}
