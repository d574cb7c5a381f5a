//! The strategies by which a new group grows, and the capacities it comes to.

use crate::fixture::Fixture;
use crate::paths::healthy_at_look;
use crate::sample_cloud::Scenario;
use serde_json::{Value, json};

fn scaled(autoscaling: Value) -> Scenario {
    Scenario::web().with("/services/web/autoscaling", autoscaling)
}

/// Deploys, and answers the sizes (min, desired) that the group was given, one after the other.
async fn sizes(autoscaling: Value, looks: usize) -> Vec<(u32, u32)> {
    let fixture = scaled(autoscaling).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(looks), "{:#?}", run.errors());
    fixture.journal().sizes.clone()
}

/// 8 desired, 12 launched, 8 healthy ones enough. An instance takes 47 seconds from the call to being healthy; the looks
/// are 105, 120, 135, … seconds after Deploy.
fn eight(strategy: &str) -> Value {
    json!({"min_size": 8, "max_size": 40, "spread": 0.5, "strategy": strategy})
}

#[tokio::test]
async fn all_at_once_launches_all_from_the_start() {
    assert_eq!(sizes(eight("AllAtOnce"), 1).await, [(8, 12), (8, 8)]);
}

#[tokio::test]
async fn a_canary_goes_before_the_rest() {
    // The canary is healthy at the first look, the rest 47 seconds later.
    assert_eq!(sizes(eight("OneThenAllWithCanary"), 5).await, [(1, 1), (8, 12), (8, 8)]);
}

#[tokio::test]
async fn a_quarter_more_is_launched_at_every_look() {
    let steps = sizes(eight("25PercentStepRolloutNoCanary"), 6).await;
    assert_eq!(steps, [(2, 3), (5, 6), (8, 9), (8, 12), (8, 8)]);
}

#[tokio::test]
async fn a_tenth_more_is_launched_at_every_look() {
    let steps = sizes(eight("10PercentStepRolloutNoCanary"), 11).await;
    let growth = (1..=11).map(|size| (size.min(8), size));
    assert_eq!(steps, growth.chain([(8, 12), (8, 8)]).collect::<Vec<_>>());
}

#[tokio::test]
async fn ten_at_a_time() {
    let autoscaling = json!({"min_size": 30, "max_size": 40, "strategy": "10AtATimeNoCanary"});
    assert_eq!(sizes(autoscaling, 6).await, [(10, 10), (20, 20), (30, 30)]);
}

#[tokio::test]
async fn twenty_at_a_time() {
    let autoscaling = json!({"min_size": 30, "max_size": 40, "strategy": "20AtATimeNoCanary"});
    assert_eq!(sizes(autoscaling, 5).await, [(20, 20), (30, 30)]);
}

#[tokio::test]
async fn a_spread_is_exact() {
    // As floats, 100 × 1.15 is 114.99…, and 100 × 0.85 as little as 84.99….
    let fixture = scaled(json!({"min_size": 1, "max_size": 200, "spread": 0})).begin();
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
async fn a_smaller_maximum_is_kept_to() {
    let fixture = scaled(json!({"min_size": 2, "max_size": 10, "spread": 0.5})).begin();
    fixture.deploy("first").await;
    set_desired(&fixture, 10);
    let mut second = fixture.release("second");
    crate::sample_cloud::set(&mut second, "/services/web/autoscaling/max_size", json!(6));
    let run = fixture.deploy_release(&second).await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(fixture.journal().sizes, [(2, 3), (2, 2), (2, 6)]);
}

fn set_desired(fixture: &Fixture, desired: u32) {
    fixture.change(|region| {
        let groups = region.auto_scaling_groups.values_mut();
        let ours = groups.filter(|group| group.tags["ConfigName"] == "development");
        ours.for_each(|group| group.capacity.desired = desired);
    });
    fixture.advance(chrono::TimeDelta::zero());
    fixture.settle();
}
