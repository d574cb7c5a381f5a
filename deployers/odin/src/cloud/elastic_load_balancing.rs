//! Elastic Load Balancing: classic load balancers, and target groups of application and network load balancers.

use super::Tags;
use bifrost::cloud::{CloudError, found};
use std::collections::BTreeMap;
use tokio::join;

/// A classic load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Tags,
}

/// The state of an instance, as a balancer reports it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceHealth {
    /// Of a classic load balancer: `InService`, `OutOfService` or `Unknown`. Of a target group: `initial`, `healthy`, `unhealthy`,
    /// `unused`, `draining` or `unavailable`.
    pub state: String,
    /// A code of what is wrong: `ELB` or `Instance` of a classic load balancer, such as `Target.Timeout` of a target group.
    pub reason: Option<String>,
    /// What is wrong, such as `Health checks failed with these codes: [502]`.
    pub description: Option<String>,
}

/// Classic load balancers.
#[bifrost::port]
pub trait ClassicBalancers {
    /// The tags of the load balancer.
    ///
    /// # Errors
    /// `LoadBalancerNotFound` if it does not exist.
    #[call("elasticloadbalancing:DescribeTags", name)]
    async fn tags(&self, name: &str) -> Result<Tags, CloudError>;

    /// The load balancer of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// As [`tags`](Self::tags), except `LoadBalancerNotFound`.
    async fn load_balancer(&self, name: &str) -> Result<Option<LoadBalancer>, CloudError> {
        let tags = found(self.tags(name).await)?;
        Ok(tags.map(|tags| LoadBalancer { name: name.to_owned(), tags }))
    }

    /// The state of each registered instance by its id. The result contains only registered instances.
    ///
    /// # Errors
    /// `LoadBalancerNotFound` if the load balancer does not exist.
    #[call("elasticloadbalancing:DescribeInstanceHealth", name)]
    async fn instance_health(&self, name: &str) -> Result<BTreeMap<String, InstanceHealth>, CloudError>;
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What its targets are: `instance`, `ip`, `lambda` or `alb`. An auto-scaling group can register only instances.
    pub target_type: String,
    /// Its tags.
    pub tags: Tags,
    /// Seconds over which the traffic to a new target increases to its full share; 0 disables slow start.
    pub slow_start_seconds: u32,
}

/// Target groups.
#[bifrost::port]
pub trait TargetGroups {
    /// ARN and target type of the target group of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from Elastic Load Balancing, except `TargetGroupNotFound`.
    #[call("elasticloadbalancing:DescribeTargetGroups", name)]
    async fn arn_and_type(&self, name: &str) -> Result<Option<(String, String)>, CloudError>;

    /// The tags of the target group.
    ///
    /// # Errors
    /// `TargetGroupNotFound` if it does not exist.
    #[call("elasticloadbalancing:DescribeTags", name)]
    async fn tags(&self, name: &str, arn: &str) -> Result<Tags, CloudError>;

    /// Seconds over which the traffic to a new target increases to its full share; 0 if slow start is disabled.
    ///
    /// # Errors
    /// `TargetGroupNotFound` if the target group does not exist.
    #[call("elasticloadbalancing:DescribeTargetGroupAttributes", arn)]
    async fn slow_start_seconds(&self, arn: &str) -> Result<u32, CloudError>;

    /// The target group of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// As [`arn_and_type`](Self::arn_and_type).
    async fn target_group(&self, name: &str) -> Result<Option<TargetGroup>, CloudError> {
        let Some((arn, target_type)) = self.arn_and_type(name).await? else { return Ok(None) };
        let (tags, slow_start) = join!(self.tags(name, &arn), self.slow_start_seconds(&arn));
        let (Some(tags), Some(slow_start_seconds)) = (found(tags)?, found(slow_start)?) else { return Ok(None) };
        Ok(Some(TargetGroup { arn, name: name.to_owned(), target_type, tags, slow_start_seconds }))
    }

    /// The state of each registered target by its instance's id. The result contains only registered instances. An instance with
    /// several ports has the state of the first port that is not `healthy`.
    ///
    /// # Errors
    /// `TargetGroupNotFound` if the target group does not exist.
    #[call("elasticloadbalancing:DescribeTargetHealth", arn)]
    async fn target_health(&self, arn: &str) -> Result<BTreeMap<String, InstanceHealth>, CloudError>;
}
