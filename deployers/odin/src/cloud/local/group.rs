//! Auto-scaling groups and their instances, as the local cloud stores them.

use super::arns::Arns;
use super::balancer::{Attachments, Registrations};
use super::{is_false, is_zero};
use crate::cloud::{
    AutoScalingGroup, Capacity, HealthCheckType, Instance, LifecycleHook, NewScalingPolicy, ScalingActivity, Tags,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An auto-scaling group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredGroup {
    /// When it was created.
    pub created_time: DateTime<Utc>,
    /// Its tags, which its instances have too.
    pub tags: Tags,
    /// Its minimum, desired and maximum number of instances.
    pub capacity: Capacity,
    /// Whether it is being deleted. It is removed with its last instance.
    #[serde(skip_serializing_if = "is_false")]
    pub deleting: bool,
    /// Name of its launch template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template: Option<String>,
    /// Version of its launch template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template_version: Option<String>,
    /// Name of its launch configuration, if it has no launch template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_configuration: Option<String>,
    /// Ids of its subnets.
    pub subnet_ids: Vec<String>,
    /// The load balancers and target groups that it is attached to.
    #[serde(skip_serializing_if = "Attachments::is_empty")]
    pub attachments: Attachments,
    /// What decides whether an instance is healthy.
    pub health_check_type: HealthCheckType,
    /// Seconds after an instance enters service during which a failed health check does not replace it.
    pub health_check_grace_period_seconds: u32,
    /// Seconds between two simple scalings.
    pub default_cooldown_seconds: u32,
    /// Which instance is terminated first. The local cloud always terminates the oldest.
    pub termination_policies: Vec<String>,
    /// Its lifecycle hooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// Whether its metrics are collected.
    pub metrics_enabled: bool,
    /// Whether its process `AZRebalance` is suspended. The local cloud has one availability zone and never rebalances.
    #[serde(skip_serializing_if = "is_false")]
    pub az_rebalance_suspended: bool,
    /// Its scaling policies by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scaling_policies: BTreeMap<String, NewScalingPolicy>,
    /// Its instances by id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub instances: BTreeMap<String, StoredInstance>,
    /// When it next launches or terminates instances to match its capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scales_at: Option<DateTime<Utc>>,
    /// How many attempts to launch instances have failed in a row.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed_launches: u64,
    /// Its latest launches, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<ScalingActivity>,
}

/// An instance of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredInstance {
    /// The image that it was launched from.
    pub image_id: String,
    /// Its number among the instances of that image: 1 was launched first.
    #[serde(skip_serializing_if = "is_zero")]
    pub number: u64,
    /// Such as `t3.small`.
    pub instance_type: String,
    /// The placement group that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placement_group: Option<String>,
    /// When it was launched.
    pub launched_at: DateTime<Utc>,
    /// Its lifecycle state.
    pub lifecycle_state: LifecycleState,
    /// When that state ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Whether its group has marked it unhealthy.
    #[serde(skip_serializing_if = "is_false")]
    pub unhealthy: bool,
    /// When it entered service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_service_at: Option<DateTime<Utc>>,
    /// When it terminates by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminates_at: Option<DateTime<Utc>>,
}

/// The lifecycle state of an instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LifecycleState {
    /// It boots.
    Pending,
    /// It waits for a launch hook.
    #[serde(rename = "Pending:Wait")]
    PendingWait,
    /// The launch hook is completed.
    #[serde(rename = "Pending:Proceed")]
    PendingProceed,
    /// It is in service.
    #[default]
    InService,
    /// It drains and, without a termination hook, shuts down.
    Terminating,
    /// It waits for a termination hook.
    #[serde(rename = "Terminating:Wait")]
    TerminatingWait,
    /// The termination hook is completed; it shuts down.
    #[serde(rename = "Terminating:Proceed")]
    TerminatingProceed,
}

impl LifecycleState {
    /// Its name in AWS.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
        }
    }

    /// Whether it is terminating, in any of the three states.
    #[must_use]
    pub fn is_terminating(self) -> bool {
        matches!(self, Self::Terminating | Self::TerminatingWait | Self::TerminatingProceed)
    }
}

impl StoredGroup {
    /// Its description as AWS returns it.
    pub(super) fn describe(&self, name: &str, arns: Arns<'_>) -> AutoScalingGroup {
        let attached = |attachments: &BTreeMap<String, super::Attachment>| -> Vec<String> {
            attachments.iter().filter(|(_, found)| !found.removing).map(|(name, _)| name.clone()).collect()
        };
        let target_groups = attached(&self.attachments.target_groups);
        AutoScalingGroup {
            name: name.to_owned(),
            arn: arns.group(name),
            created_time: self.created_time,
            tags: self.tags.clone(),
            capacity: self.capacity,
            status: self.deleting.then(|| "Delete in progress".to_owned()),
            az_rebalance_suspended: self.az_rebalance_suspended,
            launch_template: self.launch_template.clone(),
            launch_template_version: self.launch_template_version.clone(),
            launch_configuration: self.launch_configuration.clone(),
            health_check_grace_period_seconds: Some(self.health_check_grace_period_seconds),
            load_balancers: attached(&self.attachments.load_balancers),
            target_group_arns: target_groups.iter().map(|name| arns.target_group(name)).collect(),
            health_check_type: self.health_check_type,
            instances: self.describe_instances(),
        }
    }

    fn describe_instances(&self) -> Vec<Instance> {
        let mut instances: Vec<_> = self.instances.iter().collect();
        instances.sort_by_key(|(_, instance)| instance.launched_at);
        let describe = |(id, instance): (&String, &StoredInstance)| Instance {
            id: id.clone(),
            lifecycle_state: instance.lifecycle_state.as_str().to_owned(),
            health_status: if instance.unhealthy { "Unhealthy" } else { "Healthy" }.to_owned(),
        };
        instances.into_iter().map(describe).collect()
    }

    /// The state of the group's attachment to a balancer with these registrations.
    pub(super) fn attachment_state(
        &self,
        attachment: super::Attachment,
        registered: Option<&Registrations>,
        now: DateTime<Utc>,
    ) -> &'static str {
        let registration = |id: &String| registered.and_then(|registered| registered.get(id));
        if attachment.removing {
            "Removing"
        } else if self.instances.keys().filter_map(registration).any(|found| found.is_healthy(now)) {
            "InService"
        } else if self.in_service().all(|id| registration(id).is_some()) {
            "Added"
        } else {
            "Adding"
        }
    }

    fn in_service(&self) -> impl Iterator<Item = &String> {
        let counts = |instance: &StoredInstance| instance.lifecycle_state == LifecycleState::InService;
        self.instances.iter().filter(move |(_, instance)| counts(instance)).map(|(id, _)| id)
    }

    /// The instances that are not terminating.
    pub(super) fn active(&self) -> impl Iterator<Item = (&String, &StoredInstance)> {
        self.instances.iter().filter(|(_, instance)| !instance.lifecycle_state.is_terminating())
    }
}
