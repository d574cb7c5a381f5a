//! The local cloud, in memory and with virtual time.

use super::fixture::{REGION, Resources};
use bifrost::local::LocalState;
use bifrost::testing::LocalContract;
use odin::Odin;
use odin::cloud::local::{OdinAccount, OdinRegion};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

fn resources() -> Value {
    json!({
        "iam": {"instance_profiles": {"web": {"path": "/odin/"}}, "roles": {"hooks": {}}},
        "regions": {REGION: {
            "images": {"ami-1": {"tags": {"Name": "ubuntu"}, "architecture": "x86_64"}},
            "instance_types": {"t3.small": {"architectures": ["x86_64"], "zones": ["us-east-1a", "us-east-1b"]}},
            "subnets": {"subnet-1": {"tags": {"Name": "private_a"}, "availability_zone": "us-east-1a"}},
            "security_groups": {"sg-1": {"tags": {"Name": "web"}}},
            "load_balancers": {"web-elb": {"tags": {"ServiceName": "web"}}},
            "target_groups": {"web-tg": {
                "tags": {"ServiceName": "web"},
                "deregistration_delay_seconds": 30,
                "slow_start_seconds": 60,
            }, "ip-tg": {"target_type": "ip"}},
            "topics": {"hooks": {}},
            "alarms_of_others": {"errors": {"fires_at": "1970-01-01T00:00:00Z"}},
            "launch_configurations": {"old": {}},
            "auto_scaling_groups": {"old": {"launch_configuration": "old", "subnet_ids": ["subnet-1"]}},
        }},
    })
}

/// Creates the resources of a [`RegionFixture`](super::fixture::RegionFixture).
pub fn seed(cloud: &LocalContract<Odin>) -> Resources {
    cloud.seed(&resources()).unwrap();
    let store = Arc::clone(cloud.store());
    Resources {
        image: "ami-1".into(),
        subnet: "subnet-1".into(),
        security_group: "sg-1".into(),
        alarms: Box::new(move || store.read(alarms).unwrap()),
    }
}

fn regions(state: &LocalState<OdinAccount>) -> impl Iterator<Item = &OdinRegion> {
    state.accounts.values().map(|account| account.resources.regions.of(&REGION.parse().unwrap()))
}

fn alarms(state: &LocalState<OdinAccount>) -> BTreeMap<String, String> {
    let alarms = regions(state).flat_map(|region| region.alarms.values());
    alarms.map(|alarm| (alarm.name.clone(), alarm.description.clone())).collect()
}
