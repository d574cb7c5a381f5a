//! How a group launches its instances, and the activities that say why it cannot.

use super::group::{LifecycleState, StoredGroup, StoredInstance};
use super::lifecycle::{InstanceEnvironment, TerminationMode};
use super::lookups::StoredIam;
use super::region::{Groups, next_id};
use crate::cloud::{ACTIVITY_LIMIT, NewLaunchTemplate, ScalingActivity};
use bifrost::local::later;
use bifrost::release::Region;
use chrono::{DateTime, Utc};

/// Seconds until a group tries again to launch instances, after the first failure. Each further failure doubles it.
const FIRST_RETRY_SECONDS: u32 = 60;
/// The maximum of these seconds.
const MAX_RETRY_SECONDS: u32 = 3600;

/// The region and account in which instances are launched.
#[derive(Clone, Copy)]
pub(super) struct LaunchPlace<'a> {
    pub(super) region: &'a Region,
    pub(super) iam: &'a StoredIam,
}

/// How many instances of a type run in all groups.
pub(super) fn running(groups: &Groups, instance_type: &str) -> u32 {
    let instances = groups.values().flat_map(|group| group.instances.values());
    u32::try_from(instances.filter(|found| found.instance_type == instance_type).count()).unwrap_or(u32::MAX)
}

/// What a group launches its instances from.
struct Source<'r> {
    image_id: &'r str,
    instance_type: &'r str,
    /// `None` for a launch configuration.
    template: Option<&'r NewLaunchTemplate>,
}

impl<'r> InstanceEnvironment<'r> {
    /// `None` if the template or configuration of the group is deleted.
    fn source(&self, group: &StoredGroup) -> Option<Source<'r>> {
        if let Some(name) = &group.launch_template {
            let template = &self.templates.get(name)?.template;
            let NewLaunchTemplate { image_id, instance_type, .. } = template;
            return Some(Source { image_id, instance_type, template: Some(template) });
        }
        let found = self.launch_configurations.get(group.launch_configuration.as_ref()?)?;
        Some(Source { image_id: &found.image_id, instance_type: &found.instance_type, template: None })
    }

    /// What of a launch template does not exist any more, in EC2's words. Launch configurations are not checked: seeds have them
    /// without a content.
    fn missing(&self, template: &NewLaunchTemplate, iam: &StoredIam) -> Option<String> {
        let NewLaunchTemplate { image_id, .. } = template;
        if self.images.get(image_id).is_none_or(|image| image.state != "available") {
            return Some(format!("The image id '[{image_id}]' does not exist."));
        }
        let mut security_groups = template.security_group_ids.iter();
        if let Some(id) = security_groups.find(|id| !self.security_groups.contains_key(*id)) {
            return Some(format!("The security group '{id}' does not exist."));
        }
        let profile = template.instance_profile_arn.as_ref().filter(|arn| !iam.has_profile_at(arn))?;
        Some(format!(
            "Value ({profile}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN."
        ))
    }

    /// Why EC2 launches no further instance of that type, in its words.
    fn exhausted(&self, instance_type: &str, zone: &str) -> Option<String> {
        let none_left = |left: &u32| *left == 0;
        if self.quota.get(instance_type).is_some_and(none_left) {
            let limit = self.limits.get(instance_type).copied().unwrap_or_default();
            return Some(format!(
                "You have requested more instances ({}) than your current instance limit of {limit} allows for the \
                 specified instance type. Please visit http://aws.amazon.com/contact-us/ec2-request to request an \
                 adjustment to this limit.",
                limit.saturating_add(1)
            ));
        }
        self.spare_capacity.get(instance_type).copied().filter(none_left)?;
        Some(format!(
            "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone}). \
             Our system will be working on provisioning additional capacity."
        ))
    }

    fn launch(&mut self, source: &Source<'_>, now: DateTime<Utc>) -> (String, StoredInstance) {
        let left = [self.spare_capacity.get_mut(source.instance_type), self.quota.get_mut(source.instance_type)];
        for left in left.into_iter().flatten() {
            *left = left.saturating_sub(1);
        }
        let number = self.images.get_mut(source.image_id).map_or(0, |image| {
            image.launched = image.launched.saturating_add(1);
            image.launched
        });
        let mut instance = StoredInstance {
            image_id: source.image_id.to_owned(),
            number,
            instance_type: source.instance_type.to_owned(),
            placement_group: source.template.and_then(|template| template.placement_group.clone()),
            launched_at: now,
            lifecycle_state: LifecycleState::Pending,
            ..StoredInstance::default()
        };
        let behaviour = self.behaviour(&instance);
        instance.until = Some(later(now, behaviour.boot_seconds()));
        instance.terminates_at = behaviour.terminates_after_seconds.map(|seconds| later(now, seconds));
        (next_id(self.ids, "i"), instance)
    }
}

impl StoredGroup {
    /// Whether the group launches instances at all.
    pub(super) fn may_launch(&self, env: &InstanceEnvironment<'_>) -> bool {
        // A group of a seed may have neither.
        let has_source = self.launch_template.is_some() || env.source(self).is_some();
        has_source && !self.deleting
    }

    /// Why the next instance cannot be launched, in EC2's words.
    pub(super) fn launch_failure(&self, env: &InstanceEnvironment<'_>, place: LaunchPlace<'_>) -> Option<String> {
        let Some(source) = env.source(self) else {
            let name = self.launch_template.as_deref().unwrap_or_default();
            return Some(format!("The specified launch template, with template name {name}, does not exist."));
        };
        let missing = source.template.and_then(|template| env.missing(template, place.iam));
        missing.or_else(|| env.exhausted(source.instance_type, &self.zone(self.failed_launches, env, place)))
    }

    /// Launches missing instances as far as possible, or terminates the oldest surplus instances.
    pub(super) fn scale(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>, place: LaunchPlace<'_>) {
        let mut active: Vec<_> = self.active().map(|(id, instance)| (instance.launched_at, id.clone())).collect();
        active.sort();
        let surplus = active.len().saturating_sub(self.desired());
        for (_, id) in active.iter().take(surplus) {
            self.terminate(id, TerminationMode::Graceful, now, env);
        }
        if !self.may_launch(env) {
            return;
        }
        for _ in active.len()..self.desired() {
            if let Some(failure) = self.launch_failure(env, place) {
                self.launch_failed(&failure, now, env, place);
                break;
            }
            self.launch(now, env, place);
        }
    }

    fn launch(&mut self, now: DateTime<Utc>, env: &mut InstanceEnvironment<'_>, place: LaunchPlace<'_>) {
        let Some(source) = env.source(self) else { return };
        let (id, instance) = env.launch(&source, now);
        let zone = self.zone(self.instances.len() as u64, env, place);
        self.failed_launches = 0;
        self.record(ScalingActivity {
            start_time: now,
            status: "InProgress".to_owned(),
            description: launch_of(&id),
            status_message: None,
            availability_zone: Some(zone),
        });
        self.instances.insert(id, instance);
    }

    /// Records the failure, and when the group tries again.
    fn launch_failed(
        &mut self,
        failure: &str,
        now: DateTime<Utc>,
        env: &InstanceEnvironment<'_>,
        place: LaunchPlace<'_>,
    ) {
        let zone = self.zone(self.failed_launches, env, place);
        let message = format!("{failure} Launching EC2 instance failed.");
        self.record(ScalingActivity {
            start_time: now,
            status: "Failed".to_owned(),
            description: format!("Launching a new EC2 instance.  Status Reason: {message}"),
            status_message: Some(message),
            availability_zone: Some(zone),
        });
        let doublings = u32::try_from(self.failed_launches).unwrap_or(u32::MAX);
        let pause = FIRST_RETRY_SECONDS.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_RETRY_SECONDS);
        self.failed_launches = self.failed_launches.saturating_add(1);
        self.scales_at = Some(later(now, pause));
    }

    /// The instance entered service.
    pub(super) fn launch_succeeded(&mut self, id: &str) {
        if let Some(activity) = self.launch_in_progress(id) {
            "Successful".clone_into(&mut activity.status);
        }
    }

    /// The instance is terminated in that state; before it entered service, its launch is cancelled.
    pub(super) fn launch_cancelled(&mut self, id: &str, state: LifecycleState) {
        let reason = if state == LifecycleState::PendingWait {
            "Instance failed to complete user's Lifecycle Action: Lifecycle Action was abandoned: Heartbeat Timeout"
        } else {
            "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: \
             Client.UserInitiatedShutdown: User initiated shutdown"
        };
        if let Some(activity) = self.launch_in_progress(id) {
            "Cancelled".clone_into(&mut activity.status);
            activity.status_message = Some(reason.to_owned());
        }
    }

    fn launch_in_progress(&mut self, id: &str) -> Option<&mut ScalingActivity> {
        let description = launch_of(id);
        self.activities.iter_mut().find(|found| found.status == "InProgress" && found.description == description)
    }

    fn record(&mut self, activity: ScalingActivity) {
        self.activities.push(activity);
        let surplus = self.activities.len().saturating_sub(ACTIVITY_LIMIT);
        self.activities.drain(..surplus);
    }

    /// The zone of the launch with that number: launches alternate between the subnets. Those without a zone are in one each.
    fn zone(&self, number: u64, env: &InstanceEnvironment<'_>, place: LaunchPlace<'_>) -> String {
        let subnets = u64::try_from(self.subnet_ids.len().clamp(1, 6)).unwrap_or(1);
        let index = usize::try_from(number % subnets).unwrap_or_default();
        let zone = self.subnet_ids.get(index).and_then(|id| env.subnets.get(id)?.availability_zone.clone());
        zone.unwrap_or_else(|| format!("{}{}", place.region, "abcdef".chars().nth(index).unwrap_or('a')))
    }
}

fn launch_of(id: &str) -> String {
    format!("Launching a new EC2 instance: {id}")
}
