//! Classic load balancers.

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
