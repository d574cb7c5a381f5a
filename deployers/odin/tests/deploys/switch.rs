//! The switch from the old group to the new one: nothing that either has gained in the meantime is lost.

use crate::fixture::{Deploy, Fixture};
use crate::sample_cloud::Scenario;
use odin::cloud::local::{OdinRegion, StoredGroup};
use serde_json::{Value, json};

const AUTOSCALING: [(&str, u32); 2] = [("min_size", 1), ("max_size", 9)];

fn scenario(more: &[(&str, Value)]) -> Scenario {
    let mut autoscaling = json!({});
    for (field, size) in AUTOSCALING {
        autoscaling[field] = json!(size);
    }
    for (field, value) in more {
        autoscaling[*field] = value.clone();
    }
    Scenario::web().with("/services/web/autoscaling", autoscaling)
}

fn group_of<'r>(region: &'r mut OdinRegion, release: &str) -> &'r mut StoredGroup {
    let id = format!("release-1-{release}");
    region.auto_scaling_groups.values_mut().find(|group| group.tags["ReleaseID"] == id).unwrap()
}

fn set_desired(fixture: &Fixture, release: &str, desired: u32) {
    fixture.change(|region| group_of(region, release).capacity.desired = desired);
}

/// Deploys a first release, whose group then has this many instances, and starts a second one.
async fn second(scenario: Scenario, first_desired: u32) -> (Fixture, Deploy) {
    let fixture = scenario.build();
    fixture.deploy("first").await;
    set_desired(&fixture, "first", first_desired);
    fixture.settle();
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    (fixture, deploy)
}

/// Desired capacity of the only group that is left, after success.
async fn desired_in_the_end(fixture: &Fixture, deploy: &Deploy) -> u32 {
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    assert_eq!(fixture.running(), [("web".into(), "release-1-second".into())]);
    fixture.live()["web"].capacity.desired
}

#[tokio::test]
async fn growth_of_the_old_group_is_kept_whenever_it_happens() {
    for state in ["WaitForDeploy", "WaitForHealthy", "WaitForDetach"] {
        let (fixture, deploy) = second(scenario(&[]), 3).await;
        fixture.run_until_state(&deploy, state).await;
        set_desired(&fixture, "first", 5);
        assert_eq!(desired_in_the_end(&fixture, &deploy).await, 5, "{state}");
    }
}

#[tokio::test]
async fn growth_of_the_old_group_is_kept_whatever_the_strategy() {
    for strategy in ["Detach", "SkipDetach", "SkipDetachCheck"] {
        let (fixture, deploy) = second(scenario(&[]).with("/detach_strategy", json!(strategy)), 3).await;
        fixture.run_until_state(&deploy, "WaitForDetach").await;
        set_desired(&fixture, "first", 5);
        assert_eq!(desired_in_the_end(&fixture, &deploy).await, 5, "{strategy}");
    }
}

#[tokio::test]
async fn growth_of_the_new_group_is_kept() {
    for (state, spread) in [("WaitForHealthy", 0.0), ("WaitForDetach", 0.0), ("WaitForDetach", 0.5)] {
        let (fixture, deploy) = second(scenario(&[("spread", json!(spread))]), 5).await;
        fixture.run_until_state(&deploy, state).await;
        set_desired(&fixture, "second", 8);
        assert_eq!(desired_in_the_end(&fixture, &deploy).await, 8, "{state} {spread}");
    }
}

#[tokio::test]
async fn spares_and_growth_that_ended_before_the_switch_are_not_kept() {
    let (fixture, deploy) = second(scenario(&[("spread", json!(0.5))]), 4).await;
    fixture.run_until_state(&deploy, "WaitForDeploy").await;
    set_desired(&fixture, "first", 6);
    fixture.run_until(&deploy, |run| run.path().iter().filter(|state| **state == "CheckHealthy").count() == 2).await;
    set_desired(&fixture, "first", 4);
    assert_eq!(desired_in_the_end(&fixture, &deploy).await, 4);
}

#[tokio::test]
async fn capacity_does_not_ratchet_over_ten_releases() {
    let fixture = scenario(&[("spread", json!(0.5))]).build();
    fixture.deploy("first").await;
    set_desired(&fixture, "first", 4);
    fixture.settle();
    for number in 0..10 {
        let run = fixture.deploy(&format!("number-{number}")).await;
        assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
        assert_eq!(fixture.live()["web"].capacity.desired, 4);
    }
}

#[tokio::test]
async fn growth_over_the_maximum_is_limited() {
    let (fixture, deploy) = second(scenario(&[]).with("/services/web/autoscaling/max_size", json!(9)), 3).await;
    fixture.run_until_state(&deploy, "WaitForDetach").await;
    fixture.change(|region| {
        let capacity = &mut group_of(region, "first").capacity;
        (capacity.max_size, capacity.desired) = (40, 40);
    });
    assert_eq!(desired_in_the_end(&fixture, &deploy).await, 9);
}

#[tokio::test]
async fn groups_neither_shrink_nor_rebalance_while_two_releases_serve() {
    let policies = json!([{"type": "cpu_scale_up"}, {"type": "cpu_scale_down"}]);
    let (fixture, deploy) = second(scenario(&[("policies", policies)]), 3).await;
    let state = |fixture: &Fixture| {
        let mut region = fixture.region();
        let group = group_of(&mut region, "second").clone();
        let enabled = group.scaling_policies.values().map(|policy| (policy.scaling_adjustment, policy.enabled));
        (group.az_rebalance_suspended, enabled.collect::<Vec<_>>())
    };
    fixture.run_until_state(&deploy, "WaitForDetach").await;
    assert_eq!(state(&fixture), (true, vec![(-1, false), (1, true)]));
    desired_in_the_end(&fixture, &deploy).await;
    assert_eq!(state(&fixture), (false, vec![(-1, true), (1, true)]));
}

/// AWS allows 50 tags: the deployer sets six, and the switch may need one more.
#[tokio::test]
async fn group_with_as_many_tags_as_possible_is_replaced() {
    let tags: Value = (0..44).map(|number| (format!("tag-{number}"), json!("value"))).collect();
    let (fixture, deploy) = second(scenario(&[]).with("/services/web/tags", tags), 3).await;
    fixture.run_until_state(&deploy, "WaitForDetach").await;
    set_desired(&fixture, "first", 5);
    desired_in_the_end(&fixture, &deploy).await;
}

/// A deploy that failed at the switch leaves its tag at the old group, which has other demand by the time of the next deploy.
#[tokio::test]
async fn tag_of_another_deploy_is_not_demand() {
    let (fixture, deploy) = second(scenario(&[]), 3).await;
    let uuid = "00000000-0000-0000-0000-000000000000";
    fixture.change(|region| {
        let tags = &mut group_of(region, "first").tags;
        tags.insert("OdinDesiredCapacity".into(), format!("9 {uuid}"));
    });
    assert_eq!(desired_in_the_end(&fixture, &deploy).await, 3);
}

/// What policies change between two attempts of `CleanUpSuccess` is demand, too.
#[tokio::test]
async fn repeated_clean_up_leaves_settled_groups_to_their_policies() {
    let (fixture, deploy) = second(scenario(&[("spread", json!(0.5))]), 4).await;
    let fault = json!({"operation": "ec2:DeleteLaunchTemplate", "times": 1, "kind": {"error": "AccessDenied"}});
    fixture.fault(fault);
    let is_repeated = |run: &bifrost::testing::Run| run.errors().iter().any(|raised| raised.error == "CleanUpError");
    fixture.run_until(&deploy, is_repeated).await;
    assert_eq!(group_of(&mut fixture.region(), "second").capacity.desired, 4);
    set_desired(&fixture, "second", 5);
    assert_eq!(desired_in_the_end(&fixture, &deploy).await, 5);
}
