//! Elastic Load Balancing: classic load balancers, and target groups of application and network load balancers.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use std::collections::BTreeMap;

/// A classic load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
}

/// Classic load balancers.
#[async_trait]
pub trait ClassicBalancers: Send + Sync {
    /// The load balancer of that name, or `None` if it does not exist (`elasticloadbalancing:DescribeLoadBalancers`,
    /// `elasticloadbalancing:DescribeTags`).
    ///
    /// # Errors
    /// [`CloudError`] from Elastic Load Balancing, except `LoadBalancerNotFound`.
    async fn load_balancer(&self, name: &str) -> Result<Option<LoadBalancer>, CloudError>;

    /// The state of each registered instance by its id: `InService`, `OutOfService` or `Unknown`
    /// (`elasticloadbalancing:DescribeInstanceHealth`). The result contains only registered instances.
    ///
    /// # Errors
    /// `LoadBalancerNotFound` if the load balancer does not exist.
    async fn instance_health(&self, name: &str) -> Result<BTreeMap<String, String>, CloudError>;
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
    /// Seconds over which the traffic to a new target increases to its full share; 0 disables slow start.
    pub slow_start_seconds: u32,
}

/// Target groups.
#[async_trait]
pub trait TargetGroups: Send + Sync {
    /// The target group of that name, or `None` if it does not exist (`elasticloadbalancing:DescribeTargetGroups`;
    /// then, at the same time,
    /// `elasticloadbalancing:DescribeTags` and `elasticloadbalancing:DescribeTargetGroupAttributes`).
    ///
    /// # Errors
    /// [`CloudError`] from Elastic Load Balancing, except `TargetGroupNotFound`.
    async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, CloudError>;

    /// The state of each registered target by its instance's id: `initial`, `healthy`, `unhealthy`, `unused`,
    /// `draining`, `unavailable` (`elasticloadbalancing:DescribeTargetHealth`). The result contains only
    /// registered instances. An instance with several ports has the state of the first port that is not `healthy`.
    ///
    /// # Errors
    /// `TargetGroupNotFound` if the target group does not exist.
    async fn target_health(&self, arn: &str) -> Result<BTreeMap<String, String>, CloudError>;
}
