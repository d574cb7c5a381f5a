//! How many instances a service shall have: in the end, at first, and after each look at its health.

use crate::release::{Autoscaling, Strategy};

/// The sizes that a deploy aims at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The least that the group may have once it has succeeded.
    pub min_size: u32,
    /// The most that it may have.
    pub max_size: u32,
    /// What it shall have once it has succeeded: what the group before it had, within `min_size`…`max_size`.
    pub desired: u32,
    /// How many are launched, to make up for those that fail.
    pub launched: u32,
    /// How many healthy ones are enough.
    pub enough: u32,
}

impl Target {
    /// What a service aims at, given the desired capacity of the group that it replaces.
    #[must_use]
    pub fn new(autoscaling: &Autoscaling, previous_desired: Option<u32>) -> Self {
        let Autoscaling { min_size, max_size, spread, .. } = *autoscaling;
        let desired = previous_desired.unwrap_or(min_size).min(max_size).max(min_size);
        let launched = spread.more_than(desired).min(max_size);
        let enough = spread.less_than(desired).max(min_size);
        Self { min_size, max_size, desired, launched, enough }
    }

    /// The sizes once the deploy has succeeded.
    #[must_use]
    pub fn final_size(&self) -> Size {
        Size { min: self.min_size, desired: self.desired }
    }
}

/// The two sizes of a group that a roll-out moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The least that the group keeps up.
    pub min: u32,
    /// What it strives for.
    pub desired: u32,
}

/// What a look at a group showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupObservation {
    /// Its sizes now.
    pub size: Size,
    /// How many instances it has, in whatever state.
    pub instances: u32,
    /// How many of them are healthy.
    pub healthy: u32,
}

impl Strategy {
    /// The sizes that the group is made with.
    #[must_use]
    pub fn creation(self, target: &Target) -> Size {
        self.aim(target, &GroupObservation { size: Size { min: 0, desired: 0 }, instances: 0, healthy: 0 })
    }

    /// The sizes that the group gets after a look: never less than it has.
    #[must_use]
    pub fn step(self, target: &Target, seen: &GroupObservation) -> Size {
        let aim = self.aim(target, seen);
        let desired = aim.desired.max(seen.size.desired);
        Size { min: aim.min.max(seen.size.min).min(desired), desired }
    }

    /// Whether a group of these sizes is to have its canary only: a termination halts the deploy then.
    ///
    /// The sizes say so, and not the number of instances: a canary that terminates is soon two, itself and its successor.
    #[must_use]
    pub fn is_canary(self, size: Size) -> bool {
        self == Self::OneThenAllWithCanary && size.desired <= 1
    }

    fn aim(self, target: &Target, seen: &GroupObservation) -> Size {
        let whole = Size { min: target.min_size, desired: target.launched };
        let size = match self.steps(target) {
            Some(steps) => {
                Size { min: steps.next(whole.min, seen.instances), desired: steps.next(whole.desired, seen.instances) }
            }
            None if self.is_canary(seen.size) && seen.healthy == 0 => Size { min: 1, desired: 1 },
            None => whole,
        };
        // A group of at most none gets none, whatever the steps say.
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

/// In how many steps a group grows: `steps / of`, a fraction, since 25 instances ten at a time are two and a half.
#[derive(Debug, Clone, Copy)]
struct Steps {
    steps: u32,
    of: u32,
}

impl Steps {
    /// The next size on the way to `base`: a step more than there are, at least one and at most `base`.
    fn next(self, base: u32, instances: u32) -> u32 {
        let step = u64::from(base) * u64::from(self.of) / u64::from(self.steps.max(1));
        let step = u32::try_from(step).unwrap_or(u32::MAX).max(1);
        instances.saturating_add(step).min(base).max(1)
    }
}

#[cfg(test)]
#[path = "capacity_tests.rs"]
mod tests;
