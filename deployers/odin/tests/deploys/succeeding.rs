//! Releases that come to run.

use crate::paths::healthy_at_look;
use crate::sample_cloud::{Scenario, set};
use serde_json::json;

fn running(id: &str) -> Vec<(String, String)> {
    ["web", "worker"].map(|service| (service.to_owned(), format!("release-1-{id}"))).to_vec()
}

#[tokio::test]
async fn a_first_release_runs_as_soon_as_all_is_healthy() {
    let fixture = Scenario::sample().begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.running(), running("first"));
    assert_eq!(fixture.journal().sizes, [(3, 5), (1, 1), (3, 3)]);
    let output = run.execution.output.unwrap();
    assert_eq!(output["success"], true);
    assert_eq!(output["healthy"], true);
    assert_eq!(output.get("error"), None);
}

#[tokio::test]
async fn a_second_release_takes_the_place_of_the_first() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(fixture.running(), running("second"));
    // The old groups drain for half a minute, and that is looked at each ten seconds.
    let errors = run.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors.iter().all(|(error, _)| error == "DetachError"), "{errors:#?}");
}

#[tokio::test]
async fn a_capacity_that_was_scaled_up_is_carried_over() {
    let fixture = Scenario::web().begin();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let groups = region.auto_scaling_groups.values_mut();
        groups.filter(|group| group.tags["ConfigName"] == "development").for_each(|group| group.capacity.desired = 4);
    });
    fixture.settle();
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1));
    let group = &fixture.live()["web"];
    assert_eq!((group.capacity.min_size, group.capacity.desired, group.capacity.max_size), (3, 4, 5));
    assert_eq!(group.instances.len(), 4);
    assert_eq!(run.execution.output.unwrap()["services"]["web"]["previous_desired_capacity"], 4);
}

#[tokio::test]
async fn a_group_that_an_original_made_is_replaced_with_its_launch_configuration() {
    let fixture = Scenario::worker().over_an_original().begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1), "{:#?}", run.errors());
    assert_eq!(fixture.running(), [("worker".into(), "release-1-first".into())]);
}

#[tokio::test]
async fn a_service_that_the_next_release_no_longer_has_is_removed() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    let mut second = fixture.release("second");
    set(&mut second, "/services/web", json!(null));
    let run = fixture.deploy_release(&second).await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(fixture.running(), [("worker".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn slow_instances_are_waited_for() {
    let fixture = Scenario::worker().instances(json!({"boots_after_seconds": 125})).begin();
    // In service 127 seconds after Deploy, and looked at from 105 seconds on, each 15 seconds.
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(3));
}

#[tokio::test]
async fn an_instance_more_may_terminate_if_the_release_says_so() {
    let fixture = Scenario::web().instance(1, json!({"terminates_after_seconds": 100})).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(run.execution.output.unwrap()["services"]["web"]["healthy_report"]["terminating"], 1);
}

#[tokio::test]
async fn a_halt_of_six_minutes_ago_was_for_another_deploy_and_is_cleared() {
    let fixture = Scenario::worker().begin();
    fixture.halt("wrong image").await;
    fixture.advance(chrono::TimeDelta::minutes(6));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1));
}

#[tokio::test]
async fn draining_that_never_ends_delays_the_end_and_does_not_prevent_it() {
    let fixture = Scenario::web()
        .in_region("/target_groups/coinbase-deploy-test-web-tg/deregistration_delay_seconds", json!(1800));
    let fixture = fixture.begin();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1));
    let errors = run.errors();
    assert_eq!(errors.len(), 61);
    assert!(
        errors.iter().all(|(error, message)| error == "DetachError" && message.contains("coinbase-deploy-test-web-tg"))
    );
    assert_eq!(fixture.running(), [("web".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn a_release_may_leave_detaching_to_the_deletion() {
    let fixture = Scenario::web().with("/detach_strategy", json!("SkipDetach")).begin();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancers"), 0);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancerTargetGroups"), 0);
}

#[tokio::test]
async fn a_release_may_detach_without_waiting() {
    let fixture = Scenario::web().with("/detach_strategy", json!("SkipDetachCheck")).begin();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(run.errors(), []);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancers"), 1);
    assert_eq!(fixture.journal().count("autoscaling:DetachLoadBalancerTargetGroups"), 1);
}

#[tokio::test]
async fn a_safe_release_that_changes_only_code_is_deployed() {
    let fixture = Scenario::sample().with("/safe_release", json!(true)).begin();
    fixture.deploy("first").await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1), "{:#?}", run.errors());
}
