//! States that released versions wrote, which the current code finishes: `tests/states` has them. After a change of what a state has,
//! record those of this version: `UPDATE_STATES=1 cargo test -p fenrir --lib states`.

use crate::Fenrir;
use crate::harness::{REGION, deploy, new_harness, release};
use bifrost::testing::{RecordedStates, TestHarness};
use serde_json::{Value, json};

async fn second(changes: &[(&str, Value)]) -> TestHarness<Fenrir> {
    let harness = new_harness(changes);
    deploy(&harness, &release(2, &[])).await;
    harness
}

#[tokio::test]
async fn states_of_every_version_are_finished() {
    let fails = (&*format!("{REGION}/behaviour/table"), json!({"fails": "create", "reason": "no room"}));
    let (success, failure) = (Fenrir::Success, Fenrir::FailureClean);
    let table = ("/template/Resources/second", json!({"Type": "AWS::Serverless::SimpleTable"}));
    let mut states =
        RecordedStates::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states"), env!("CARGO_PKG_VERSION"));
    for (name, harness, changes, end) in [
        ("Updates", second(&[]).await, vec![table], success),
        ("ChangesNothing", second(&[]).await, vec![], success),
        ("FailsToCreate", new_harness(&[fails]), vec![], failure),
    ] {
        states = states.deploy(name, harness, &release(1, &changes), &[], end);
    }
    let report = states.check().await.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.runs > 0, "{report:?}");
}
