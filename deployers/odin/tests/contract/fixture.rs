//! The account and region of a test.

use bifrost::lifecycle::Proof;
use bifrost::testing::PortContract;
use odin::cloud::{Capacity, HealthCheckType, NewAutoScalingGroup, NewLaunchTemplate, OdinPorts, Tags};
use std::collections::BTreeMap;
use std::ops::Deref;

pub const PROJECT: (&str, &str) = ("ProjectName", "coinbase/deploy-test");
pub const REGION: &str = "us-east-1";
/// Name of the group that tests create, and of its launch template.
pub const GROUP: &str = "coinbase/deploy-test-development-web";

/// An account and region with what every group needs:
///
/// - an image with the tag `Name=ubuntu`, whose instances become healthy; a subnet `private_a`; a security group `web`
/// - a target group `ip-tg` of type `ip`
/// - a classic load balancer `web-elb` and a target group `web-tg`, with `ServiceName=web`; the latter drains for 30 s
///   and has a slow start of 60 s
/// - an instance profile `web` with path `/odin/`, a role `hooks`, a topic `hooks`
/// - an alarm `errors` that fires
/// - a group `old` without instances, with the launch configuration `old`, as Go Odin creates it
pub struct RegionFixture {
    cloud: PortContract<OdinPorts, Resources>,
    pub account: String,
}

/// The ids of these resources, which AWS generates.
pub struct Resources {
    pub image: String,
    pub subnet: String,
    pub security_group: String,
    /// The descriptions of alarms by name; not all of them if there are many. Odin itself never lists alarms.
    pub alarms: Box<dyn Fn() -> BTreeMap<String, String>>,
}

impl From<PortContract<OdinPorts, Resources>> for RegionFixture {
    fn from(cloud: PortContract<OdinPorts, Resources>) -> Self {
        Self { account: cloud.account.to_string(), cloud }
    }
}

impl Deref for RegionFixture {
    type Target = PortContract<OdinPorts, Resources>;

    fn deref(&self) -> &Self::Target {
        &self.cloud
    }
}

impl RegionFixture {
    /// Waits until the condition holds; `what` describes it if the wait times out.
    pub async fn wait_until(&self, what: &str, holds: impl AsyncFn(&OdinPorts) -> bool) {
        self.until(what, async |ports| holds(ports).await.then_some(())).await;
    }

    pub fn template(&self) -> NewLaunchTemplate {
        NewLaunchTemplate {
            name: GROUP.into(),
            client_token: "token".into(),
            image_id: self.seeded.image.clone(),
            instance_type: "t3.small".into(),
            security_group_ids: vec![self.seeded.security_group.clone()],
            instance_profile_arn: Some(format!("arn:aws:iam::{}:instance-profile/odin/web", self.account)),
            user_data: "#!/bin/sh".into(),
            tags: tags(&[PROJECT]),
            ..NewLaunchTemplate::default()
        }
    }

    /// A group without balancers and target groups.
    pub fn group(&self, capacity: Capacity) -> NewAutoScalingGroup {
        NewAutoScalingGroup {
            name: GROUP.into(),
            launch_template: GROUP.into(),
            capacity,
            subnet_ids: vec![self.seeded.subnet.clone()],
            load_balancers: Vec::new(),
            target_group_arns: Vec::new(),
            health_check_type: HealthCheckType::Ec2,
            health_check_grace_period_seconds: 100,
            default_cooldown_seconds: 300,
            termination_policies: vec!["ClosestToNextInstanceHour".into()],
            lifecycle_hooks: Vec::new(),
            tags: tags(&[PROJECT, ("ConfigName", "development")]),
        }
    }

    /// Creates the group and its launch template.
    pub async fn create(&self, group: &NewAutoScalingGroup) {
        self.ports.templates.create_launch_template(&proof(), &self.template()).await.unwrap();
        self.ports.groups.create_group(&proof(), group).await.unwrap();
    }

    /// ARN of the target group `web-tg`.
    pub async fn target_group(&self) -> String {
        self.ports.target_groups.target_group("web-tg").await.unwrap().unwrap().arn
    }

    /// Ids of the instances of the group that are in service and healthy.
    pub async fn in_service(&self) -> Vec<String> {
        let group = self.ports.groups.group(GROUP).await.unwrap();
        let instances = group.into_iter().flat_map(|group| group.instances);
        let healthy =
            instances.filter(|found| found.lifecycle_state == "InService" && found.health_status == "Healthy");
        healthy.map(|instance| instance.id).collect()
    }
}

/// Ports are tested without an execution, so nothing proves that one may change something.
pub fn proof() -> Proof {
    Proof::unchecked_for_tests()
}

pub fn capacity(min_size: u32, desired: u32, max_size: u32) -> Capacity {
    Capacity { min_size, desired, max_size }
}

pub fn tags(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
