//! The health of a service: what its group and its balancers report of its instances.

use crate::capacity::{GroupObservation, Size, Target};
use crate::cloud::{AutoScalingGroup, Instance};
use crate::release::{Autoscaling, HealthyReport};
use bifrost::error_code::Coded;
use std::collections::BTreeMap;

/// The instances of one classic load balancer or target group, as it reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerView {
    states: BTreeMap<String, String>,
    healthy: &'static str,
}

impl BalancerView {
    /// The states that a classic load balancer reports, by instance id.
    #[must_use]
    pub fn classic(states: BTreeMap<String, String>) -> Self {
        Self { states, healthy: "InService" }
    }

    /// The states that a target group reports, by instance id.
    #[must_use]
    pub fn target_group(states: BTreeMap<String, String>) -> Self {
        Self { states, healthy: "healthy" }
    }

    /// Whether the balancer reports the instance as healthy. An unknown instance is not healthy, and not an error:
    /// registering takes time.
    fn is_healthy(&self, instance: &str) -> bool {
        self.states.get(instance).is_some_and(|state| state == self.healthy)
    }
}

/// More instances of a new group terminate than the release allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Coded)]
#[error(
    "terminating instances: {} ({}), but {allowed}; find out why they fail, then deploy a new release",
    ids.len(),
    ids.join(", ")
)]
#[code("odin/terminating", "find out why the instances fail, or raise `max_terms`; then deploy a new release")]
pub struct TooManyTerminating {
    /// Ids of the terminating instances.
    pub ids: Vec<String>,
    /// How many may terminate, and why.
    pub allowed: String,
}

/// The health of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The group's sizes and instances.
    pub seen: GroupObservation,
    /// Ids of the terminating instances.
    pub terminating: Vec<String>,
}

impl Health {
    /// Combines what the group and its balancers report.
    #[must_use]
    pub fn of(group: &AutoScalingGroup, balancers: &[BalancerView]) -> Self {
        let healthy = |instance: &&Instance| {
            let by_group = instance.health_status == "Healthy" && instance.lifecycle_state == "InService";
            by_group && balancers.iter().all(|balancer| balancer.is_healthy(&instance.id))
        };
        let terminating = group.instances.iter().filter(|instance| instance.lifecycle_state.starts_with("Term"));
        Self {
            seen: GroupObservation {
                size: Size { min: group.capacity.min_size, desired: group.capacity.desired },
                instances: count(group.instances.len()),
                healthy: count(group.instances.iter().filter(healthy).count()),
            },
            terminating: terminating.map(|instance| instance.id.clone()).collect(),
        }
    }

    /// Whether enough instances are healthy.
    #[must_use]
    pub fn is_enough(&self, target: &Target) -> bool {
        self.seen.healthy >= target.enough
    }

    /// Whether enough healthy instances are left once the group has this desired capacity, whichever instances it terminates.
    #[must_use]
    pub fn is_enough_at(&self, desired: u32, target: &Target) -> bool {
        let surplus = self.seen.instances.saturating_sub(desired);
        self.seen.healthy.saturating_sub(surplus) >= target.enough
    }

    /// Checks that at most `max_terms` instances terminate, and no canary.
    ///
    /// # Errors
    /// The terminating instances, if there are more.
    pub fn check_terminating(&self, autoscaling: &Autoscaling) -> Result<(), TooManyTerminating> {
        let canary = autoscaling.strategy.is_canary(self.seen.size);
        let max = if canary { 0 } else { autoscaling.max_terms };
        if count(self.terminating.len()) <= max {
            return Ok(());
        }
        let allowed = if canary { "a canary must not terminate".into() } else { format!("max_terms allows {max}") };
        Err(TooManyTerminating { ids: self.terminating.clone(), allowed })
    }

    /// The report for the release, which commands show as a line of dots. `set` are the sizes that Odin set last.
    #[must_use]
    pub fn report(&self, target: &Target, set: Size) -> HealthyReport {
        HealthyReport {
            target_healthy: target.enough,
            target_launched: target.launched,
            healthy: self.seen.healthy,
            launching: self.seen.instances,
            terminating: count(self.terminating.len()),
            terminating_ids: self.terminating.clone(),
            desired_capacity: Some(set.desired),
            min_size: Some(set.min),
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
