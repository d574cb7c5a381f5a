//! The local cloud in which releases are deployed, and the sample release. Tests change both before they start.
//!
//! The state is the seed of the examples, with its resources in the deployer account and in a target account, so that a
//! call in the wrong account finds everything, too. A group of the config
//! `development-canary` exists, whose name starts like those of `development`; releases of `development` must not
//! change it.

use crate::fixture::Fixture;
use bifrost::local::LocalState;
use bifrost::release::Sha256;
use odin::cloud::local::OdinAccount;
use serde_json::{Map, Value, json};

/// The target account.
pub const TARGET: &str = "222222222222";
/// The deployer's own account.
pub const DEPLOYER: &str = "000000000000";
/// The only region.
pub const REGION: &str = "us-east-1";
/// The user data that is uploaded with each release.
pub const USER_DATA: &[u8] = include_bytes!("../../releases/deploy-test.json.userdata");
/// The image of the sample release.
pub const IMAGE: &str = "ami-0a1b2c3d4e5f60001";
/// A group of another config, which must not change.
const BYSTANDER: &str = "coinbase/deploy-test-development-canary-2026-02-01T00-00-00Z-web";

/// A seed and a release.
pub struct Scenario {
    state: Value,
    release: Value,
}

impl Scenario {
    /// The sample release, `web` behind two balancers and `worker`, in a local cloud without faults.
    pub fn sample() -> Self {
        let mut release: Value = serde_json::from_str(include_str!("../../releases/deploy-test.json")).unwrap();
        release["aws_account_id"] = json!(TARGET);
        release["user_data_sha256"] = json!(Sha256::of(USER_DATA));
        let mut state: Value = serde_json::from_str(include_str!("../../../../examples/clouds/odin.json")).unwrap();
        let own = &state["accounts"][DEPLOYER];
        let target = json!({"resources": own["resources"]});
        set(&mut state, &format!("/accounts/{TARGET}"), target);
        Self { state, release }.in_region("/auto_scaling_groups", json!({ BYSTANDER: bystander() })).in_region(
            "/launch_configurations/bystander",
            json!({"image_id": "ami-0a1b2c3d4e5f60005", "instance_type": "t2.nano"}),
        )
    }

    /// `worker` of the sample release alone: one instance, no balancer.
    pub fn worker() -> Self {
        let sample = Self::sample();
        let worker = sample.release["services"]["worker"].clone();
        sample.with("/services", json!({ "worker": worker }))
    }

    /// `web` of the sample release alone: 3 to 5 instances behind a load balancer and a target group.
    pub fn web() -> Self {
        let sample = Self::sample();
        let web = sample.release["services"]["web"].clone();
        sample.with("/services", json!({ "web": web }))
    }

    /// Sets a value of the release at a JSON pointer; `null` removes it.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.release, pointer, value);
        self
    }

    /// Sets a value at a JSON pointer below the target account; `null` removes it.
    pub fn in_account(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.state, &format!("/accounts/{TARGET}{pointer}"), value);
        self
    }

    /// Sets a value at a JSON pointer below the target account's region; `null` removes it.
    pub fn in_region(self, pointer: &str, value: Value) -> Self {
        self.in_account(&format!("/resources/regions/{REGION}{pointer}"), value)
    }

    /// Sets a value at a JSON pointer below the deployer account; `null` removes it.
    pub fn in_deployer(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.state, &format!("/accounts/{DEPLOYER}{pointer}"), value);
        self
    }

    /// Sets how instances of the release's image behave.
    pub fn instances(self, behaviour: Value) -> Self {
        self.in_region(&format!("/images/{IMAGE}/instances"), behaviour)
    }

    /// Sets how one of these instances behaves, by its number from 1.
    pub fn instance(self, number: u32, behaviour: Value) -> Self {
        self.in_region(&format!("/images/{IMAGE}/exceptions/{number}"), behaviour)
    }

    /// Adds a group of `worker` as Go Odin creates it, with a launch configuration.
    pub fn over_go_odin_group(self) -> Self {
        let name = "coinbase/deploy-test-development-2020-01-01T00-00-00Z-worker";
        let group = json!({
            "created_time": "2020-01-01T00:00:00Z",
            "tags": {
                "ProjectName": "coinbase/deploy-test", "ConfigName": "development",
                "ServiceName": "worker", "ReleaseId": "an-old-release",
            },
            "capacity": {"min_size": 1, "desired": 1, "max_size": 1},
            "launch_configuration": name,
            "subnet_ids": ["subnet-0a1b2c3d4e5f6000a"],
        });
        let pointer = |kind: &str| format!("/{kind}/{}", name.replace('/', "~1"));
        let configuration = json!({"image_id": "ami-0a1b2c3d4e5f60005", "instance_type": "t2.nano"});
        self.in_region(&pointer("auto_scaling_groups"), group)
            .in_region(&pointer("launch_configurations"), configuration)
    }

    /// Adds a fault.
    pub fn fault(mut self, fault: Value) -> Self {
        let faults = self.state.as_object_mut().unwrap().entry("faults").or_insert(json!([]));
        faults.as_array_mut().unwrap().push(fault);
        self
    }

    /// Creates the local cloud.
    pub fn build(self) -> Fixture {
        let state: LocalState<OdinAccount> = serde_json::from_value(self.state).unwrap();
        Fixture::new(state, self.release)
    }
}

fn bystander() -> Value {
    json!({
        "created_time": "2026-02-01T00:00:00Z",
        "tags": {
            "ProjectName": "coinbase/deploy-test", "ConfigName": "development-canary",
            "ServiceName": "web", "ReleaseID": "release-bystander",
        },
        "capacity": {"min_size": 1, "desired": 2, "max_size": 2},
        "launch_configuration": "bystander",
        "subnet_ids": ["subnet-0a1b2c3d4e5f6000a"],
    })
}

/// Sets the value at the pointer, and creates the objects on the way to it; `null` removes it.
pub fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut parent = document;
    let mut keys: Vec<String> = pointer.split('/').skip(1).map(|key| key.replace("~1", "/")).collect();
    let last = keys.pop().unwrap();
    for key in keys {
        parent = match parent {
            Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
            Value::Object(fields) => fields.entry(key).or_insert_with(|| Map::new().into()),
            _ => panic!("{pointer}: the parent of {key} is not an object"),
        };
    }
    let fields = parent.as_object_mut().unwrap();
    if value.is_null() {
        fields.shift_remove(&last);
    } else {
        fields.insert(last, value);
    }
}
