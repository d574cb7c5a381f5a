//! Advances the time of a region: changes are applied in the order in which they are due, however far the clock jumps.
//!
//! The due time of every change is part of the stored state, and a change takes effect at that time, not when it is
//! read. So advancing in one jump or in many steps leads to the same state.

use super::balancer::Balancers;
use super::launching::{LaunchPlace, running};
use super::lifecycle::InstanceEnvironment;
use super::region::OdinRegion;
use chrono::{DateTime, Utc};

impl OdinRegion {
    /// Applies the changes that are due by `now`.
    pub(super) fn apply_all_due(&mut self, now: DateTime<Utc>, place: LaunchPlace<'_>) {
        // A call or a seed may have changed capacities.
        self.schedule_scaling(now, place);
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.apply_due(due, place);
            self.schedule_scaling(due, place);
        }
    }

    fn next_due(&mut self) -> Option<DateTime<Utc>> {
        let drained = self.balancers().next_due();
        let (groups, env) = self.split();
        groups.values().filter_map(|group| group.next_due(&env)).chain(drained).min()
    }

    fn apply_due(&mut self, now: DateTime<Utc>, place: LaunchPlace<'_>) {
        self.balancers().advance(now);
        let (groups, mut env) = self.split();
        for group in groups.values_mut() {
            group.apply_due(now, &mut env, place);
        }
    }

    fn schedule_scaling(&mut self, now: DateTime<Utc>, place: LaunchPlace<'_>) {
        let (groups, env) = self.split();
        for group in groups.values_mut() {
            group.schedule_scaling(now, &env, place);
        }
        groups.retain(|_, group| !(group.deleting && group.instances.is_empty()));
    }

    /// All load balancers and target groups.
    pub(super) fn balancers(&mut self) -> Balancers<'_> {
        Balancers { load_balancers: &mut self.load_balancers, target_groups: &mut self.target_groups }
    }

    /// The groups, and the resources that their instances use.
    pub(super) fn split(&mut self) -> (&mut super::region::Groups, InstanceEnvironment<'_>) {
        let limits = self.instance_limits.iter();
        let quota =
            limits.map(|(kind, limit)| (kind.clone(), limit.saturating_sub(running(&self.auto_scaling_groups, kind))));
        let env = InstanceEnvironment {
            quota: quota.collect(),
            limits: &self.instance_limits,
            security_groups: &self.security_groups,
            subnets: &self.subnets,
            images: &mut self.images,
            templates: &self.launch_templates,
            launch_configurations: &self.launch_configurations,
            topics: &self.topics,
            balancers: Balancers { load_balancers: &mut self.load_balancers, target_groups: &mut self.target_groups },
            spare_capacity: &mut self.spare_capacity,
            ids: &mut self.ids,
        };
        (&mut self.auto_scaling_groups, env)
    }
}
