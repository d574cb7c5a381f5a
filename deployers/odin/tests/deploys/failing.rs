//! Releases that fail after something was made: all of it is taken back, and what ran before still runs.

use crate::fixture::Fixture;
use crate::paths::{TO_DEPLOY, given_up_after_looks, given_up_in_deploy, join};
use crate::sample_cloud::{IMAGE, Scenario};
use serde_json::json;

/// A stage on which a first release runs, and on which the instances of the next never become healthy.
async fn with_the_next_unhealthy(scenario: Scenario) -> Fixture {
    let fixture = scenario.begin();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let instances = json!({"boots_after_seconds": 20, "health": "never"});
        region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(instances).unwrap();
    });
    fixture
}

fn first_still_runs(fixture: &Fixture) {
    let running = fixture.running();
    assert!(!running.is_empty() && running.iter().all(|(_, release)| release == "release-1-first"), "{running:?}");
}

#[tokio::test]
async fn instances_that_never_become_healthy_are_given_up_at_the_timeout() {
    let fixture = with_the_next_unhealthy(Scenario::sample()).await;
    let run = fixture.deploy("second").await;
    // The looks at 105, 120, … and 600 seconds are in time, the one at 615 is not.
    assert_eq!(run.path(), given_up_after_looks(34));
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].0, "HaltError");
    assert!(errors[0].1.contains("600"), "{errors:#?}");
    first_still_runs(&fixture);
}

#[tokio::test]
async fn a_target_group_that_disagrees_keeps_the_release_unhealthy() {
    let fixture = Scenario::web().with("/timeout", json!(120)).begin();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_in(&deploy, "WaitForHealthy").await;
    fixture.change(|region| {
        for target in region.target_groups.values_mut().flat_map(|group| group.targets.values_mut()) {
            target.healthy_at = None;
        }
    });
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path(), given_up_after_looks(2));
    assert_eq!(run.errors()[0].0, "HaltError");
}

#[tokio::test]
async fn more_terminating_instances_than_allowed_halt_at_once() {
    let mortal = json!({"terminates_after_seconds": 100});
    let fixture = Scenario::web().instance(1, mortal.clone()).instance(2, mortal).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(0));
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "HaltError is not retried: {errors:#?}");
    assert_eq!(errors[0].0, "HaltError");
    assert!(errors[0].1.contains("web") && errors[0].1.contains("2 instances terminate"), "{errors:#?}");
}

#[tokio::test]
async fn a_canary_may_not_terminate_whatever_else_may() {
    let fixture = Scenario::web()
        .with("/services/web/autoscaling/strategy", json!("OneThenAllWithCanary"))
        .with("/services/web/autoscaling/max_terms", json!(5))
        .instance(1, json!({"terminates_after_seconds": 100}))
        .begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(0));
    assert_eq!(run.errors()[0].0, "HaltError");
    assert!(run.errors()[0].1.contains("canary"));
    assert_eq!(fixture.journal().sizes, [(1, 1)]);
}

#[tokio::test]
async fn a_halt_while_waiting_takes_all_back() {
    let fixture = with_the_next_unhealthy(Scenario::sample()).await;
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_in(&deploy, "WaitForHealthy").await;
    fixture.halt("wrong image").await;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path(), given_up_after_looks(0));
    assert_eq!(run.errors(), [("HaltError".into(), "halted: wrong image".into())]);
    first_still_runs(&fixture);
}

/// It does not know whether it took the lock, and gives back what it has: the flag is not for it.
#[tokio::test]
async fn a_deploy_that_could_not_take_the_lock_leaves_the_halt_to_the_one_that_runs() {
    let fixture = with_the_next_unhealthy(Scenario::worker()).await;
    let (second, third) = (fixture.release("second"), fixture.release("third"));
    fixture.upload(&second).await;
    fixture.upload(&third).await;
    let second = fixture.start(&second).await;
    fixture.run_until_in(&second, "WaitForHealthy").await;
    fixture.halt("wrong image").await;
    fixture.fault(
        json!({"operation": "s3:GetObject", "resource": "user-lock", "times": 1, "kind": {"error": "SlowDown"}}),
    );
    let third = fixture.start(&third).await;
    fixture.harness.run().await.unwrap();
    let refused = fixture.finish_beside_another(&third).await;
    assert_eq!(refused.path(), ["Validate", "Lock", "ReleaseLockFailure", "FailureClean"]);
    let halted = fixture.finish(&second).await;
    assert_eq!(halted.path(), given_up_after_looks(0));
    assert_eq!(halted.errors(), [("HaltError".into(), "halted: wrong image".into())]);
}

#[tokio::test]
async fn a_halt_before_deploy_needs_nothing_taken_back() {
    let fixture = Scenario::sample().begin();
    fixture.halt("not on a friday").await;
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), join(&[&TO_DEPLOY, &["ReleaseLockFailure", "FailureClean"]]));
    assert_eq!(run.errors(), [("HaltError".into(), "halted: not on a friday".into())]);
    let journal = fixture.journal();
    assert_eq!(journal.count("ec2:CreateLaunchTemplate") + journal.count("autoscaling:CreateAutoScalingGroup"), 0);
}

#[tokio::test]
async fn the_group_that_was_made_goes_when_the_second_services_cannot_be() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    fixture.fault(json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "resource": "-worker", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), given_up_in_deploy());
    let errors = run.errors();
    assert_eq!(errors[0].0, "DeployError");
    for named in ["worker", "autoscaling:CreateAutoScalingGroup", "AccessDenied"] {
        assert!(errors[0].1.contains(named), "{errors:#?}");
    }
    let web = |record: &&bifrost::local::CallRecord| record.call.name.resource.ends_with("-web");
    let made = fixture
        .journal()
        .calls
        .iter()
        .filter(web)
        .filter(|record| record.call.name.operation == "autoscaling:CreateAutoScalingGroup")
        .count();
    assert_eq!(made, 2, "the web group of both releases was made");
    first_still_runs(&fixture);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_an_error_that_says_where_and_is_taken_back() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    fixture.fault(json!({"operation": "autoscaling:CreateAutoScalingGroup", "resource": "-worker", "kind": "panic"}));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), given_up_in_deploy());
    let (error, message) = &run.errors()[0];
    assert_eq!(error, "PanicError");
    assert!(message.contains("autoscaling:CreateAutoScalingGroup") && message.contains(".rs:"), "{message}");
    first_still_runs(&fixture);
}

#[tokio::test]
async fn capacity_that_aws_does_not_have_is_waited_for_until_the_timeout() {
    let fixture =
        Scenario::web().with("/timeout", json!(120)).in_region("/spare_capacity", json!({"t3.nano": 2})).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(2));
}

#[tokio::test]
async fn a_health_that_cannot_be_read_for_a_while_is_read_again() {
    let fixture = Scenario::web().begin();
    fixture.fault(json!({"operation": "elasticloadbalancing:DescribeTargetHealth", "times": 3, "kind": "throttle"}));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), crate::paths::healthy_at_look(1));
    assert_eq!(run.errors().iter().map(|(error, _)| error.as_str()).collect::<Vec<_>>(), ["HealthError"; 3]);
}

#[tokio::test]
async fn a_health_that_cannot_be_read_at_all_takes_all_back() {
    let fixture = Scenario::web().begin();
    fixture.fault(json!({"operation": "elasticloadbalancing:DescribeTargetHealth", "kind": {"error": "AccessDenied"}}));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(0));
    assert_eq!(run.errors().len(), 4);
}

#[tokio::test]
async fn an_old_group_that_cannot_be_deleted_ends_dirty_and_keeps_the_lock() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    fixture.fault(json!({
        "operation": "autoscaling:DeleteAutoScalingGroup", "state": "CleanUpSuccess", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path().last_chunk(), Some(&["WaitDetachForSuccess", "CleanUpSuccess", "FailureDirty"]));
    let failed: Vec<_> = run.errors().into_iter().filter(|(error, _)| error == "CleanUpError").collect();
    assert_eq!(failed.len(), 4);
    assert!(failed[0].1.contains("autoscaling:DeleteAutoScalingGroup") && failed[0].1.contains("AccessDenied"));
    let lock = fixture.root_lock().unwrap();
    assert_eq!(lock.release_id.as_deref(), Some("release-1-second"));
    let next = fixture.deploy("third").await;
    assert_eq!(next.path(), crate::paths::REFUSED_BY_LOCK);
}

#[tokio::test]
async fn a_new_group_that_cannot_be_deleted_ends_dirty_and_keeps_the_lock() {
    let fixture = with_the_next_unhealthy(Scenario::sample().with("/timeout", json!(120))).await;
    fixture.fault(json!({
        "operation": "autoscaling:DeleteAutoScalingGroup", "state": "CleanUpFailure", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path().last_chunk(), Some(&["WaitDetachForFailure", "CleanUpFailure", "FailureDirty"]));
    assert_eq!(fixture.root_lock().unwrap().release_id.as_deref(), Some("release-1-second"));
}

#[tokio::test]
async fn a_lock_that_cannot_be_given_back_ends_dirty() {
    let fixture = Scenario::worker().in_account("/roles", json!({})).begin();
    fixture.fault(json!({"operation": "dynamodb:DeleteItem", "kind": {"error": "InternalServerError"}}));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureDirty"]);
    assert_eq!(fixture.root_lock().unwrap().release_id.as_deref(), Some("release-1-first"));
}

#[tokio::test]
async fn a_release_of_the_same_second_as_the_live_one_fails_and_leaves_it_alone() {
    let fixture = Scenario::sample().begin();
    let first = fixture.release("first");
    fixture.deploy_release(&first).await;
    let mut twin = fixture.release("twin");
    twin["created_at"] = first["created_at"].clone();
    let run = fixture.deploy_release(&twin).await;
    assert_eq!(run.path().last(), Some(&"FailureClean"), "{:#?}", run.errors());
    first_still_runs(&fixture);
}
