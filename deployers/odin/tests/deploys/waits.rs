//! How long a deploy takes beyond what its instances need, and how many state transitions it costs.

use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use odin::pace::{seconds_until_next_check, transitions_within};
use serde_json::json;

fn took(run: &Run) -> i64 {
    (run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds()
}

/// The sample's service `web`: balancers report an instance healthy 25 seconds after it boots, and drain the old ones for 30
/// seconds. The target group's slow start takes 30 seconds.
#[tokio::test]
async fn deploy_takes_at_most_15_seconds_more_than_needed() {
    for boot in [20, 60, 180, 600] {
        let fixture = Scenario::web()
            .with("/timeout", json!(1800))
            .with("/lifecycle", json!({}))
            .instances(json!({"boots_after_seconds": boot}))
            .build();
        fixture.deploy("first").await;
        let run = fixture.deploy("second").await;
        // Auto Scaling begins to launch 2 seconds after the call.
        let needed = 2 + boot + 25 + 30 + 30;
        let more = took(&run) - needed;
        assert!((0..=15).contains(&more), "booting {boot} s: {more} s more than {needed}");
    }
}

#[test]
fn checks_become_rarer() {
    let waits = [0, 400, 401, 800, 1_600, 9_600, 172_800].map(seconds_until_next_check);
    assert_eq!(waits, [5, 5, 5, 10, 20, 120, 120]);
}

/// Each check is three transitions, and nine events without retries: entering and leaving three states, and the task's
/// invocation. Every other state has at most six events, and retries at most 100.
#[test]
fn longest_deploy_fits_into_an_execution() {
    for timeout in [1, 60, 600, 3_600, 86_400, 172_800] {
        let checks = odin::pace::checks_within(timeout);
        assert!(3 * checks + 100 < 10_000 && 9 * checks + 1_000 < 20_000, "{timeout}: {checks}");
    }
    assert_eq!(transitions_within(180).to_string(), "118 state transitions ($0.003)");
}
