//! Rollout strategies, and the capacities that a new group gets.

use crate::fixture::Fixture;
use crate::paths::{healthy, without_repeated_checks};
use crate::sample_cloud::Scenario;
use serde_json::{Value, json};

fn scaled(autoscaling: Value) -> Scenario {
    Scenario::web().with("/services/web/autoscaling", autoscaling)
}

/// Deploys, and returns the sequence of sizes (min, desired) that were set on the group.
async fn sizes(autoscaling: Value) -> Vec<(u32, u32)> {
    let fixture = scaled(autoscaling).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    fixture.journal().sizes.clone()
}

/// 8 desired, 12 launched, 8 healthy instances needed. An instance becomes healthy 47 seconds after the call. The
/// checks happen 10, 15, 20, … seconds after Deploy.
fn eight_desired(strategy: &str) -> Value {
    json!({"min_size": 8, "max_size": 40, "spread": 0.5, "strategy": strategy})
}

#[tokio::test]
async fn all_at_once_launches_everything_first() {
    assert_eq!(sizes(eight_desired("AllAtOnce")).await, [(8, 12), (8, 8)]);
}

#[tokio::test]
async fn canary_launches_before_the_rest() {
    // The other instances are launched once the canary is healthy.
    assert_eq!(sizes(eight_desired("OneThenAllWithCanary")).await, [(1, 1), (8, 12), (8, 8)]);
}

#[tokio::test]
async fn each_check_launches_25_percent() {
    let steps = sizes(eight_desired("25PercentStepRolloutNoCanary")).await;
    assert_eq!(steps, [(2, 3), (5, 6), (8, 9), (8, 12), (8, 8)]);
}

#[tokio::test]
async fn each_check_launches_10_percent() {
    let steps = sizes(eight_desired("10PercentStepRolloutNoCanary")).await;
    let growth = (1..=11).map(|size| (size.min(8), size));
    assert_eq!(steps, growth.chain([(8, 12), (8, 8)]).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_check_launches_ten() {
    let autoscaling = json!({"min_size": 30, "max_size": 40, "strategy": "10AtATimeNoCanary"});
    assert_eq!(sizes(autoscaling).await, [(10, 10), (20, 20), (30, 30)]);
}

#[tokio::test]
async fn each_check_launches_twenty() {
    let autoscaling = json!({"min_size": 30, "max_size": 40, "strategy": "20AtATimeNoCanary"});
    assert_eq!(sizes(autoscaling).await, [(20, 20), (30, 30)]);
}

#[tokio::test]
async fn spread_is_exact() {
    // With floats, 100 × 1.15 is 114.99… and 100 × 0.85 may be 84.99….
    let fixture = scaled(json!({"min_size": 1, "max_size": 200, "spread": 0})).build();
    fixture.deploy("first").await;
    set_desired(&fixture, 100);
    let mut second = fixture.release("second");
    crate::sample_cloud::set(&mut second, "/services/web/autoscaling/spread", json!(0.15));
    let run = fixture.deploy_release(&second).await;
    let report = &run.execution.output.unwrap()["services"]["web"]["healthy_report"];
    assert_eq!((&report["target_launched"], &report["target_healthy"]), (&json!(115), &json!(85)));
    assert_eq!(fixture.journal().sizes.last_chunk(), Some(&[(1, 115), (1, 100)]));
}

#[tokio::test]
async fn smaller_maximum_limits_desired() {
    let fixture = scaled(json!({"min_size": 2, "max_size": 10, "spread": 0.5})).build();
    fixture.deploy("first").await;
    set_desired(&fixture, 10);
    let mut second = fixture.release("second");
    crate::sample_cloud::set(&mut second, "/services/web/autoscaling/max_size", json!(6));
    let run = fixture.deploy_release(&second).await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(fixture.journal().sizes, [(2, 3), (2, 2), (2, 6)]);
}

fn set_desired(fixture: &Fixture, desired: u32) {
    fixture.change(|region| {
        let groups = region.auto_scaling_groups.values_mut();
        let own = groups.filter(|group| group.tags["ConfigName"] == "development");
        own.for_each(|group| group.capacity.desired = desired);
    });
    fixture.advance(chrono::TimeDelta::zero());
    fixture.settle();
}
