//! The lifecycle of a group's instances: launch, service, replacement, termination.

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

/// Seconds from a change of a group's capacity until it launches or terminates instances: Auto Scaling acts with a
/// delay.
const SCALING_SECONDS: u32 = 2;
/// Seconds between the end of a launch hook and service.
const PROCEED_SECONDS: u32 = 1;
/// The maximum number of instances of a group, whatever its capacity: about the quota of an AWS account.
const MAX_INSTANCES: usize = 1000;
/// Default heartbeat timeout of a hook, in seconds.
const HEARTBEAT_SECONDS: u32 = 3600;
/// The transition of instances that are launched.
pub(super) const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
/// The transition of instances that are terminated.
pub(super) const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// The resources of the region that instances of a group use.
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

    /// `None` if the template or configuration of the group is deleted.
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

    fn has_capacity(&self, source: &Source<'_>) -> bool {
        self.spare_capacity.get(source.instance_type).is_none_or(|left| *left > 0)
    }

    fn take_capacity(&mut self, source: &Source<'_>) {
        if let Some(left) = self.spare_capacity.get_mut(source.instance_type) {
            *left = left.saturating_sub(1);
        }
    }

    fn launch(&mut self, source: &Source<'_>, now: DateTime<Utc>) -> (String, StoredInstance) {
        self.take_capacity(source);
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

    /// Removes a terminated instance and frees its capacity.
    fn remove_instance(&mut self, id: &str, instance: &StoredInstance) {
        self.balancers.remove_instance(id);
        if let Some(left) = self.spare_capacity.get_mut(&instance.instance_type) {
            *left = left.saturating_add(1);
        }
    }
}

/// How an instance is terminated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TerminationMode {
    /// It drains, then waits for its hooks.
    Graceful,
    /// It has already stopped; only its hooks are waited for.
    Crashed,
    /// It waits for nothing: its group is deleted with `ForceDelete`.
    Forced,
}

/// How long the hooks of a transition wait, and whether they abandon the instance.
struct HookWait {
    seconds: u32,
    abandoned: bool,
}

impl StoredGroup {
    /// When the next change of the group or one of its instances is due.
    pub(super) fn next_due(&self, env: &InstanceEnvironment<'_>) -> Option<DateTime<Utc>> {
        let own =
            self.instances.values().flat_map(|instance| [instance.until, instance.self_terminates_at()]).flatten();
        let replaced = self.replacements(env).into_iter().map(|(_, due)| due);
        own.chain(replaced).chain(self.scales_at).min()
    }

    /// Applies the changes that are due by `now`.
    pub(super) fn apply_due(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        for id in self.due(now, StoredInstance::self_terminates_at) {
            self.fail(&id, TerminationMode::Crashed, now, env);
        }
        for (id, due) in self.replacements(env) {
            if due <= now {
                self.fail(&id, TerminationMode::Graceful, now, env);
            }
        }
        for id in self.due(now, |instance| instance.until) {
            self.enter_next_state(&id, now, env);
        }
        if self.scales_at.is_some_and(|due| due <= now) {
            self.scales_at = None;
            self.scale(now, env);
        }
    }

    /// Removes finished attachments, and schedules scaling if the instances do not match the capacity.
    pub(super) fn schedule_scaling(&mut self, now: DateTime<Utc>, env: &InstanceEnvironment<'_>) {
        self.finish_detaching(env);
        if self.scales_at.is_some() {
            return;
        }
        let (active, desired) = (self.active().count(), self.desired());
        let can_launch = || self.source(env).is_some_and(|source| env.has_capacity(&source));
        if active > desired || (active < desired && can_launch()) {
            self.scales_at = Some(later(now, SCALING_SECONDS));
        }
    }

    /// Starts deleting the group with `ForceDelete`.
    pub(super) fn delete(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        self.deleting = true;
        self.capacity = crate::cloud::Capacity::default();
        self.scaling_policies.clear();
        let ids: Vec<String> = self.instances.keys().cloned().collect();
        for id in ids {
            self.terminate(&id, TerminationMode::Forced, now, env);
        }
    }

    fn due(&self, now: DateTime<Utc>, when: impl Fn(&StoredInstance) -> Option<DateTime<Utc>>) -> Vec<String> {
        let is_due = |instance: &StoredInstance| when(instance).is_some_and(|due| due <= now);
        self.instances.iter().filter(|(_, instance)| is_due(instance)).map(|(id, _)| id.clone()).collect()
    }

    fn desired(&self) -> usize {
        usize::try_from(self.capacity.desired).unwrap_or(usize::MAX).min(MAX_INSTANCES)
    }

    fn source<'r>(&self, env: &InstanceEnvironment<'r>) -> Option<Source<'r>> {
        if self.deleting { None } else { env.source(self) }
    }

    /// Launches missing instances as far as capacity is left, or terminates the oldest surplus instances.
    fn scale(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        let mut active: Vec<_> = self.active().map(|(id, instance)| (instance.launched_at, id.clone())).collect();
        active.sort();
        let surplus = active.len().saturating_sub(self.desired());
        for (_, id) in active.iter().take(surplus) {
            self.terminate(id, TerminationMode::Graceful, now, env);
        }
        let Some(source) = self.source(env) else { return };
        for _ in active.len()..self.desired() {
            if !env.has_capacity(&source) {
                break;
            }
            let (id, instance) = env.launch(&source, now);
            self.instances.insert(id, instance);
        }
    }

    /// Moves an instance whose state has ended into the next state.
    fn enter_next_state(&mut self, id: &str, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        let Some(state) = self.instances.get(id).map(|instance| instance.lifecycle_state) else { return };
        let behaviour = self.instances.get(id).map(|instance| env.behaviour(instance)).unwrap_or_default();
        let stopped = later(now, behaviour.stop_seconds());
        match (state, self.hook_wait(state, env)) {
            (LifecycleState::Pending, Some(wait)) => {
                self.enter(id, LifecycleState::PendingWait, Some(later(now, wait.seconds)));
            }
            (LifecycleState::PendingWait, Some(wait)) if wait.abandoned => {
                self.terminate(id, TerminationMode::Graceful, now, env);
            }
            (LifecycleState::PendingWait, _) => {
                self.enter(id, LifecycleState::PendingProceed, Some(later(now, PROCEED_SECONDS)));
            }
            (LifecycleState::Pending | LifecycleState::PendingProceed, _) => {
                self.enter_service(id, behaviour, now, env);
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
                    env.remove_instance(id, &instance);
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

    fn enter_service(&mut self, id: &str, behaviour: Behaviour, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        self.enter(id, LifecycleState::InService, None);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.in_service_at = Some(now);
        }
        let healthy_at = behaviour.health_seconds().map(|seconds| later(now, seconds));
        env.balancers.register(&self.attachments, id, healthy_at);
    }

    /// Marks an instance unhealthy and terminates it.
    fn fail(&mut self, id: &str, mode: TerminationMode, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.unhealthy = true;
        }
        self.terminate(id, mode, now, env);
    }

    fn terminate(&mut self, id: &str, mode: TerminationMode, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>) {
        let Some(instance) = self.instances.get(id) else { return };
        let already_terminating = instance.lifecycle_state.is_terminating();
        if already_terminating && mode != TerminationMode::Forced {
            return;
        }
        let stop_seconds = env.behaviour(instance).stop_seconds();
        let earlier_end = instance.until.filter(|_| already_terminating);
        let drained = if mode == TerminationMode::Graceful {
            env.balancers.deregister(&self.attachments, id, now)
        } else {
            env.balancers.remove_instance(id);
            now
        };
        let has_hook = self.hook_wait(LifecycleState::Terminating, env).is_some();
        let until = if has_hook { drained } else { later(drained, stop_seconds) };
        self.enter(
            id,
            LifecycleState::Terminating,
            Some(earlier_end.map_or(until, |earlier_end| earlier_end.min(until))),
        );
    }

    /// How long an instance waits for hooks after, or in, that state. A group that is being deleted ignores its hooks.
    fn hook_wait(&self, state: LifecycleState, env: &InstanceEnvironment<'_>) -> Option<HookWait> {
        let transition = if state.is_terminating() { TERMINATING } else { LAUNCHING };
        let hooks = self.lifecycle_hooks.iter().filter(|hook| hook.transition == transition && !self.deleting);
        let waits = hooks.map(|hook| {
            let heartbeat = hook.heartbeat_timeout_seconds.unwrap_or(HEARTBEAT_SECONDS);
            let topic = hook.notification_target_arn.rsplit(':').next().and_then(|name| env.topics.get(name));
            match topic.and_then(|topic| topic.completes_after_seconds).filter(|seconds| *seconds <= heartbeat) {
                Some(seconds) => HookWait { seconds, abandoned: false },
                // No subscriber completed it: the default result of a hook is to abandon the instance.
                None => HookWait { seconds: heartbeat, abandoned: true },
            }
        });
        // All hooks of a transition wait at the same time; the first that is abandoned ends the wait.
        waits.reduce(|one, other| match (one.abandoned, other.abandoned) {
            (true, false) => one,
            (false, true) => other,
            (true, true) => HookWait { seconds: one.seconds.min(other.seconds), abandoned: true },
            (false, false) => HookWait { seconds: one.seconds.max(other.seconds), abandoned: false },
        })
    }

    /// The instances that will be replaced because a balancer reports them unhealthy, and when.
    ///
    /// As in AWS, a group does not replace instances because of a balancer that reports all of them unhealthy: the
    /// health check itself may be wrong.
    fn replacements(&self, env: &InstanceEnvironment<'_>) -> Vec<(String, DateTime<Utc>)> {
        if self.health_check_type != HealthCheckType::Elb || self.deleting {
            return Vec::new();
        }
        let mut replaced = Vec::new();
        for attached in env.balancers.of(&self.attachments).filter(|attached| !attached.attachment.removing) {
            let healthy_at = |id: &String| attached.instances.get(id).and_then(|found| found.healthy_at);
            let Some(first_healthy_at) = self.instances.keys().filter_map(healthy_at).min() else { continue };
            for (id, instance) in &self.instances {
                let Some(grace_ends) = self.grace_ends(instance) else { continue };
                let due = grace_ends.max(first_healthy_at);
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

    /// Removes detached attachments at which no instance of the group drains any more.
    fn finish_detaching(&mut self, env: &InstanceEnvironment<'_>) {
        let instances = &self.instances;
        let drains = |registered: Option<&super::Registrations>| {
            registered.is_some_and(|registered| instances.keys().any(|id| registered.contains_key(id)))
        };
        let balancers = &env.balancers;
        self.attachments.load_balancers.retain(|name, attachment| {
            !attachment.removing || drains(balancers.load_balancers.get(name).map(|found| &found.instances))
        });
        self.attachments.target_groups.retain(|name, attachment| {
            !attachment.removing || drains(balancers.target_groups.get(name).map(|found| &found.targets))
        });
    }
}

impl StoredInstance {
    /// When it terminates by itself, unless it is already terminating.
    fn self_terminates_at(&self) -> Option<DateTime<Utc>> {
        self.terminates_at.filter(|_| !self.lifecycle_state.is_terminating())
    }
}
