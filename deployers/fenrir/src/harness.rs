//! Helpers for this crate's tests: local clouds with changes to the sample's seed, and what they contain.

use crate::Fenrir;
use crate::cloud::StackStatus;
use crate::cloud::local::{FenrirAccount, FenrirRegion, StoredStack};
use crate::release::{FenrirRelease, sample};
use bifrost::local::LocalDeployer;
use bifrost::release::{AccountId, Release};
use bifrost::testing::{Run, TestHarness};
use serde_json::{Map, Value, json};

/// JSON pointer of the sample release's region in the seed.
pub(crate) const REGION: &str = "/accounts/000000000000/resources/regions/us-east-1";

/// The stack of the sample release.
pub(crate) const STACK: &str = "sam-coinbase-deploy-test-development";

/// A local cloud in which a change set, and each operation on a resource, takes so many seconds, with the value at each JSON
/// pointer set.
pub(crate) fn paced_harness(seconds: u32, changes: &[(&str, Value)]) -> TestHarness<Fenrir> {
    let pace = json!({ "*": { "seconds": seconds }, "AWS::CloudFormation::ChangeSet": { "seconds": seconds } });
    let behaviour = format!("{REGION}/behaviour");
    new_harness(&[&[(behaviour.as_str(), pace)], changes].concat())
}

/// The pace at which each loop has two polls: for tests that repeat a deploy for each of its calls.
pub(crate) const QUICK: u32 = 2;

/// A local cloud of the sample's seed, with the value at each JSON pointer set; missing objects on the way are created.
pub(crate) fn new_harness(changes: &[(&str, Value)]) -> TestHarness<Fenrir> {
    let mut state: Value = serde_json::from_str(Fenrir::SEED).unwrap();
    for (pointer, value) in changes {
        set(&mut state, pointer, value.clone());
    }
    TestHarness::new(serde_json::from_value(state).unwrap()).unwrap()
}

/// The sample release, created so many hours before the local cloud's clock starts, with the value at each JSON pointer set.
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
    let parts = pointer.split('/').skip(1).map(|part| part.replace("~1", "/"));
    let target = parts.fold(value, |value, part| {
        let Value::Object(fields) = value else { panic!("{pointer}: the parent of {part} is not an object") };
        fields.entry(part).or_insert_with(|| Map::new().into())
    });
    *target = new;
}

/// Deploys a release to its end.
pub(crate) async fn deploy(harness: &TestHarness<Fenrir>, release: &Value) -> Run {
    harness.deploy(release, &[]).await.unwrap()
}

/// The release that an execution ended with.
pub(crate) fn output(harness: &TestHarness<Fenrir>, run: &Run) -> FenrirRelease {
    Release::read(run.execution.output.as_ref().unwrap(), harness.cloud().defaults()).unwrap()
}

/// The contents of the sample release's region.
pub(crate) fn region(harness: &TestHarness<Fenrir>) -> FenrirRegion {
    let account: AccountId = "000000000000".parse().unwrap();
    let resources: FenrirAccount = harness.store().read(|state| state.accounts[&account].resources.clone()).unwrap();
    resources.regions.get(&"us-east-1".parse().unwrap()).cloned().unwrap_or_default()
}

/// All stacks except deleted ones.
pub(crate) fn stacks(harness: &TestHarness<Fenrir>) -> Vec<StoredStack> {
    let stacks = region(harness).stacks.into_values();
    stacks.filter(|stack| stack.status != StackStatus::DeleteComplete).collect()
}
