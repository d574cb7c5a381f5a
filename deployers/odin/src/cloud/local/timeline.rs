//! How time passes in a region: what is due happens one moment after the other, however far the clock jumped.
//!
//! Every change has its own moment, kept in the world, and happens at that moment and not when somebody looks. So
//! going to a time in one jump or in many steps leads to the same world.

use super::balancer::Balancers;
use super::lifecycle::InstanceEnvironment;
use super::region::OdinRegion;
use chrono::{DateTime, Utc};

impl OdinRegion {
    /// Lets happen what is due by `now`.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        // What a call or a world file left is noticed when it is first seen.
        self.notice(now);
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.happen(due);
            self.notice(due);
        }
    }

    fn next_due(&mut self) -> Option<DateTime<Utc>> {
        let drained = self.balancers().next_due();
        let (groups, around) = self.split();
        groups.values().filter_map(|group| group.next_due(&around)).chain(drained).min()
    }

    fn happen(&mut self, now: DateTime<Utc>) {
        self.balancers().advance(now);
        let (groups, mut around) = self.split();
        for group in groups.values_mut() {
            group.happen(now, &mut around);
        }
    }

    fn notice(&mut self, now: DateTime<Utc>) {
        let (groups, around) = self.split();
        for group in groups.values_mut() {
            group.notice(now, &around);
        }
        groups.retain(|_, group| !(group.deleting && group.instances.is_empty()));
    }

    /// All load balancers and target groups.
    pub(super) fn balancers(&mut self) -> Balancers<'_> {
        Balancers { load_balancers: &mut self.load_balancers, target_groups: &mut self.target_groups }
    }

    /// The groups, and beside them what their instances touch.
    pub(super) fn split(&mut self) -> (&mut super::region::Groups, InstanceEnvironment<'_>) {
        let around = InstanceEnvironment {
            images: &mut self.images,
            templates: &self.launch_templates,
            launch_configurations: &self.launch_configurations,
            topics: &self.topics,
            balancers: Balancers { load_balancers: &mut self.load_balancers, target_groups: &mut self.target_groups },
            spare_capacity: &mut self.spare_capacity,
            ids: &mut self.ids,
        };
        (&mut self.auto_scaling_groups, around)
    }
}
