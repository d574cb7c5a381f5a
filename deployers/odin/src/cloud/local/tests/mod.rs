//! The local cloud through Odin's ports.

mod cloud_file;
mod detaching;
mod equivalence;
mod launches;
mod lifecycles;
mod new_groups;
mod services;

use super::{OdinAccount, OdinRegion, ports};
use crate::cloud::{Capacity, HealthCheckType, LifecycleHook, NewAutoScalingGroup, NewLaunchTemplate, OdinPorts, Tags};
use bifrost::cloud::CloudError;
use bifrost::json;
use bifrost::lifecycle::Proof;
use bifrost::local::{Account, LocalSession, LocalState, Resources, Store};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";
const GROUP: &str = "coinbase/deploy-test-development-web";

/// Ports are tested without an execution, so nothing proves that one may change something.
fn proof() -> Proof {
    Proof::unchecked_for_tests()
}

/// A local cloud with one account and region, and the ports into it.
struct PortsFixture {
    store: Arc<Store<OdinAccount>>,
    ports: OdinPorts,
}

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).unwrap()
}

/// What every group needs: an image that boots in 20 s and is healthy 10 s later, a subnet, a security group, a classic
/// load balancer that drains for 15 s, a target group that drains for 30 s, a profile, a hook's role and topic.
fn sample_resources() -> Value {
    json!({
        "iam": {
            "instance_profiles": {"web": {"path": "/odin/"}},
            "roles": {"hooks": {}},
        },
        "regions": {REGION: {
            "images": {"ami-1": {
                "tags": {"Name": "ubuntu"},
                "instances": {"boots_after_seconds": 20, "health": {"after_seconds": 10}, "stops_after_seconds": 5},
            }},
            "subnets": {"subnet-a": {"tags": {"Name": "private_a"}}},
            "security_groups": {"sg-1": {"tags": {"Name": "web"}}},
            "load_balancers": {"web-elb": {"connection_draining_seconds": 15}},
            "target_groups": {"web-tg": {"deregistration_delay_seconds": 30, "slow_start_seconds": 60}},
            "topics": {"hooks": {"completes_after_seconds": 7}, "unanswered": {}},
        }},
    })
}

impl PortsFixture {
    fn of(resources: &Value) -> Self {
        let resources: OdinAccount = json::read(resources).unwrap();
        let account = Account { resources, ..Account::default() };
        let state = LocalState {
            clock: at(0),
            deployer_account: ACCOUNT.parse().unwrap(),
            deployer_region: REGION.parse().unwrap(),
            accounts: BTreeMap::from([(ACCOUNT.parse().unwrap(), account.into())]),
            audit: BTreeMap::new(),
            faults: Vec::new(),
            ids: 0,
        };
        let store = Store::in_memory(state);
        let session = LocalSession::new(Arc::clone(&store), ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
        Self { store, ports: ports(session) }
    }

    /// The sample resources with a launch template for [`GROUP`].
    async fn with_template() -> Self {
        Self::of(&sample_resources()).add_template().await
    }

    async fn add_template(self) -> Self {
        self.ports.templates.create_launch_template(&proof(), &template()).await.unwrap();
        self
    }

    /// The sample resources with [`GROUP`], at second 60.
    async fn with_group(capacity: Capacity) -> Self {
        let fixture = Self::with_template().await;
        fixture.ports.groups.create_group(&proof(), &group(capacity)).await.unwrap();
        fixture.advance_to(60);
        fixture
    }

    /// Advances the clock to that second.
    fn advance_to(&self, second: i64) {
        let advance = |state: &mut LocalState<OdinAccount>| {
            state.clock = at(second);
            state.accounts.values_mut().for_each(|account| account.resources.advance(at(second)));
        };
        self.store.transact(advance).unwrap();
    }

    /// Changes the resources, as another user might.
    fn change(&self, change: impl FnOnce(&mut OdinRegion)) {
        let change = |state: &mut LocalState<OdinAccount>| {
            let account = state.accounts.get_mut(&ACCOUNT.parse().unwrap()).unwrap();
            change(account.resources.regions.of_mut(&REGION.parse().unwrap()));
            account.resources.advance(state.clock);
        };
        self.store.transact(change).unwrap();
    }

    fn region(&self) -> OdinRegion {
        let account = |state: &LocalState<OdinAccount>| state.accounts.values().next().unwrap().resources.clone();
        self.store.read(account).unwrap().regions.of(&REGION.parse().unwrap()).clone()
    }

    /// The lifecycle states of the group's instances, oldest first.
    async fn states(&self) -> Vec<String> {
        let group = self.ports.groups.group(GROUP).await.unwrap();
        group.map_or_else(Vec::new, |group| group.instances.into_iter().map(|found| found.lifecycle_state).collect())
    }

    /// ARN of the target group `web-tg`.
    async fn target_group(&self) -> String {
        self.ports.target_groups.target_group("web-tg").await.unwrap().unwrap().arn
    }
}

fn capacity(min_size: u32, desired: u32, max_size: u32) -> Capacity {
    Capacity { min_size, desired, max_size }
}

fn template() -> NewLaunchTemplate {
    NewLaunchTemplate {
        name: GROUP.into(),
        client_token: "token".into(),
        image_id: "ami-1".into(),
        instance_type: "t3.small".into(),
        security_group_ids: vec!["sg-1".into()],
        instance_profile_arn: Some(format!("arn:aws:iam::{ACCOUNT}:instance-profile/odin/web")),
        user_data: "#!/bin/sh".into(),
        tags: tags(&[("ProjectName", "coinbase/deploy-test")]),
        ..NewLaunchTemplate::default()
    }
}

fn group(capacity: Capacity) -> NewAutoScalingGroup {
    NewAutoScalingGroup {
        name: GROUP.into(),
        launch_template: GROUP.into(),
        capacity,
        subnet_ids: vec!["subnet-a".into()],
        load_balancers: vec!["web-elb".into()],
        target_group_arns: Vec::new(),
        health_check_type: HealthCheckType::Elb,
        health_check_grace_period_seconds: 100,
        default_cooldown_seconds: 300,
        termination_policies: vec!["ClosestToNextInstanceHour".into()],
        lifecycle_hooks: Vec::new(),
        tags: tags(&[("ProjectName", "coinbase/deploy-test")]),
    }
}

fn hook(transition: &str, topic: &str) -> LifecycleHook {
    LifecycleHook {
        name: "hook".into(),
        transition: transition.into(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/hooks"),
        notification_target_arn: format!("arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"),
        heartbeat_timeout_seconds: Some(40),
    }
}

fn tags(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn code<T: std::fmt::Debug>(answer: Result<T, CloudError>) -> String {
    answer.unwrap_err().code
}
