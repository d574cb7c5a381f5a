//! States that released versions wrote, which the current code finishes: `tests/states` has them. After a change of what a state has,
//! record those of this version: `UPDATE_STATES=1 cargo test -p odin --test deploys states`.

use crate::fixture::Fixture;
use crate::sample_cloud::{Scenario, USER_DATA};
use bifrost::testing::{RecordedState, RecordedStates, with};
use odin::Odin;
use serde_json::json;

/// Deploys of `web` and a short boot in a small local cloud: the recordings are reviewed.
fn scenario() -> Scenario {
    let scenario = Scenario::web().in_deployer("/resources", json!(null));
    scenario.with("/services/web/autoscaling", json!({"min_size": 1, "max_size": 2}))
}

async fn second_release() -> Fixture {
    let fixture = scenario().build();
    fixture.deploy("first").await;
    fixture
}

fn never_healthy() -> Scenario {
    scenario().with("/timeout", json!(120)).instances(json!({"boots_after_seconds": 10_000}))
}

#[tokio::test]
async fn states_of_every_version_are_finished() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states");
    let mut states = RecordedStates::<Odin>::new(folder, env!("CARGO_PKG_VERSION"));
    let refused = Scenario::worker().in_deployer("/resources", json!(null)).with("/ami", json!("no-such-image"));
    for (name, fixture, end) in [
        ("Replaces", second_release().await, Odin::Success),
        ("NeverHealthy", never_healthy().build(), Odin::FailureClean),
        ("Refused", refused.build(), Odin::FailureClean),
    ] {
        let release = fixture.release("recorded");
        states = states.deploy(name, fixture.harness, &release, &[("userdata", USER_DATA)], end);
    }
    let report = states.check().await.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.runs > 0, "{report:?}");
}

/// A newer version began a deploy with values that this one does not have. It was replaced, and this one cleans up.
#[tokio::test]
async fn clean_up_does_without_values_of_a_newer_version() {
    let fixture = never_healthy().build();
    let release = fixture.release("newer");
    fixture.upload(&release).await;
    let recording = fixture.harness.record(&release).await.unwrap();
    for (name, value) in [
        ("ebs_volume_type", json!("gp9")),
        ("placement_tenancy", json!("shared")),
        ("autoscaling", json!({"min_size": 1, "max_size": 2, "strategy": "Canary"})),
        ("healthy_report", json!({"healthy": "all"})),
        ("resources", json!(["ami-0a1b2c3d4e5f60001"])),
    ] {
        for (state, recorded) in recording.states.iter().skip_while(|(state, _)| state != "CheckHealthy") {
            let input = with(recorded.input.clone(), &[(&format!("/services/web/{name}"), value.clone())]);
            let changed = RecordedState { input, cloud: recorded.cloud.clone() };
            let finished = recording.deploy.finish::<Odin>(state, &changed).await.unwrap();
            assert_eq!(finished.deploy.end, "FailureClean", "{name} {state}: {:?}", finished.errors);
            assert_eq!(finished.output["services"]["web"][name], value, "it is passed on");
            assert!(!finished.holds_lock, "{name} {state}");
        }
    }
}
