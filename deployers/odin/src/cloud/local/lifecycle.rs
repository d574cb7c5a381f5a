//! The lifecycle of a group's instances: launch, service, replacement, termination.

use super::balancer::Balancers;
use super::behaviour::Behaviour;
use super::group::{LifecycleState, StoredGroup, StoredInstance};
use super::launching::LaunchPlace;
use super::lookups::StoredTopic;
use super::region::{StoredImage, StoredLaunchConfiguration, StoredSecurityGroup, StoredSubnet};
use super::templates::StoredTemplate;
use crate::cloud::HealthCheckType;
use bifrost::local::later;
use chrono::{DateTime, Utc};
use std::cmp::Ordering;
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
    pub(super) security_groups: &'r BTreeMap<String, StoredSecurityGroup>,
    pub(super) subnets: &'r BTreeMap<String, StoredSubnet>,
    pub(super) spare_capacity: &'r mut BTreeMap<String, u32>,
    /// The limits of the account's quota by instance type.
    pub(super) limits: &'r BTreeMap<String, u32>,
    /// How many more instances of these types the quota allows.
    pub(super) quota: BTreeMap<String, u32>,
    pub(super) ids: &'r mut u64,
}

impl InstanceEnvironment<'_> {
    pub(super) fn behaviour(&self, instance: &StoredInstance) -> Behaviour {
        self.images.get(&instance.image_id).map(|image| image.behaviour(instance.number)).unwrap_or_default()
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
pub(super) enum TerminationMode {
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
    pub(super) fn apply_due(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>, place: LaunchPlace<'_>) {
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
            self.scale(now, env, place);
        }
    }

    /// Removes finished attachments, and schedules scaling if the instances do not match the capacity.
    pub(super) fn schedule_scaling(
        &mut self,
        now: DateTime<Utc>,
        env: &InstanceEnvironment<'_>,
        place: LaunchPlace<'_>,
    ) {
        self.finish_detaching(env);
        let soon = later(now, SCALING_SECONDS);
        match self.active().count().cmp(&self.desired()) {
            Ordering::Equal => {}
            Ordering::Less if !self.may_launch(env) => {}
            // After a launch failed, the group waits before it tries again, unless what was missing is there.
            Ordering::Less if self.launch_failure(env, place).is_some() => {
                self.scales_at.get_or_insert(soon);
            }
            Ordering::Less | Ordering::Greater => {
                self.scales_at = Some(self.scales_at.map_or(soon, |scales_at| scales_at.min(soon)));
            }
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

    pub(super) fn desired(&self) -> usize {
        usize::try_from(self.capacity.desired).unwrap_or(usize::MAX).min(MAX_INSTANCES)
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
        self.launch_succeeded(id);
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

    pub(super) fn terminate(
        &mut self,
        id: &str,
        mode: TerminationMode,
        now: DateTime<Utc>,
        env: &mut InstanceEnvironment<'_>,
    ) {
        let Some(instance) = self.instances.get(id) else { return };
        let already_terminating = instance.lifecycle_state.is_terminating();
        if already_terminating && mode != TerminationMode::Forced {
            return;
        }
        let stop_seconds = env.behaviour(instance).stop_seconds();
        let state = instance.lifecycle_state;
        let earlier_end = instance.until.filter(|_| already_terminating);
        let drained = if mode == TerminationMode::Graceful {
            env.balancers.deregister(&self.attachments, id, now)
        } else {
            env.balancers.remove_instance(id);
            now
        };
        self.launch_cancelled(id, state);
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
