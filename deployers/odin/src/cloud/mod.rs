//! The ports to AWS that Odin needs in a target account. They use AWS's terms and plain types.
//!
//! Handlers use only these traits. `#[bifrost::port]` declares for each what AWS (module `aws`) and the local cloud (module
//! `local`) must write. The attributes name the AWS operations. The methods hide paging.
//!
//! A method that changes something takes a [`Proof`](bifrost::lifecycle::Proof) that this attempt may change it now: the root
//! lock is its execution's, or, in a task that cleans up, the resource is its release's.

mod alarms;
mod auto_scaling;
#[cfg(feature = "lambda")]
pub mod aws;
mod compute;
mod elastic_load_balancing;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
mod lookups;
mod templates;
mod user_data;
pub mod volumes;

// With each port, the trait of each cloud.
pub use alarms::*;
pub use auto_scaling::*;
pub use compute::*;
pub use elastic_load_balancing::*;
pub use lookups::*;
pub use templates::*;
pub use user_data::{InvalidUserData, UserData};

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
