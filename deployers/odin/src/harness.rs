//! Test helpers: local clouds that differ from the sample's, and what they contain.

use crate::Odin;
use crate::cloud::OdinPorts;
use crate::cloud::local::{OdinAccount, OdinRegion};
use crate::release::{OdinRelease, sample};
use bifrost::cloud::TargetRole;
use bifrost::local::LocalDeployer;
use bifrost::release::{AccountId, Release};
use bifrost::testing::{Run, TestHarness};
use serde_json::{Value, json};

/// The JSON pointer to the sample release's region in its local cloud.
pub(crate) const REGION: &str = "/accounts/000000000000/resources/regions/us-east-1";

/// The sample release's local cloud, with the value at each JSON pointer replaced.
pub(crate) fn new_harness(changes: &[(&str, Value)]) -> TestHarness<Odin> {
    let mut seed: Value = serde_json::from_str(Odin::SEED).unwrap();
    for (pointer, value) in changes {
        set(&mut seed, pointer, value.clone());
    }
    TestHarness::new(serde_json::from_value(seed).unwrap()).unwrap()
}

/// The sample release, created `hours_ago` hours before the start of the local cloud, with the value at each JSON
/// pointer replaced.
pub(crate) fn release(hours_ago: u32, changes: &[(&str, Value)]) -> Value {
    let mut sent = sample::sent();
    let time = format!("2026-11-21T{:02}", 12 - hours_ago);
    sent["release_id"] = json!(format!("release-{time}-00-00Z-abcdefgh"));
    sent["created_at"] = json!(format!("{time}:00:00Z"));
    for (pointer, value) in changes {
        set(&mut sent, pointer, value.clone());
    }
    sent
}

fn set(value: &mut Value, pointer: &str, new: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} not found"));
    parent[key.replace("~1", "/")] = new;
}

/// Deploys a release and waits for the end.
pub(crate) async fn deploy(harness: &TestHarness<Odin>, release: &Value) -> Run {
    harness.deploy(release, &[("userdata", sample::USER_DATA)]).await.unwrap()
}

/// The release that an execution ended with.
pub(crate) fn output(harness: &TestHarness<Odin>, run: &Run) -> OdinRelease {
    Release::read(run.execution.output.as_ref().unwrap(), harness.cloud().defaults()).unwrap()
}

/// The names of the live groups.
pub(crate) fn groups(harness: &TestHarness<Odin>) -> Vec<String> {
    let region = region(harness);
    region.auto_scaling_groups.iter().filter(|(_, group)| !group.deleting).map(|(name, _)| name.clone()).collect()
}

/// The resources of the sample release's region.
pub(crate) fn region(harness: &TestHarness<Odin>) -> OdinRegion {
    let account: AccountId = "000000000000".parse().unwrap();
    let resources: OdinAccount =
        harness.store().read(|local_state| local_state.accounts[&account].resources.clone()).unwrap();
    resources.regions.of(&"us-east-1".parse().unwrap()).clone()
}

/// Odin's ports into the sample release's account and region.
pub(crate) async fn ports(harness: &TestHarness<Odin>) -> OdinPorts {
    let (account, region) = ("000000000000".parse().unwrap(), "us-east-1".parse().unwrap());
    let (role, session) = (harness.cloud().identity().assumed_role(), "test".into());
    harness.cloud().targets().assume(&TargetRole { account, region, role, session, tags: Vec::new() }).await.unwrap()
}
