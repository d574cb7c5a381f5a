//! EC2 Auto Scaling: groups, instances, attachments and scaling policies.

use super::Tags;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tokio::try_join;

/// The maximum number of load balancers or target groups that one request may detach.
pub const DETACH_LIMIT: usize = 10;

/// The process of Auto Scaling that terminates an instance in one availability zone after it launched one in another.
pub const AZ_REBALANCE: &str = "AZRebalance";

/// How many activities of a group are read at most: one page of AWS.
pub const ACTIVITY_LIMIT: usize = 100;

/// The version of their launch template that groups launch: the first and only one. With `$Latest`, a new version would change
/// what a group launches, without a deploy.
pub const TEMPLATE_VERSION: &str = "1";

/// An auto-scaling group as `DescribeAutoScalingGroups` returns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoScalingGroup {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created_time: DateTime<Utc>,
    /// Its tags.
    pub tags: Tags,
    /// Its minimum, desired and maximum number of instances.
    pub capacity: Capacity,
    /// `Delete in progress` while it is being deleted, otherwise `None`.
    pub status: Option<String>,
    /// Whether its process [`AZ_REBALANCE`] is suspended.
    pub az_rebalance_suspended: bool,
    /// The name of its launch template, or `None` if it has a launch configuration.
    pub launch_template: Option<String>,
    /// The version of that launch template.
    pub launch_template_version: Option<String>,
    /// The name of its launch configuration. Groups that Go Odin created have one.
    pub launch_configuration: Option<String>,
    /// Seconds after an instance enters service during which a failed health check does not replace it.
    pub health_check_grace_period_seconds: Option<u32>,
    /// Names of the attached classic load balancers, without those that are being detached.
    pub load_balancers: Vec<String>,
    /// ARNs of the attached target groups, without those that are being detached.
    pub target_group_arns: Vec<String>,
    /// What decides whether its instances are healthy. A release's group has [`HealthCheckType::Elb`] if it was created with a
    /// balancer, also once it is detached.
    pub health_check_type: HealthCheckType,
    /// Its instances, including terminating ones. AWS does not define the order.
    pub instances: Vec<Instance>,
}

/// The three sizes of a group, in instances: `min_size` ≤ `desired` ≤ `max_size`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// `MinSize`.
    pub min_size: u32,
    /// `DesiredCapacity`.
    pub desired: u32,
    /// `MaxSize`.
    pub max_size: u32,
}

/// New settings of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupUpdate {
    /// All three sizes. Instances are launched and terminated later.
    pub capacity: Capacity,
    /// A new grace period of health checks, in seconds. `None` keeps the present one.
    pub health_check_grace_period_seconds: Option<u32>,
}

/// An instance, as its group sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// `Pending`, `Pending:Wait`, `Pending:Proceed`, `InService`, `Terminating`, `Terminating:Wait`,
    /// `Terminating:Proceed`, …
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`.
    pub health_status: String,
}

/// What decides whether an instance of a group is healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthCheckType {
    /// EC2's own status checks.
    #[default]
    Ec2,
    /// EC2's status checks, the load balancers and the target groups.
    Elb,
}

/// A lifecycle hook: an instance waits in a transition until a subscriber of the topic completes the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleHook {
    /// Its name, unique in the group.
    pub name: String,
    /// `autoscaling:EC2_INSTANCE_LAUNCHING` or `autoscaling:EC2_INSTANCE_TERMINATING`.
    pub transition: String,
    /// ARN of the role with which Auto Scaling publishes to the topic.
    pub role_arn: String,
    /// ARN of the topic.
    pub notification_target_arn: String,
    /// Seconds until Auto Scaling applies the default result: 30 to 7200, default 3600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout_seconds: Option<u32>,
}

/// Settings of a new auto-scaling group. Its tags are propagated to its instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAutoScalingGroup {
    /// Its name, 1 to 255 characters without a colon.
    pub name: String,
    /// Name of its launch template, of which the group launches [`TEMPLATE_VERSION`].
    pub launch_template: String,
    /// Its initial sizes.
    pub capacity: Capacity,
    /// Ids of the subnets in which its instances are launched.
    pub subnet_ids: Vec<String>,
    /// Names of classic load balancers.
    pub load_balancers: Vec<String>,
    /// ARNs of target groups.
    pub target_group_arns: Vec<String>,
    /// What decides whether an instance is healthy.
    pub health_check_type: HealthCheckType,
    /// Seconds after an instance enters service during which a failed health check does not replace it.
    pub health_check_grace_period_seconds: u32,
    /// Seconds between two simple scalings.
    pub default_cooldown_seconds: u32,
    /// Which instance is terminated first when the group shrinks, such as `ClosestToNextInstanceHour`.
    pub termination_policies: Vec<String>,
    /// Hooks that apply from the first instance on.
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// Tags of the group and of its instances.
    pub tags: Tags,
}

/// The quota of auto-scaling groups of an account in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountLimits {
    /// How many groups there are.
    pub groups: u32,
    /// How many there may be.
    pub max_groups: u32,
}

/// A simple scaling policy that increases or decreases the desired capacity (`ChangeInCapacity`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewScalingPolicy {
    /// Its name, unique in the group.
    pub name: String,
    /// The group.
    pub group_name: String,
    /// The number of instances to add; a negative number removes instances.
    pub scaling_adjustment: i32,
    /// Seconds until the next scaling.
    pub cooldown_seconds: u32,
    /// Whether it acts when its alarm fires.
    #[serde(default = "enabled")]
    pub enabled: bool,
}

fn enabled() -> bool {
    true
}

/// What a group did, or tried to do, to match its desired capacity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingActivity {
    /// When it began.
    pub start_time: DateTime<Utc>,
    /// `Successful`, `Failed`, `Cancelled`, `InProgress`, `PreInService`, …
    pub status: String,
    /// Such as `Launching a new EC2 instance: i-0123`.
    pub description: String,
    /// Why it failed, in EC2's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// The zone in which it launched or terminated an instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// The attachments of a group with their states: `Adding`, `Added`, `InService`, `Removing` (its instances drain) or
/// `Removed`. AWS soon stops listing an attachment that is detached and drained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachments {
    /// States of classic load balancers by name.
    pub load_balancers: BTreeMap<String, String>,
    /// States of target groups by ARN.
    pub target_groups: BTreeMap<String, String>,
}

/// EC2 Auto Scaling.
///
/// A group that does not exist is an error that [`CloudError::is_not_found`]: AWS's `ValidationError`
/// with `AutoScalingGroup name not found`.
#[bifrost::port]
pub trait AutoScaling {
    /// All groups that have all these tags, sorted by name, including those that are being deleted. Without tags, all groups.
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    #[call("autoscaling:DescribeAutoScalingGroups")]
    async fn groups(&self, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError>;

    /// The group of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    #[call("autoscaling:DescribeAutoScalingGroups", name)]
    async fn group(&self, name: &str) -> Result<Option<AutoScalingGroup>, CloudError>;

    /// How many groups the account has in the region, and how many it may have.
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    #[call("autoscaling:DescribeAccountLimits")]
    async fn account_limits(&self) -> Result<AccountLimits, CloudError>;

    /// Creates a group. Its instances are launched later.
    ///
    /// # Errors
    /// `LimitExceeded` if the account has as many groups as it may have;
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) if a group of that name exists, even if
    /// it is being deleted; `ValidationError` if a resource that it refers to does not exist.
    #[change("autoscaling:CreateAutoScalingGroup", group.name)]
    async fn create_group(&self, proof: &Proof, group: &NewAutoScalingGroup) -> Result<(), CloudError>;

    /// Changes settings of a group.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted, or if the sizes contradict each other.
    #[change("autoscaling:UpdateAutoScalingGroup", group)]
    async fn update_group(&self, proof: &Proof, group: &str, update: GroupUpdate) -> Result<(), CloudError>;

    /// Sets all three sizes of a group. Instances are launched and terminated later.
    ///
    /// # Errors
    /// As [`AutoScaling::update_group`].
    async fn set_capacity(&self, proof: &Proof, group: &str, capacity: Capacity) -> Result<(), CloudError> {
        self.update_group(proof, group, GroupUpdate { capacity, ..GroupUpdate::default() }).await
    }

    /// Enables collection of all metrics of the group, each minute.
    ///
    /// # Errors
    /// If the group does not exist.
    #[change("autoscaling:EnableMetricsCollection", group)]
    async fn enable_metrics(&self, proof: &Proof, group: &str) -> Result<(), CloudError>;

    /// The latest activities of the group, newest first, at most [`ACTIVITY_LIMIT`]: one page, because a group that fails to launch
    /// instances has many.
    ///
    /// # Errors
    /// If the group does not exist.
    #[call("autoscaling:DescribeScalingActivities", group)]
    async fn scaling_activities(&self, group: &str) -> Result<Vec<ScalingActivity>, CloudError>;

    /// Creates the scaling policy, or replaces the one with its name, and returns its ARN.
    ///
    /// # Errors
    /// If the group does not exist.
    #[change("autoscaling:PutScalingPolicy", policy.name)]
    async fn put_scaling_policy(&self, proof: &Proof, policy: &NewScalingPolicy) -> Result<String, CloudError>;

    /// Suspends [`AZ_REBALANCE`]: the group terminates no healthy instance to balance its availability zones.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted.
    #[change("autoscaling:SuspendProcesses", group)]
    async fn suspend_az_rebalance(&self, proof: &Proof, group: &str) -> Result<(), CloudError>;

    /// Resumes [`AZ_REBALANCE`].
    ///
    /// # Errors
    /// As [`suspend_az_rebalance`](Self::suspend_az_rebalance).
    #[change("autoscaling:ResumeProcesses", group)]
    async fn resume_az_rebalance(&self, proof: &Proof, group: &str) -> Result<(), CloudError>;

    /// The names of the group's lifecycle hooks that make a terminating instance wait.
    ///
    /// # Errors
    /// If the group does not exist.
    #[call("autoscaling:DescribeLifecycleHooks", group)]
    async fn termination_hooks(&self, group: &str) -> Result<Vec<String>, CloudError>;

    /// Adds a tag to a group, or replaces its value. Instances do not get it.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted.
    #[change("autoscaling:CreateOrUpdateTags", group)]
    async fn tag_group(&self, proof: &Proof, group: &str, key: &str, value: &str) -> Result<(), CloudError>;

    /// Detaches at most [`DETACH_LIMIT`] classic load balancers. The instances drain first; see
    /// [`AutoScaling::attachments`]. An attachment that is already draining continues to drain.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted, or
    /// (`ValidationError`) if one of them is not attached: pass only names from [`AutoScalingGroup::load_balancers`].
    #[change("autoscaling:DetachLoadBalancers", group)]
    async fn detach_load_balancers(&self, proof: &Proof, group: &str, names: &[String]) -> Result<(), CloudError>;

    /// Detaches at most [`DETACH_LIMIT`] target groups, as [`AutoScaling::detach_load_balancers`] does.
    ///
    /// # Errors
    /// As [`AutoScaling::detach_load_balancers`]: pass only ARNs from [`AutoScalingGroup::target_group_arns`].
    #[change("autoscaling:DetachLoadBalancerTargetGroups", group)]
    async fn detach_target_groups(&self, proof: &Proof, group: &str, arns: &[String]) -> Result<(), CloudError>;

    // Auto Scaling accepts one change of a group at a time, so the next two send their requests one after another.

    /// Detaches the group from all of its classic load balancers.
    ///
    /// # Errors
    /// As [`AutoScaling::detach_load_balancers`].
    async fn detach_all_load_balancers(&self, proof: &Proof, group: &AutoScalingGroup) -> Result<(), CloudError> {
        for names in group.load_balancers.chunks(DETACH_LIMIT) {
            self.detach_load_balancers(proof, &group.name, names).await?;
        }
        Ok(())
    }

    /// Detaches the group from all of its target groups.
    ///
    /// # Errors
    /// As [`AutoScaling::detach_target_groups`].
    async fn detach_all_target_groups(&self, proof: &Proof, group: &AutoScalingGroup) -> Result<(), CloudError> {
        for arns in group.target_group_arns.chunks(DETACH_LIMIT) {
            self.detach_target_groups(proof, &group.name, arns).await?;
        }
        Ok(())
    }

    /// The states of the group's classic load balancers by name.
    ///
    /// # Errors
    /// If the group does not exist.
    #[call("autoscaling:DescribeLoadBalancers", group)]
    async fn load_balancer_states(&self, group: &str) -> Result<BTreeMap<String, String>, CloudError>;

    /// The states of the group's target groups by ARN.
    ///
    /// # Errors
    /// If the group does not exist.
    #[call("autoscaling:DescribeLoadBalancerTargetGroups", group)]
    async fn target_group_states(&self, group: &str) -> Result<BTreeMap<String, String>, CloudError>;

    /// The attachments of the group and their states.
    ///
    /// # Errors
    /// If the group does not exist.
    async fn attachments(&self, group: &str) -> Result<Attachments, CloudError> {
        let (load_balancers, target_groups) =
            try_join!(self.load_balancer_states(group), self.target_group_states(group))?;
        Ok(Attachments { load_balancers, target_groups })
    }

    /// Deletes a group with its instances, policies and hooks (`ForceDelete`), and with "any alarm that no longer has an
    /// associated action" (API reference). Its instances do not wait for their hooks. The group is listed with a `status`
    /// until its last instance is terminated.
    ///
    /// # Errors
    /// If the group does not exist, or (`ScalingActivityInProgress`, `ResourceInUse`) it cannot be deleted now.
    #[change("autoscaling:DeleteAutoScalingGroup", name)]
    async fn delete_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;

    /// Deletes the launch configuration that Go Odin created for a group.
    ///
    /// # Errors
    /// If it does not exist, or (`ResourceInUse`) a group still uses it.
    #[change("autoscaling:DeleteLaunchConfiguration", name)]
    async fn delete_launch_configuration(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}
