//! The local cloud, in memory and with virtual time.

use super::fixture::{REGION, Resources};
use bifrost::local::LocalState;
use bifrost::testing::LocalContract;
use odin::Odin;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};
use std::sync::Arc;

fn resources() -> Value {
    json!({
        "iam": {"instance_profiles": {"web": {"path": "/odin/"}}, "roles": {"hooks": {}}},
        "regions": {REGION: {
            "images": {"ami-1": {"tags": {"Name": "ubuntu"}}},
            "subnets": {"subnet-1": {"tags": {"Name": "private_a"}}},
            "security_groups": {"sg-1": {"tags": {"Name": "web"}}},
            "load_balancers": {"web-elb": {"tags": {"ServiceName": "web"}}},
            "target_groups": {"web-tg": {
                "tags": {"ServiceName": "web"},
                "deregistration_delay_seconds": 30,
                "slow_start_seconds": 60,
            }},
            "topics": {"hooks": {}},
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

fn alarms(state: &LocalState<OdinAccount>) -> Vec<String> {
    let accounts = state.accounts.values();
    let regions = accounts.map(|account| account.resources.regions.of(&REGION.parse().unwrap()));
    regions.flat_map(|region| region.alarms.keys().cloned()).collect()
}
