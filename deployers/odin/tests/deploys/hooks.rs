//! Lifecycle hooks of the instances of an old group: they run before the instances are terminated.

use crate::fixture::{Deploy, Fixture};
use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use odin::cloud::local::LifecycleState;
use serde_json::json;
use std::collections::BTreeSet;

/// Deploys a second release, and collects the lifecycle states that instances of the first one were seen in.
async fn replace(fixture: &Fixture) -> (Run, BTreeSet<&'static str>) {
    fixture.deploy("first").await;
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let deploy: Deploy = fixture.start(&release).await;
    let mut seen = BTreeSet::new();
    let states = |_: &Run| {
        let region = fixture.region();
        let old = region.auto_scaling_groups.values().filter(|group| group.tags["ReleaseID"] == "release-1-first");
        let states = old.flat_map(|group| group.instances.values()).map(|instance| instance.lifecycle_state);
        seen.extend(states.map(LifecycleState::as_str));
        false
    };
    fixture.run_until(&deploy, states).await;
    (fixture.finish(&deploy).await, seen)
}

fn took(run: &Run) -> i64 {
    (run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds()
}

#[tokio::test]
async fn hooks_run_before_instances_go() {
    let fixture = Scenario::web().in_region("/topics/asg_lifecycle_hooks/completes_after_seconds", json!(60)).build();
    let (run, seen) = replace(&fixture).await;
    assert_eq!(run.path().last(), Some(&"Success"));
    assert!(seen.contains("Terminating:Wait"), "{seen:?}");
    // Healthy after 50 seconds, a slow start of 30, 30 to drain, 60 for the hook; the rest are steps of 10 seconds.
    assert!((170..=200).contains(&took(&run)), "{}", took(&run));
}

#[tokio::test]
async fn hooks_that_nobody_completes_delay_success_by_10_minutes() {
    let fixture = Scenario::web()
        .in_region("/topics/asg_lifecycle_hooks", json!({}))
        .with("/lifecycle/termhook/heartbeat_timeout", json!(1200))
        .build();
    let (run, seen) = replace(&fixture).await;
    assert_eq!(run.path().last(), Some(&"Success"));
    assert!(seen.contains("Terminating:Wait"), "{seen:?}");
    assert!((600..=700).contains(&took(&run)), "{}", took(&run));
}

#[tokio::test]
async fn instances_without_hooks_do_not_delay_success() {
    let fixture = Scenario::web().with("/lifecycle", json!({})).build();
    let (run, seen) = replace(&fixture).await;
    assert_eq!(run.path().last(), Some(&"Success"));
    assert!(!seen.contains("Terminating:Wait"), "{seen:?}");
    assert_eq!(took(&run), 50 + 30 + 30 + 5);
}

#[tokio::test]
async fn skip_detach_does_not_wait_for_hooks() {
    let fixture = Scenario::web().with("/detach_strategy", json!("SkipDetach")).build();
    let (run, _) = replace(&fixture).await;
    assert_eq!(run.errors(), []);
}
