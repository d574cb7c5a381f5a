//! EC2 Auto Scaling: groups, instances, attachments, scaling policies, and the CloudWatch alarms that trigger them.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The name of its launch template, or `None` if it has a launch configuration.
    pub launch_template: Option<String>,
    /// The name of its launch configuration. Groups that Go Odin created have one.
    pub launch_configuration: Option<String>,
    /// Names of the attached classic load balancers, without those that are being detached.
    pub load_balancers: Vec<String>,
    /// ARNs of the attached target groups, without those that are being detached.
    pub target_group_arns: Vec<String>,
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
    /// Name of its launch template. The group launches the latest version.
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
#[async_trait]
pub trait AutoScaling: Send + Sync {
    /// All groups that have all these tags, sorted by name, including those that are being deleted
    /// (`autoscaling:DescribeAutoScalingGroups` with `tag:` filters, every page).
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    async fn groups(&self, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError>;

    /// The group of that name, or `None` if it does not exist (`autoscaling:DescribeAutoScalingGroups`).
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    async fn group(&self, name: &str) -> Result<Option<AutoScalingGroup>, CloudError>;

    /// Creates a group (`autoscaling:CreateAutoScalingGroup`). Its instances are launched later.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) if a group of that name exists, even if
    /// it is being deleted; `ValidationError` if a resource that it refers to does not exist.
    async fn create_group(&self, proof: &Proof, group: &NewAutoScalingGroup) -> Result<(), CloudError>;

    /// Sets all three sizes of a group (`autoscaling:UpdateAutoScalingGroup`). Instances are launched and terminated
    /// later.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted, or if the sizes contradict each other.
    async fn set_capacity(&self, proof: &Proof, group: &str, capacity: Capacity) -> Result<(), CloudError>;

    /// Enables collection of all metrics of the group, each minute (`autoscaling:EnableMetricsCollection`).
    ///
    /// # Errors
    /// If the group does not exist.
    async fn enable_metrics(&self, proof: &Proof, group: &str) -> Result<(), CloudError>;

    /// Creates the scaling policy, or replaces the one with its name, and returns its ARN
    /// (`autoscaling:PutScalingPolicy`).
    ///
    /// # Errors
    /// If the group does not exist.
    async fn put_scaling_policy(&self, proof: &Proof, policy: &NewScalingPolicy) -> Result<String, CloudError>;

    /// The names of the alarms that trigger the group's scaling policies (`autoscaling:DescribePolicies`, every page).
    ///
    /// # Errors
    /// [`CloudError`] from Auto Scaling.
    async fn policy_alarms(&self, group: &str) -> Result<Vec<String>, CloudError>;

    /// Detaches classic load balancers (`autoscaling:DetachLoadBalancers`, at most 10 a request). The instances
    /// drain first; see [`AutoScaling::attachments`]. An attachment that is already draining continues to drain.
    ///
    /// # Errors
    /// If the group does not exist or is being deleted, or
    /// (`ValidationError`) if one of them is not attached: pass only names from [`AutoScalingGroup::load_balancers`].
    async fn detach_load_balancers(&self, proof: &Proof, group: &str, names: &[String]) -> Result<(), CloudError>;

    /// Detaches target groups (`autoscaling:DetachLoadBalancerTargetGroups`, at most 10 a request), as
    /// [`AutoScaling::detach_load_balancers`] does.
    ///
    /// # Errors
    /// As [`AutoScaling::detach_load_balancers`]: pass only ARNs from [`AutoScalingGroup::target_group_arns`].
    async fn detach_target_groups(&self, proof: &Proof, group: &str, arns: &[String]) -> Result<(), CloudError>;

    /// The attachments of the group and their states (`autoscaling:DescribeLoadBalancers` and
    /// `autoscaling:DescribeLoadBalancerTargetGroups` at the same time, every page).
    ///
    /// # Errors
    /// If the group does not exist.
    async fn attachments(&self, group: &str) -> Result<Attachments, CloudError>;

    /// Deletes a group with its instances, policies and hooks (`autoscaling:DeleteAutoScalingGroup` with
    /// `ForceDelete`). The group is listed with a `status` until its last instance is terminated.
    ///
    /// # Errors
    /// If the group does not exist, or (`ScalingActivityInProgress`, `ResourceInUse`) it cannot be deleted now.
    async fn delete_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;

    /// Deletes the launch configuration that Go Odin created for a group
    /// (`autoscaling:DeleteLaunchConfiguration`).
    ///
    /// # Errors
    /// If it does not exist, or (`ResourceInUse`) a group still uses it.
    async fn delete_launch_configuration(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}

/// On which side of its threshold an alarm fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `GreaterThanThreshold`.
    GreaterThanThreshold,
    /// `LessThanThreshold`.
    LessThanThreshold,
}

/// An alarm on the average `AWS/EC2 CPUUtilization` of an auto-scaling group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAlarm {
    /// Its name, 1 to 255 characters.
    pub name: String,
    /// The group whose instances are measured.
    pub group_name: String,
    /// On which side of the threshold it fires.
    pub comparison: Comparison,
    /// CPU utilization in percent.
    pub threshold: f64,
    /// Seconds over which each average is taken: 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// How many consecutive averages must breach the threshold.
    pub evaluation_periods: u32,
    /// The scaling policy that it triggers.
    pub policy_arn: String,
}

/// CloudWatch alarms.
#[async_trait]
pub trait Alarms: Send + Sync {
    /// Creates the alarm, or replaces the one with its name (`cloudwatch:PutMetricAlarm`).
    ///
    /// # Errors
    /// [`CloudError`] from CloudWatch.
    async fn put(&self, proof: &Proof, alarm: &NewAlarm) -> Result<(), CloudError>;

    /// The names of all alarms whose name begins with `prefix` (`cloudwatch:DescribeAlarms`, every page).
    ///
    /// # Errors
    /// [`CloudError`] from CloudWatch.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError>;

    /// Deletes alarms (`cloudwatch:DeleteAlarms`, at most 100 a request). Names that do not exist are ignored.
    ///
    /// # Errors
    /// [`CloudError`] from CloudWatch.
    async fn delete(&self, proof: &Proof, names: &[String]) -> Result<(), CloudError>;
}
