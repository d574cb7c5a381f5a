//! EC2 Auto Scaling: groups, their instances, what they are attached to, scaling policies, and the CloudWatch alarms that
//! trigger these.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An auto-scaling group as `DescribeAutoScalingGroups` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoScalingGroup {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created_time: DateTime<Utc>,
    /// Its tags.
    pub tags: Tags,
    /// How many instances it must, should and may have.
    pub capacity: Capacity,
    /// `Delete in progress`, while it is being deleted; else none.
    pub status: Option<String>,
    /// The name of its launch template; none if it has a launch configuration.
    pub launch_template: Option<String>,
    /// The name of its launch configuration, as the groups of the original Odin have.
    pub launch_configuration: Option<String>,
    /// Names of the classic load balancers that it is attached to and not being detached from.
    pub load_balancers: Vec<String>,
    /// ARNs of the target groups that it is attached to and not being detached from.
    pub target_group_arns: Vec<String>,
    /// Its instances, those that terminate included, in an order that AWS does not promise.
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
    /// `Pending`, `Pending:Wait`, `Pending:Proceed`, `InService`, `Terminating`, `Terminating:Wait`, `Terminating:Proceed`, …
    pub lifecycle_state: String,
    /// `Healthy` or `Unhealthy`.
    pub health_status: String,
}

/// Who says that an instance of a group is healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HealthCheckType {
    /// EC2's own status checks.
    #[default]
    Ec2,
    /// The load balancers and target groups, too.
    Elb,
}

/// A lifecycle hook: an instance waits in a transition until a subscriber of the topic lets it go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifecycleHook {
    /// Its name, unique in the group.
    pub name: String,
    /// `autoscaling:EC2_INSTANCE_LAUNCHING` or `autoscaling:EC2_INSTANCE_TERMINATING`.
    pub transition: String,
    /// Role with which Auto Scaling publishes to the topic.
    pub role_arn: String,
    /// The topic.
    pub notification_target_arn: String,
    /// Seconds until the instance goes on by itself, if nobody lets it: 30 to 7200; 3600 if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout_seconds: Option<u32>,
}

/// What an auto-scaling group is made of. Tags are propagated to instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAutoScalingGroup {
    /// Its name, 1 to 255 characters without a colon.
    pub name: String,
    /// Name of its launch template, whose latest version it launches.
    pub launch_template: String,
    /// Its first sizes.
    pub capacity: Capacity,
    /// Ids of the subnets that its instances are spread over.
    pub subnet_ids: Vec<String>,
    /// Names of classic load balancers.
    pub load_balancers: Vec<String>,
    /// ARNs of target groups.
    pub target_group_arns: Vec<String>,
    /// Who says that an instance is healthy.
    pub health_check_type: HealthCheckType,
    /// Seconds after coming into service during which an instance that fails its health check is kept.
    pub health_check_grace_period_seconds: u32,
    /// Seconds between two simple scalings.
    pub default_cooldown_seconds: u32,
    /// Which instance goes first when the group shrinks, such as `ClosestToNextInstanceHour`.
    pub termination_policies: Vec<String>,
    /// Hooks that hold from the first instance on.
    pub lifecycle_hooks: Vec<LifecycleHook>,
    /// Tags of the group and of its instances.
    pub tags: Tags,
}

/// A simple scaling policy that adds instances to the desired capacity, or takes some away (`ChangeInCapacity`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewScalingPolicy {
    /// Its name, unique in the group.
    pub name: String,
    /// The group.
    pub group_name: String,
    /// How many instances are added; fewer than 0 are taken away.
    pub scaling_adjustment: i32,
    /// Seconds until the next scaling.
    pub cooldown_seconds: u32,
}

/// What a group is attached to, each with its state: `Adding`, `Added`, `InService`, `Removing` (its instances drain)
/// or `Removed`. What is detached and drained is not listed for long.
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
    /// All groups that carry all these tags, in the order of their names, those that are being deleted included
    /// (`autoscaling:DescribeAutoScalingGroups` with `tag:` filters, every page).
    ///
    /// # Errors
    /// Whatever Auto Scaling answers.
    async fn groups(&self, tags: &[(&str, &str)]) -> Result<Vec<AutoScalingGroup>, CloudError>;

    /// The group of that name; `None` if there is none (`autoscaling:DescribeAutoScalingGroups`).
    ///
    /// # Errors
    /// Whatever Auto Scaling answers.
    async fn group(&self, name: &str) -> Result<Option<AutoScalingGroup>, CloudError>;

    /// Makes a group (`autoscaling:CreateAutoScalingGroup`). Its instances come later.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) if there is a group of that name, also one that is
    /// being deleted; `ValidationError` if something that it names does not exist.
    async fn create_group(&self, group: &NewAutoScalingGroup) -> Result<(), CloudError>;

    /// Sets all three sizes of a group (`autoscaling:UpdateAutoScalingGroup`). Instances come and go later.
    ///
    /// # Errors
    /// If there is no such group, or it is being deleted, or the sizes contradict each other.
    async fn set_capacity(&self, group: &str, capacity: Capacity) -> Result<(), CloudError>;

    /// Has all the group's metrics collected each minute (`autoscaling:EnableMetricsCollection`).
    ///
    /// # Errors
    /// If there is no such group.
    async fn enable_metrics(&self, group: &str) -> Result<(), CloudError>;

    /// Makes the scaling policy, or replaces the one of its name, and answers its ARN
    /// (`autoscaling:PutScalingPolicy`).
    ///
    /// # Errors
    /// If there is no such group.
    async fn put_scaling_policy(&self, policy: &NewScalingPolicy) -> Result<String, CloudError>;

    /// The names of the alarms that trigger the group's scaling policies (`autoscaling:DescribePolicies`, every page).
    ///
    /// # Errors
    /// Whatever Auto Scaling answers.
    async fn policy_alarms(&self, group: &str) -> Result<Vec<String>, CloudError>;

    /// Detaches classic load balancers (`autoscaling:DetachLoadBalancers`, at most 10 a request). The instances
    /// drain first; see [`AutoScaling::attachments`]. One that drains already goes on doing so.
    ///
    /// # Errors
    /// If there is no such group, or it is being deleted, or (`ValidationError`) is not attached to one of them: name
    /// only what [`AutoScalingGroup::load_balancers`] lists.
    async fn detach_load_balancers(&self, group: &str, names: &[String]) -> Result<(), CloudError>;

    /// Detaches target groups (`autoscaling:DetachLoadBalancerTargetGroups`, at most 10 a request), as
    /// [`AutoScaling::detach_load_balancers`] does.
    ///
    /// # Errors
    /// As [`AutoScaling::detach_load_balancers`]; [`AutoScalingGroup::target_group_arns`] lists what may be named.
    async fn detach_target_groups(&self, group: &str, arns: &[String]) -> Result<(), CloudError>;

    /// What the group is attached to, and how far that is (`autoscaling:DescribeLoadBalancers` and
    /// `autoscaling:DescribeLoadBalancerTargetGroups` at the same time, every page).
    ///
    /// # Errors
    /// If there is no such group.
    async fn attachments(&self, group: &str) -> Result<Attachments, CloudError>;

    /// Deletes a group with its instances, policies and hooks (`autoscaling:DeleteAutoScalingGroup` with
    /// `ForceDelete`). It stays with a `status` until its last instance has gone.
    ///
    /// # Errors
    /// If there is no such group, or (`ScalingActivityInProgress`, `ResourceInUse`) it cannot be deleted now.
    async fn delete_group(&self, name: &str) -> Result<(), CloudError>;

    /// Deletes the launch configuration that the original Odin made for a group
    /// (`autoscaling:DeleteLaunchConfiguration`).
    ///
    /// # Errors
    /// If there is none of that name, or (`ResourceInUse`) a group still uses it.
    async fn delete_launch_configuration(&self, name: &str) -> Result<(), CloudError>;
}

/// On which side of its threshold an alarm goes off.
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
    /// On which side of the threshold it goes off.
    pub comparison: Comparison,
    /// Percent of CPU.
    pub threshold: f64,
    /// Seconds that each average is taken over: 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// How many averages in a row it takes.
    pub evaluation_periods: u32,
    /// The scaling policy that it triggers.
    pub policy_arn: String,
}

/// CloudWatch alarms.
#[async_trait]
pub trait Alarms: Send + Sync {
    /// Makes the alarm, or replaces the one of its name (`cloudwatch:PutMetricAlarm`).
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn put(&self, alarm: &NewAlarm) -> Result<(), CloudError>;

    /// The names of all alarms whose name begins with `prefix` (`cloudwatch:DescribeAlarms`, every page).
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn names(&self, prefix: &str) -> Result<Vec<String>, CloudError>;

    /// Deletes alarms (`cloudwatch:DeleteAlarms`, at most 100 a request). One that is not there is gone already.
    ///
    /// # Errors
    /// Whatever CloudWatch answers.
    async fn delete(&self, names: &[String]) -> Result<(), CloudError>;
}
