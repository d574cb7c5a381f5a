//! The health of a service: what its group and its balancers report of its instances.

use crate::capacity::{GroupObservation, Size, Target};
use crate::cloud::{AutoScalingGroup, Instance, InstanceHealth};
use crate::release::{Autoscaling, HealthyReport};
use bifrost::error_code::Coded;
use std::collections::BTreeMap;

/// The instances of one classic load balancer or target group, as it reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancerView {
    instances: BTreeMap<String, InstanceHealth>,
    healthy: &'static str,
}

impl BalancerView {
    /// What a classic load balancer reports, by instance id.
    #[must_use]
    pub fn classic(instances: BTreeMap<String, InstanceHealth>) -> Self {
        Self { instances, healthy: "InService" }
    }

    /// What a target group reports, by instance id.
    #[must_use]
    pub fn target_group(instances: BTreeMap<String, InstanceHealth>) -> Self {
        Self { instances, healthy: "healthy" }
    }

    /// Whether the balancer reports the instance as healthy. An unknown instance is not healthy, and not an error:
    /// registering takes time.
    fn is_healthy(&self, instance: &str) -> bool {
        self.instances.get(instance).is_some_and(|found| found.state == self.healthy)
    }

    /// Why the balancer does not report the instance as healthy, if it does not.
    fn reason(&self, instance: &str) -> Option<UnhealthyReason> {
        let Some(found) = self.instances.get(instance) else {
            return Some(UnhealthyReason::of_group(true, "not registered with a load balancer yet"));
        };
        if found.state == self.healthy {
            return None;
        }
        let InstanceHealth { state, reason, description } = found;
        let code = reason.as_ref().unwrap_or(state).clone();
        let text = description.as_ref().map_or_else(|| code.clone(), |description| format!("{code}: {description}"));
        Some(UnhealthyReason { is_starting: is_starting(found), code, text })
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

/// Whether the instance only waits for its first health checks. A target group has a state for that; a classic load balancer has
/// one state for all that is not healthy, and texts: <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_InstanceState.html>.
fn is_starting(found: &InstanceHealth) -> bool {
    let description = found.description.as_deref().unwrap_or_default();
    let first_checks = ["registration is still in progress", "has not passed the configured HealthyThreshold"];
    found.state == "initial" || first_checks.iter().any(|part| description.contains(part))
}

/// Why an instance is not healthy. Those that point to a failure are first in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnhealthyReason {
    /// Whether every instance is in that state while it starts.
    pub is_starting: bool,
    /// Such as `Target.Timeout`.
    pub code: String,
    /// The code with what it means, such as `Target.Timeout: Request timed out`.
    pub text: String,
}

impl UnhealthyReason {
    fn of_group(is_starting: bool, code: &str) -> Self {
        Self { is_starting, code: code.to_owned(), text: code.to_owned() }
    }
}

/// The health of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The group's sizes and instances.
    pub seen: GroupObservation,
    /// Ids of the terminating instances.
    pub terminating: Vec<String>,
    /// Why other instances are not healthy, with their ids.
    pub unhealthy: BTreeMap<UnhealthyReason, Vec<String>>,
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
            unhealthy: unhealthy(group, balancers),
        }
    }

    /// How many instances run, or will soon: those that do not terminate.
    #[must_use]
    pub fn active(&self) -> u32 {
        self.seen.instances.saturating_sub(count(self.terminating.len()))
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

fn unhealthy(group: &AutoScalingGroup, balancers: &[BalancerView]) -> BTreeMap<UnhealthyReason, Vec<String>> {
    let mut unhealthy = BTreeMap::<_, Vec<String>>::new();
    for instance in group.instances.iter().filter(|instance| !instance.lifecycle_state.starts_with("Term")) {
        for reason in reasons(instance, balancers) {
            unhealthy.entry(reason).or_default().push(instance.id.clone());
        }
    }
    unhealthy
}

/// Why an instance is not healthy. What balancers report counts only once it is in service: it is registered then.
fn reasons(instance: &Instance, balancers: &[BalancerView]) -> Vec<UnhealthyReason> {
    let Instance { id, lifecycle_state, health_status } = instance;
    if lifecycle_state != "InService" {
        return vec![UnhealthyReason::of_group(true, lifecycle_state)];
    }
    let by_group = (health_status != "Healthy")
        .then(|| UnhealthyReason::of_group(false, &format!("{health_status} according to its group")));
    by_group.into_iter().chain(balancers.iter().filter_map(|balancer| balancer.reason(id))).collect()
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
