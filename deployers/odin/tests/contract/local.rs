//! The local cloud, in memory and with virtual time.

use super::fixture::{REGION, RegionFixture};
use bifrost::json;
use bifrost::local::{Account, LocalSession, LocalState, Resources, Store};
use chrono::{DateTime, TimeDelta};
use odin::cloud::local::{OdinAccount, ports};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ACCOUNT: &str = "222222222222";

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

/// A new local cloud for one test.
pub fn fixture() -> RegionFixture {
    let resources: OdinAccount = json::read(&resources()).unwrap();
    let state = LocalState {
        clock: DateTime::UNIX_EPOCH,
        deployer_account: ACCOUNT.parse().unwrap(),
        deployer_region: REGION.parse().unwrap(),
        accounts: BTreeMap::from([(ACCOUNT.parse().unwrap(), Account { resources, ..Account::default() }.into())]),
        audit: BTreeMap::new(),
        faults: Vec::new(),
        ids: 0,
    };
    let store = Store::in_memory(state);
    let session = LocalSession::new(Arc::clone(&store), ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    let seen = Arc::clone(&store);
    RegionFixture {
        ports: ports(session),
        account: ACCOUNT.into(),
        image: "ami-1".into(),
        subnet: "subnet-1".into(),
        security_group: "sg-1".into(),
        alarms: Box::new(move || seen.read(alarms).unwrap()),
        advance: Box::new(move || store.transact(advance_clock).unwrap()),
    }
}

fn alarms(state: &LocalState<OdinAccount>) -> Vec<String> {
    let accounts = state.accounts.values();
    let regions = accounts.map(|account| account.resources.regions.of(&REGION.parse().unwrap()));
    regions.flat_map(|region| region.alarms.keys().cloned()).collect()
}

/// Advances the clock, and applies the changes that are due.
fn advance_clock(state: &mut LocalState<OdinAccount>) {
    state.clock += TimeDelta::seconds(5);
    state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
}
