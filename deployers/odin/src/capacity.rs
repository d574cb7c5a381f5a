//! How many instances a service gets: at first, after each health check, and in the end.

use crate::release::{Autoscaling, Strategy};

/// The sizes that a deploy works towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Minimum size of the group after success.
    pub min_size: u32,
    /// Maximum size of the group.
    pub max_size: u32,
    /// Desired capacity after success: that of the previous group, within `min_size`…`max_size`.
    pub desired: u32,
    /// How many are launched, including spares for those that fail.
    pub launched: u32,
    /// How many must be healthy.
    pub enough: u32,
}

impl Target {
    /// The target of a service that replaces a group with this desired capacity, or the first of a service.
    #[must_use]
    pub fn new(autoscaling: &Autoscaling, previous_desired: Option<u32>) -> Self {
        let Autoscaling { min_size, max_size, spread, .. } = *autoscaling;
        let desired = previous_desired.unwrap_or(min_size).min(max_size).max(min_size);
        let launched = spread.more_than(desired).min(max_size);
        let enough = spread.less_than(desired).max(min_size);
        Self { min_size, max_size, desired, launched, enough }
    }

    /// The sizes after success of a group that has this desired capacity now. More than Odin set last is demand of the
    /// group's own policies, and is kept.
    #[must_use]
    pub fn final_size(&self, desired_now: u32, set_last: u32) -> Size {
        let desired = if desired_now > set_last { desired_now.max(self.desired) } else { self.desired };
        Size { min: self.min_size, desired }
    }
}

/// The two sizes of a group that a rollout changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Minimum size.
    pub min: u32,
    /// Desired capacity.
    pub desired: u32,
}

/// The sizes and instances of a group at a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupObservation {
    /// Its sizes.
    pub size: Size,
    /// How many instances it has, in whatever state.
    pub instances: u32,
    /// How many of them are healthy.
    pub healthy: u32,
}

impl Strategy {
    /// The sizes that the group is created with.
    #[must_use]
    pub fn creation(self, target: &Target) -> Size {
        self.wanted(target, &GroupObservation { size: Size { min: 0, desired: 0 }, instances: 0, healthy: 0 })
    }

    /// The sizes that the group gets after a health check: never smaller than now.
    #[must_use]
    pub fn step(self, target: &Target, seen: &GroupObservation) -> Size {
        let wanted = self.wanted(target, seen);
        let desired = wanted.desired.max(seen.size.desired);
        Size { min: wanted.min.max(seen.size.min).min(desired), desired }
    }

    /// Whether a group of these sizes has only its canary: then a termination halts the deploy.
    ///
    /// This depends on the sizes, not on the number of instances: a terminating canary and its replacement are two.
    #[must_use]
    pub fn is_canary(self, size: Size) -> bool {
        self == Self::OneThenAllWithCanary && size.desired <= 1
    }

    /// The sizes that Odin wants for a group in this state. [`step`](Self::step) is the larger of these and those that it
    /// has.
    #[must_use]
    pub fn wanted(self, target: &Target, seen: &GroupObservation) -> Size {
        let whole = Size { min: target.min_size, desired: target.launched };
        let size = match self.steps(target) {
            Some(steps) => {
                Size { min: steps.next(whole.min, seen.instances), desired: steps.next(whole.desired, seen.instances) }
            }
            None if self.is_canary(seen.size) && seen.healthy == 0 => Size { min: 1, desired: 1 },
            None => whole,
        };
        // With a maximum of 0 the group gets no instances, whatever the steps are.
        Size { min: size.min.min(target.max_size), desired: size.desired.min(target.max_size) }
    }

    fn steps(self, target: &Target) -> Option<Steps> {
        let launched = target.launched.max(1);
        match self {
            Self::AllAtOnce | Self::OneThenAllWithCanary => None,
            Self::QuarterSteps => Some(Steps { steps: 4, of: 1 }),
            Self::TenthSteps => Some(Steps { steps: 10, of: 1 }),
            Self::TenAtATime => Some(Steps { steps: launched, of: 10 }),
            Self::TwentyAtATime => Some(Steps { steps: launched, of: 20 }),
        }
    }
}

/// The number of steps in which a group grows, as the fraction `steps / of`: 25 instances ten at a time are 2.5 steps.
#[derive(Debug, Clone, Copy)]
struct Steps {
    steps: u32,
    of: u32,
}

impl Steps {
    /// The next size on the way to `base`: one step more than the instances now, at least 1 and at most `base`.
    fn next(self, base: u32, instances: u32) -> u32 {
        let step = u64::from(base) * u64::from(self.of) / u64::from(self.steps.max(1));
        let step = u32::try_from(step).unwrap_or(u32::MAX).max(1);
        instances.saturating_add(step).min(base).max(1)
    }
}

#[cfg(test)]
#[path = "capacity_tests.rs"]
mod tests;
