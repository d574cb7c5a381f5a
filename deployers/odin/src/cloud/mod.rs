//! What Odin needs of AWS in a target account: small ports in AWS's words, with plain types.
//!
//! Handlers see these traits and nothing else of a cloud. Each has an adapter on the embedded world. Each method says
//! which AWS operations it is; where AWS pages or limits what one request may name, the method hides it.

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

/// Everything that Odin may do in one account and region, under the one role there.
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
