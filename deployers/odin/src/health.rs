//! How a service does: what its group and its balancers say of its instances, taken together.

use crate::capacity::{GroupObservation, Size, Target};
use crate::cloud::{AutoScalingGroup, Instance};
use crate::release::{Autoscaling, HealthyReport};
use std::collections::BTreeMap;

/// What one classic load balancer or target group says of its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerView {
    states: BTreeMap<String, String>,
    healthy: &'static str,
}

impl BalancerView {
    /// What a classic load balancer says, by instance.
    #[must_use]
    pub fn classic(states: BTreeMap<String, String>) -> Self {
        Self { states, healthy: "InService" }
    }

    /// What a target group says, by instance.
    #[must_use]
    pub fn target_group(states: BTreeMap<String, String>) -> Self {
        Self { states, healthy: "healthy" }
    }

    /// Whether it calls the instance healthy. One that it does not know is not, and that is no error: registering takes
    /// its time.
    fn agrees(&self, instance: &str) -> bool {
        self.states.get(instance).is_some_and(|state| state == self.healthy)
    }
}

/// More instances terminate than the release allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} instances terminate ({}), and {allowed}: see why they fail, then make a new release", ids.len(), ids.join(", ")
)]
pub struct TooManyTerminate {
    /// Those that terminate.
    pub ids: Vec<String>,
    /// How many may, and why.
    pub allowed: String,
}

/// How a service does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What its group showed.
    pub seen: GroupObservation,
    /// Ids of the instances that terminate.
    pub terminating: Vec<String>,
}

impl Health {
    /// Takes together what the group and its balancers say.
    #[must_use]
    pub fn of(group: &AutoScalingGroup, balancers: &[BalancerView]) -> Self {
        let healthy = |instance: &&Instance| {
            let by_group = instance.health_status == "Healthy" && instance.lifecycle_state == "InService";
            by_group && balancers.iter().all(|balancer| balancer.agrees(&instance.id))
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

    /// Whether enough healthy instances are left once the group has its final size, whichever instances it gives up.
    #[must_use]
    pub fn is_enough_at_final_size(&self, target: &Target) -> bool {
        let surplus = self.seen.instances.saturating_sub(target.final_size().desired);
        self.seen.healthy.saturating_sub(surplus) >= target.enough
    }

    /// Refuses to go on if more instances terminate than may. A canary may not.
    ///
    /// # Errors
    /// Which terminate, and how many may.
    pub fn check_terminating(&self, autoscaling: &Autoscaling) -> Result<(), TooManyTerminate> {
        let canary = autoscaling.strategy.is_canary(self.seen.size);
        let max = if canary { 0 } else { autoscaling.max_terms };
        if count(self.terminating.len()) <= max {
            return Ok(());
        }
        let allowed = if canary { "a canary may not".into() } else { format!("max_terms allows {max}") };
        Err(TooManyTerminate { ids: self.terminating.clone(), allowed })
    }

    /// The report for the release, as a line of dots is made of it.
    #[must_use]
    pub fn report(&self, target: &Target) -> HealthyReport {
        HealthyReport {
            target_healthy: target.enough,
            target_launched: target.launched,
            healthy: self.seen.healthy,
            launching: self.seen.instances,
            terminating: count(self.terminating.len()),
            terminating_ids: self.terminating.clone(),
            desired_capacity: Some(self.seen.size.desired),
            min_size: Some(self.seen.size.min),
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
