//! The life of a group's instances: launched, in service, replaced, terminated.

use super::balancer::Balancers;
use super::behaviour::Behaviour;
use super::group::{LifecycleState, StoredGroup, StoredInstance};
use super::lookups::StoredTopic;
use super::region::{StoredImage, StoredLaunchConfiguration, next_id};
use super::templates::StoredTemplate;
use crate::cloud::HealthCheckType;
use bifrost::local::later;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Seconds from a change of a group's capacity until it launches or terminates: Auto Scaling acts a little later.
const SCALING_SECONDS: u32 = 2;
/// Seconds between the end of a launch hook and being in service.
const PROCEED_SECONDS: u32 = 1;
/// The most instances that a group comes to have, whatever its capacity: an account's quota at AWS is of that order.
const MAX_INSTANCES: usize = 1000;
/// How long a hook waits that does not say.
const HEARTBEAT_SECONDS: u32 = 3600;
/// The transition of instances that come.
pub(super) const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
/// The transition of instances that go.
pub(super) const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// What the instances of a group touch in their region.
pub(super) struct InstanceEnvironment<'r> {
    pub(super) images: &'r mut BTreeMap<String, StoredImage>,
    pub(super) templates: &'r BTreeMap<String, StoredTemplate>,
    pub(super) launch_configurations: &'r BTreeMap<String, StoredLaunchConfiguration>,
    pub(super) topics: &'r BTreeMap<String, StoredTopic>,
    pub(super) balancers: Balancers<'r>,
    pub(super) spare_capacity: &'r mut BTreeMap<String, u32>,
    pub(super) ids: &'r mut u64,
}

/// What a group launches its instances from.
struct Source<'r> {
    image_id: &'r str,
    instance_type: &'r str,
    placement_group: Option<&'r str>,
}

impl<'r> InstanceEnvironment<'r> {
    fn behaviour(&self, instance: &StoredInstance) -> Behaviour {
        self.images.get(&instance.image_id).map(|image| image.behaviour(instance.number)).unwrap_or_default()
    }

    /// None if what the group names has been deleted.
    fn source(&self, group: &StoredGroup) -> Option<Source<'r>> {
        if let Some(name) = &group.launch_template {
            let template = &self.templates.get(name)?.template;
            return Some(Source {
                image_id: &template.image_id,
                instance_type: &template.instance_type,
                placement_group: template.placement_group.as_deref(),
            });
        }
        let found = self.launch_configurations.get(group.launch_configuration.as_ref()?)?;
        Some(Source { image_id: &found.image_id, instance_type: &found.instance_type, placement_group: None })
    }

    fn has_room(&self, source: &Source<'_>) -> bool {
        self.spare_capacity.get(source.instance_type).is_none_or(|left| *left > 0)
    }

    fn take_room(&mut self, source: &Source<'_>) {
        if let Some(left) = self.spare_capacity.get_mut(source.instance_type) {
            *left = left.saturating_sub(1);
        }
    }

    fn launch(&mut self, source: &Source<'_>, now: DateTime<Utc>) -> (String, StoredInstance) {
        self.take_room(source);
        let number = self.images.get_mut(source.image_id).map_or(0, |image| {
            image.launched = image.launched.saturating_add(1);
            image.launched
        });
        let mut instance = StoredInstance {
            image_id: source.image_id.to_owned(),
            number,
            instance_type: source.instance_type.to_owned(),
            placement_group: source.placement_group.map(str::to_owned),
            launched_at: now,
            lifecycle_state: LifecycleState::Pending,
            ..StoredInstance::default()
        };
        let behaviour = self.behaviour(&instance);
        instance.until = Some(later(now, behaviour.boot_seconds()));
        instance.terminates_at = behaviour.terminates_after_seconds.map(|seconds| later(now, seconds));
        (next_id(self.ids, "i"), instance)
    }

    /// An instance is gone for good.
    fn forget(&mut self, id: &str, instance: &StoredInstance) {
        self.balancers.forget(id);
        if let Some(left) = self.spare_capacity.get_mut(&instance.instance_type) {
            *left = left.saturating_add(1);
        }
    }
}

/// How an instance is made to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TerminationMode {
    /// It drains, and its hooks are waited for.
    Orderly,
    /// It is dead already; its hooks are waited for.
    Dead,
    /// Nothing is waited for: its group is deleted by force.
    Forced,
}

/// How long the hooks of a transition are waited for, and what comes of it.
struct HookWait {
    seconds: u32,
    abandoned: bool,
}

impl StoredGroup {
    /// When the next thing happens to the group or one of its instances.
    pub(super) fn next_due(&self, around: &InstanceEnvironment<'_>) -> Option<DateTime<Utc>> {
        let own = self.instances.values().flat_map(|instance| [instance.until, instance.dies_at()]).flatten();
        let replaced = self.replacements(around).into_iter().map(|(_, due)| due);
        own.chain(replaced).chain(self.scales_at).min()
    }

    /// Lets happen what is due by `now`.
    pub(super) fn happen(&mut self, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        for id in self.due(now, StoredInstance::dies_at) {
            self.fail(&id, TerminationMode::Dead, now, around);
        }
        for (id, due) in self.replacements(around) {
            if due <= now {
                self.fail(&id, TerminationMode::Orderly, now, around);
            }
        }
        for id in self.due(now, |instance| instance.until) {
            self.move_on(&id, now, around);
        }
        if self.scales_at.is_some_and(|due| due <= now) {
            self.scales_at = None;
            self.scale(now, around);
        }
    }

    /// Takes note of what has to be done about the group, and when.
    pub(super) fn notice(&mut self, now: DateTime<Utc>, around: &InstanceEnvironment<'_>) {
        self.finish_detaching(around);
        if self.scales_at.is_some() {
            return;
        }
        let (living, desired) = (self.living().count(), self.desired());
        let can_launch = || self.source(around).is_some_and(|source| around.has_room(&source));
        if living > desired || (living < desired && can_launch()) {
            self.scales_at = Some(later(now, SCALING_SECONDS));
        }
    }

    /// Begins to delete the group by force.
    pub(super) fn delete(&mut self, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        self.deleting = true;
        self.capacity = crate::cloud::Capacity::default();
        self.scaling_policies.clear();
        let ids: Vec<String> = self.instances.keys().cloned().collect();
        for id in ids {
            self.terminate(&id, TerminationMode::Forced, now, around);
        }
    }

    fn due(&self, now: DateTime<Utc>, when: impl Fn(&StoredInstance) -> Option<DateTime<Utc>>) -> Vec<String> {
        let is_due = |instance: &StoredInstance| when(instance).is_some_and(|due| due <= now);
        self.instances.iter().filter(|(_, instance)| is_due(instance)).map(|(id, _)| id.clone()).collect()
    }

    fn desired(&self) -> usize {
        usize::try_from(self.capacity.desired).unwrap_or(usize::MAX).min(MAX_INSTANCES)
    }

    fn source<'r>(&self, around: &InstanceEnvironment<'r>) -> Option<Source<'r>> {
        if self.deleting { None } else { around.source(self) }
    }

    /// Launches what is missing, as far as there is room for it, or terminates the oldest of what is too much.
    fn scale(&mut self, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        let mut living: Vec<_> = self.living().map(|(id, instance)| (instance.launched_at, id.clone())).collect();
        living.sort();
        let surplus = living.len().saturating_sub(self.desired());
        for (_, id) in living.iter().take(surplus) {
            self.terminate(id, TerminationMode::Orderly, now, around);
        }
        let Some(source) = self.source(around) else { return };
        for _ in living.len()..self.desired() {
            if !around.has_room(&source) {
                break;
            }
            let (id, instance) = around.launch(&source, now);
            self.instances.insert(id, instance);
        }
    }

    /// Moves an instance whose state has ended into the next one.
    fn move_on(&mut self, id: &str, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        let Some(state) = self.instances.get(id).map(|instance| instance.lifecycle_state) else { return };
        let behaviour = self.instances.get(id).map(|instance| around.behaviour(instance)).unwrap_or_default();
        let stopped = later(now, behaviour.stop_seconds());
        match (state, self.hook_wait(state, around)) {
            (LifecycleState::Pending, Some(wait)) => {
                self.enter(id, LifecycleState::PendingWait, Some(later(now, wait.seconds)));
            }
            (LifecycleState::PendingWait, Some(wait)) if wait.abandoned => {
                self.terminate(id, TerminationMode::Orderly, now, around);
            }
            (LifecycleState::PendingWait, _) => {
                self.enter(id, LifecycleState::PendingProceed, Some(later(now, PROCEED_SECONDS)));
            }
            (LifecycleState::Pending | LifecycleState::PendingProceed, _) => {
                self.come_into_service(id, behaviour, now, around);
            }
            (LifecycleState::InService, _) => self.enter(id, LifecycleState::InService, None),
            (LifecycleState::Terminating, Some(wait)) => {
                self.enter(id, LifecycleState::TerminatingWait, Some(later(now, wait.seconds)));
            }
            (LifecycleState::TerminatingWait, _) => {
                self.enter(id, LifecycleState::TerminatingProceed, Some(stopped));
            }
            (LifecycleState::Terminating | LifecycleState::TerminatingProceed, _) => {
                if let Some(instance) = self.instances.remove(id) {
                    around.forget(id, &instance);
                }
            }
        }
    }

    fn enter(&mut self, id: &str, state: LifecycleState, until: Option<DateTime<Utc>>) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.lifecycle_state = state;
            instance.until = until;
        }
    }

    fn come_into_service(
        &mut self,
        id: &str,
        behaviour: Behaviour,
        now: DateTime<Utc>,
        around: &mut InstanceEnvironment<'_>,
    ) {
        self.enter(id, LifecycleState::InService, None);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.in_service_at = Some(now);
        }
        let healthy_at = behaviour.health_seconds().map(|seconds| later(now, seconds));
        around.balancers.register(&self.attachments, id, healthy_at);
    }

    /// The group finds an instance unhealthy, and lets it go.
    fn fail(&mut self, id: &str, mode: TerminationMode, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.unhealthy = true;
        }
        self.terminate(id, mode, now, around);
    }

    fn terminate(&mut self, id: &str, mode: TerminationMode, now: DateTime<Utc>, around: &mut InstanceEnvironment<'_>) {
        let Some(instance) = self.instances.get(id) else { return };
        let goes_already = instance.lifecycle_state.is_terminating();
        if goes_already && mode != TerminationMode::Forced {
            return;
        }
        let stop_seconds = around.behaviour(instance).stop_seconds();
        let gone_by = instance.until.filter(|_| goes_already);
        let drained = if mode == TerminationMode::Orderly {
            around.balancers.deregister(&self.attachments, id, now)
        } else {
            around.balancers.forget(id);
            now
        };
        let has_hook = self.hook_wait(LifecycleState::Terminating, around).is_some();
        let until = if has_hook { drained } else { later(drained, stop_seconds) };
        self.enter(id, LifecycleState::Terminating, Some(gone_by.map_or(until, |gone_by| gone_by.min(until))));
    }

    /// How long an instance waits after, or in, that state. A group that is being deleted waits for no hooks.
    fn hook_wait(&self, state: LifecycleState, around: &InstanceEnvironment<'_>) -> Option<HookWait> {
        let transition = if state.is_terminating() { TERMINATING } else { LAUNCHING };
        let hooks = self.lifecycle_hooks.iter().filter(|hook| hook.transition == transition && !self.deleting);
        let waits = hooks.map(|hook| {
            let heartbeat = hook.heartbeat_timeout_seconds.unwrap_or(HEARTBEAT_SECONDS);
            let topic = hook.notification_target_arn.rsplit(':').next().and_then(|name| around.topics.get(name));
            match topic.and_then(|topic| topic.completes_after_seconds).filter(|seconds| *seconds <= heartbeat) {
                Some(seconds) => HookWait { seconds, abandoned: false },
                // Nobody answered: the default result of a hook is to abandon the instance.
                None => HookWait { seconds: heartbeat, abandoned: true },
            }
        });
        // All hooks of a transition wait at the same time; the first to be abandoned ends it for all.
        waits.reduce(|one, other| match (one.abandoned, other.abandoned) {
            (true, false) => one,
            (false, true) => other,
            (true, true) => HookWait { seconds: one.seconds.min(other.seconds), abandoned: true },
            (false, false) => HookWait { seconds: one.seconds.max(other.seconds), abandoned: false },
        })
    }

    /// The instances that will be replaced if nothing changes, because a balancer does not find them healthy, and when.
    ///
    /// As at AWS, a group replaces nothing for the sake of a balancer at which none of its instances passes: the health
    /// check itself may be wrong.
    fn replacements(&self, around: &InstanceEnvironment<'_>) -> Vec<(String, DateTime<Utc>)> {
        if self.health_check_type != HealthCheckType::Elb || self.deleting {
            return Vec::new();
        }
        let mut replaced = Vec::new();
        for attached in around.balancers.of(&self.attachments).filter(|attached| !attached.attachment.removing) {
            let healthy_at = |id: &String| attached.instances.get(id).and_then(|found| found.healthy_at);
            let Some(works_since) = self.instances.keys().filter_map(healthy_at).min() else { continue };
            for (id, instance) in &self.instances {
                let Some(grace_ends) = self.grace_ends(instance) else { continue };
                let due = grace_ends.max(works_since);
                if attached.instances.contains_key(id) && healthy_at(id).is_none_or(|healthy_at| healthy_at > due) {
                    replaced.push((id.clone(), due));
                }
            }
        }
        replaced
    }

    fn grace_ends(&self, instance: &StoredInstance) -> Option<DateTime<Utc>> {
        let in_service = instance.lifecycle_state == LifecycleState::InService;
        let since = instance.in_service_at.filter(|_| in_service)?;
        Some(later(since, self.health_check_grace_period_seconds))
    }

    /// Forgets the attachments that were detached and at which no instance of the group drains any more.
    fn finish_detaching(&mut self, around: &InstanceEnvironment<'_>) {
        let instances = &self.instances;
        let drains = |registered: Option<&super::Registrations>| {
            registered.is_some_and(|registered| instances.keys().any(|id| registered.contains_key(id)))
        };
        let balancers = &around.balancers;
        self.attachments.load_balancers.retain(|name, attachment| {
            !attachment.removing || drains(balancers.load_balancers.get(name).map(|found| &found.instances))
        });
        self.attachments.target_groups.retain(|name, attachment| {
            !attachment.removing || drains(balancers.target_groups.get(name).map(|found| &found.targets))
        });
    }
}

impl StoredInstance {
    /// When it dies by itself, if it does not go before.
    fn dies_at(&self) -> Option<DateTime<Utc>> {
        self.terminates_at.filter(|_| !self.lifecycle_state.is_terminating())
    }
}
