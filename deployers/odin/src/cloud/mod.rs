//! The ports to AWS that Odin needs in a target account. They use AWS's terms and plain types.
//!
//! Handlers use only these traits. Each trait has an adapter for AWS and one for the local cloud. The documentation of
//! each method names its AWS operations. The methods hide paging and AWS's limits on the size of a request.
//!
//! A method that changes something takes a [`Proof`](bifrost::lifecycle::Proof) that this attempt may change it now: the root
//! lock is its execution's, or, in a task that cleans up, the resource is its release's.

mod auto_scaling;
#[cfg(feature = "lambda")]
pub mod aws;
mod compute;
mod elastic_load_balancing;
#[cfg(feature = "local")]
pub mod local;
mod lookups;
mod templates;

pub use auto_scaling::{
    Alarms, Attachments, AutoScaling, AutoScalingGroup, Capacity, Comparison, HealthCheckType, Instance, LifecycleHook,
    NewAlarm, NewAutoScalingGroup, NewScalingPolicy,
};
pub use compute::{Compute, Filter, Image, NewPlacementGroup, PlacementGroup, SecurityGroup, Subnet};
pub use elastic_load_balancing::{ClassicBalancers, LoadBalancer, TargetGroup, TargetGroups};
pub use lookups::{Iam, InstanceProfile, Role, Topics};
pub use templates::{EbsVolume, LaunchTemplate, LaunchTemplates, NewLaunchTemplate};

use std::collections::BTreeMap;
use std::sync::Arc;

/// Tags of a resource: values by key.
pub type Tags = BTreeMap<String, String>;

/// All ports into one account and region, used with the one role that Odin assumes there.
#[derive(Clone)]
pub struct OdinPorts {
    /// EC2 Auto Scaling.
    pub groups: Arc<dyn AutoScaling>,
    /// EC2: images, subnets, security groups, placement groups.
    pub compute: Arc<dyn Compute>,
    /// EC2: launch templates.
    pub templates: Arc<dyn LaunchTemplates>,
    /// Classic load balancers.
    pub balancers: Arc<dyn ClassicBalancers>,
    /// Target groups of application and network load balancers.
    pub target_groups: Arc<dyn TargetGroups>,
    /// IAM.
    pub iam: Arc<dyn Iam>,
    /// SNS.
    pub topics: Arc<dyn Topics>,
    /// CloudWatch.
    pub alarms: Arc<dyn Alarms>,
}
