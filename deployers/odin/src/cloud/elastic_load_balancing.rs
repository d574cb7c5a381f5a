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
    /// The load balancer of that name; `None` if there is none (`elasticloadbalancing:DescribeLoadBalancers`,
    /// `elasticloadbalancing:DescribeTags`).
    ///
    /// # Errors
    /// Whatever Elastic Load Balancing answers, save `LoadBalancerNotFound`.
    async fn load_balancer(&self, name: &str) -> Result<Option<LoadBalancer>, CloudError>;

    /// The state of each registered instance by its id: `InService`, `OutOfService` or `Unknown`
    /// (`elasticloadbalancing:DescribeInstanceHealth`). An instance that is not registered is not there.
    ///
    /// # Errors
    /// `LoadBalancerNotFound` if there is no such load balancer.
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
    /// Seconds over which a new target gets its share of the traffic little by little; 0 for at once.
    pub slow_start_seconds: u32,
}

/// Target groups.
#[async_trait]
pub trait TargetGroups: Send + Sync {
    /// The target group of that name; `None` if there is none (`elasticloadbalancing:DescribeTargetGroups`; then, at the
    /// same time, `elasticloadbalancing:DescribeTags` and `elasticloadbalancing:DescribeTargetGroupAttributes`).
    ///
    /// # Errors
    /// Whatever Elastic Load Balancing answers, save `TargetGroupNotFound`.
    async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, CloudError>;

    /// The state of each registered target by its instance's id: `initial`, `healthy`, `unhealthy`, `unused`,
    /// `draining`, `unavailable` (`elasticloadbalancing:DescribeTargetHealth`). An instance that is not registered is
    /// not there; one that is registered with several ports has the state of the first that is not `healthy`.
    ///
    /// # Errors
    /// `TargetGroupNotFound` if there is no such target group.
    async fn target_health(&self, arn: &str) -> Result<BTreeMap<String, String>, CloudError>;
}
