//! Fills a local cloud with deployed projects: `cargo run -p odin --example projects -- FILE [COUNT]`.
//!
//! Use it to measure a deploy in a large local cloud. Each project has the results of a real deploy: its release, its
//! groups with instances and alarms, and an execution with its history. Then run
//! `time target/debug/odin deploy deployers/odin/releases/deploy-test.json --local --cloud FILE --output text`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a generator that cannot continue panics"
)]

use bifrost::account::Identity;
use bifrost::deployer::{Deployer, Prefix};
use bifrost::local::{LocalCloud, LocalDeployer, LocalState, Store, read_seed};
use bifrost::release::Sha256;
use bifrost::testing::TestHarness;
use odin::Odin;
use odin::cloud::local::OdinAccount;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const RELEASE: &str = include_str!("../releases/deploy-test.json");
const USER_DATA: &[u8] = include_bytes!("../releases/deploy-test.json.userdata");

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1);
    let file = args.next().expect("missing FILE: cargo run -p odin --example projects -- FILE [COUNT]");
    let count: usize = args.next().map_or(1000, |count| count.parse().unwrap());
    let mut all: Value = serde_json::from_str(Odin::SEED).unwrap();
    for number in 0..count {
        // Each project is deployed in a small local cloud of its own, and the states are merged: that is faster.
        let name = format!("project-{number:03}");
        let security_groups = format!("sg-{:012x}", number + 1);
        let state = Odin::SEED.replace("deploy-test", &name).replace("sg-0a1b2c3d4e5f", &security_groups);
        let mut state: Value = serde_json::from_str(&state).unwrap();
        continue_ids(&mut state, &all);
        let state: LocalState<OdinAccount> = read_seed(Path::new("odin.json"), state.to_string().as_bytes()).unwrap();
        let store = open(&file);
        store.transact(|stored| *stored = state).unwrap();
        let harness = harness(store);
        let run = harness.deploy(&release(&name), &[("userdata", USER_DATA)]).await.unwrap();
        assert_eq!(run.path().last(), Some(&"Success"));
        merge(&mut all, harness.store().read(|state| serde_json::to_value(state).unwrap()).unwrap());
    }
    let all = serde_json::from_value(all).unwrap();
    open(&file).transact(|stored| *stored = all).unwrap();
}

fn open(file: &str) -> Arc<Store<OdinAccount>> {
    let sample = || read_seed(Path::new("odin.json"), Odin::SEED.as_bytes()).unwrap();
    Store::open(Path::new(file), &Prefix::of::<Odin>(None).unwrap().deployer::<Odin>(), sample).unwrap()
}

fn harness(store: Arc<Store<OdinAccount>>) -> TestHarness<Odin> {
    let (account, region) =
        store.read(|state| (state.deployer_account.clone(), state.deployer_region.clone())).unwrap();
    let name = Prefix::of::<Odin>(None).unwrap().deployer::<Odin>();
    let identity = Identity { name, account, region };
    store.transact(|state| *state = state.clone().bootstrap(&identity).unwrap()).unwrap();
    let defaults = identity.defaults(Odin::TIMEOUT_SECONDS).unwrap();
    TestHarness::with_cloud(LocalCloud::new(store, identity, defaults)).unwrap()
}

/// The sample release for another project, as the client prepares it.
fn release(project: &str) -> Value {
    let mut release: Value = serde_json::from_str(&RELEASE.replace("deploy-test", project)).unwrap();
    release["release_id"] = json!("release-2026-11-21T12-00-00Z-00000000");
    release["created_at"] = json!("2026-11-21T12:00:00Z");
    release["user_data_sha256"] = json!(Sha256::of(USER_DATA).to_string());
    release
}

/// Continues the id counters of `all`, so that instance ids are unique.
fn continue_ids(state: &mut Value, all: &Value) {
    for counter in ["/accounts/000000000000/resources/regions/us-east-1/ids", "/ids"] {
        if let Some(last) = all.pointer(counter) {
            let (parent, key) = counter.rsplit_once('/').unwrap();
            state.pointer_mut(parent).unwrap()[key] = last.clone();
        }
    }
}

/// Merges `other` into `all`; values of `other` win.
fn merge(all: &mut Value, other: Value) {
    match (all, other) {
        (Value::Object(all), Value::Object(other)) => {
            for (key, value) in other {
                merge(all.entry(key).or_insert(Value::Null), value);
            }
        }
        (all, other) => *all = other,
    }
}
