//! Releases that succeed.

use crate::paths::{healthy, without_repeated_checks};
use crate::sample_cloud::{Scenario, set};
use bifrost::testing::RaisedError;
use serde_json::json;

fn running(id: &str) -> Vec<(String, String)> {
    ["web", "worker"].map(|service| (service.to_owned(), format!("release-1-{id}"))).to_vec()
}

#[tokio::test]
async fn first_release_succeeds() {
    let fixture = Scenario::sample().build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.running(), running("first"));
    assert_eq!(fixture.journal().sizes, [(3, 5), (1, 1), (3, 3)]);
    let output = run.execution.output.unwrap();
    assert_eq!(output["success"], true);
    assert_eq!(output["healthy"], true);
    assert_eq!(output.get("error"), None);
}

#[tokio::test]
async fn second_release_replaces_the_first() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(fixture.running(), running("second"));
    // The old groups drain for 30 seconds; then their hooks run. The task checks every 10 seconds.
    let errors: Vec<_> = run.errors().into_iter().filter_map(|raised| raised.code).collect();
    assert_eq!(errors, [["odin/draining"; 3].as_slice(), &["odin/hooks-running"; 2]].concat());
}

#[tokio::test]
async fn scaled_up_capacity_is_kept() {
    let fixture = Scenario::web().build();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let groups = region.auto_scaling_groups.values_mut();
        groups.filter(|group| group.tags["ConfigName"] == "development").for_each(|group| group.capacity.desired = 4);
    });
    fixture.settle();
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    let group = &fixture.live()["web"];
    assert_eq!((group.capacity.min_size, group.capacity.desired, group.capacity.max_size), (3, 4, 5));
    assert_eq!(group.instances.len(), 4);
    assert_eq!(run.execution.output.unwrap()["services"]["web"]["previous_desired_capacity"], 4);
}

#[tokio::test]
async fn group_of_go_odin_is_replaced() {
    let fixture = Scenario::worker().over_go_odin_group().build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    assert_eq!(fixture.running(), [("worker".into(), "release-1-first".into())]);
}

#[tokio::test]
async fn dropped_service_is_removed() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    let mut second = fixture.release("second");
    set(&mut second, "/services/web", json!(null));
    let run = fixture.deploy_release(&second).await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(fixture.running(), [("worker".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn slow_instances_are_waited_for() {
    let fixture = Scenario::worker().instances(json!({"boots_after_seconds": 125})).build();
    // In service 127 seconds after Deploy.
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
}

#[tokio::test]
async fn terminations_within_max_terms_are_allowed() {
    let fixture = Scenario::web().instance(1, json!({"terminates_after_seconds": 45})).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.execution.output.unwrap()["services"]["web"]["healthy_report"]["terminating"], 1);
}

#[tokio::test]
async fn six_minutes_old_halt_is_cleared() {
    let fixture = Scenario::worker().build();
    fixture.halt("wrong image").await;
    fixture.advance(chrono::TimeDelta::minutes(6));
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
}

#[tokio::test]
async fn endless_draining_only_delays_success() {
    let fixture = Scenario::web()
        .in_region("/target_groups/coinbase-deploy-test-web-tg/deregistration_delay_seconds", json!(1800));
    let fixture = fixture.build();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    let errors = run.errors();
    assert_eq!(errors.len(), 61);
    assert!(errors.iter().all(|RaisedError { error, code, message }| {
        (error.as_str(), code.as_deref()) == ("DetachError", Some("odin/draining"))
            && message.contains("coinbase-deploy-test-web-tg")
    }));
    assert_eq!(fixture.running(), [("web".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn skip_detach_does_not_detach() {
    let fixture = Scenario::web().with("/detach_strategy", json!("SkipDetach")).build();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancers"), 0);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancerTargetGroups"), 0);
}

#[tokio::test]
async fn skip_detach_check_does_not_wait() {
    let fixture = Scenario::web().with("/detach_strategy", json!("SkipDetachCheck")).build();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancers"), 1);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancerTargetGroups"), 1);
}

#[tokio::test]
async fn safe_release_without_changes_succeeds() {
    let fixture = Scenario::sample().with("/safe_release", json!(true)).build();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
}
