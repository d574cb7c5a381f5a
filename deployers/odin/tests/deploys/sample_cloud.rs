//! The world that releases are deployed in and the sample release, both to be changed before the play begins.
//!
//! It is the world of the examples, whose resources are put into a target account beside the deployer's, too: there is
//! nothing that a call in the wrong account would not find. And there is a group of `development-canary`, which is none of
//! the release's business though its name begins like those of `development`.

use crate::fixture::Fixture;
use bifrost::local::LocalState;
use bifrost::release::Sha256;
use odin::cloud::local::OdinAccount;
use serde_json::{Map, Value, json};

/// The account that releases are deployed to.
pub const TARGET: &str = "222222222222";
/// The deployer's own account.
pub const DEPLOYER: &str = "000000000000";
/// The region of everything.
pub const REGION: &str = "us-east-1";
/// The user data that is uploaded beside each release.
pub const USER_DATA: &[u8] = include_bytes!("../../releases/deploy-test.json.userdata");
/// The image that the sample release means.
pub const IMAGE: &str = "ami-0a1b2c3d4e5f60001";
/// The group that is none of our business.
const BYSTANDER: &str = "coinbase/deploy-test-development-canary-2026-02-01T00-00-00Z-web";

/// A world and a release.
pub struct Scenario {
    state: Value,
    release: Value,
}

impl Scenario {
    /// The sample release, `web` behind two balancers and `worker`, in a world where everything goes well.
    pub fn sample() -> Self {
        let mut release: Value = serde_json::from_str(include_str!("../../releases/deploy-test.json")).unwrap();
        release["aws_account_id"] = json!(TARGET);
        release["user_data_sha256"] = json!(Sha256::of(USER_DATA));
        let mut state: Value = serde_json::from_str(include_str!("../../../../examples/clouds/odin.json")).unwrap();
        let own = &state["accounts"][DEPLOYER];
        let target = json!({"roles": own["roles"], "resources": own["resources"]});
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

    /// The release with another value at a JSON pointer; `null` takes it out.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.release, pointer, value);
        self
    }

    /// The world with another value at a JSON pointer below the target account; `null` takes it out.
    pub fn in_account(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.state, &format!("/accounts/{TARGET}{pointer}"), value);
        self
    }

    /// The world with another value at a JSON pointer below the target account's region; `null` takes it out.
    pub fn in_region(self, pointer: &str, value: Value) -> Self {
        self.in_account(&format!("/resources/regions/{REGION}{pointer}"), value)
    }

    /// The world with another value at a JSON pointer below the deployer's own account.
    pub fn in_deployer(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.state, &format!("/accounts/{DEPLOYER}{pointer}"), value);
        self
    }

    /// How the instances of the release's image behave.
    pub fn instances(self, behaviour: Value) -> Self {
        self.in_region(&format!("/images/{IMAGE}/instances"), behaviour)
    }

    /// How one of them behaves, by its number from 1.
    pub fn instance(self, number: u32, behaviour: Value) -> Self {
        self.in_region(&format!("/images/{IMAGE}/exceptions/{number}"), behaviour)
    }

    /// A world in which `worker` runs as the original Odin deployed it, with a launch configuration.
    pub fn over_an_original(self) -> Self {
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

    /// A world in which this goes wrong, too.
    pub fn fault(mut self, fault: Value) -> Self {
        let faults = self.state.as_object_mut().unwrap().entry("faults").or_insert(json!([]));
        faults.as_array_mut().unwrap().push(fault);
        self
    }

    /// Lets the play begin.
    pub fn begin(self) -> Fixture {
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

/// Puts `value` at the pointer and makes the objects on the way there.
pub fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    let mut keys: Vec<String> = pointer.split('/').skip(1).map(|key| key.replace("~1", "/")).collect();
    let last = keys.pop().unwrap();
    for key in keys {
        place = match place {
            Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
            Value::Object(fields) => fields.entry(key).or_insert_with(|| Map::new().into()),
            _ => panic!("{pointer}: {key} is below what is no object"),
        };
    }
    let fields = place.as_object_mut().unwrap();
    if value.is_null() {
        fields.shift_remove(&last);
    } else {
        fields.insert(last, value);
    }
}
