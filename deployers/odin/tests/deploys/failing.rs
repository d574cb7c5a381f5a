//! Releases that fail after they created resources: all of these are deleted, and the earlier release keeps running.

use crate::fixture::Fixture;
use crate::paths::{
    TO_DEPLOY, failed_at_first_check, failed_at_later_check, failed_in_deploy, healthy, join, without_repeated_checks,
};
use crate::sample_cloud::{IMAGE, Scenario};
use bifrost::testing::{RaisedError, Run};
use serde_json::json;

/// A fixture in which a first release runs, and in which instances of later releases never become healthy.
async fn with_unhealthy_image(scenario: Scenario) -> Fixture {
    let fixture = scenario.build();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let instances = json!({"boots_after_seconds": 20, "health": "never"});
        region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(instances).unwrap();
    });
    fixture
}

fn assert_first_runs(fixture: &Fixture) {
    let running = fixture.running();
    assert!(!running.is_empty() && running.iter().all(|(_, release)| release == "release-1-first"), "{running:?}");
}

/// Checks that the first error is a halt with this reason.
fn assert_halted(run: &Run, reason: &str) {
    let error = &run.errors()[0];
    assert_eq!((error.error.as_str(), error.code.as_deref()), ("HaltError", Some("halt/requested")), "{error:#?}");
    assert!(error.message.contains(reason), "{error:#?}");
}

#[tokio::test]
async fn unhealthy_release_fails_at_its_timeout() {
    let fixture = with_unhealthy_image(Scenario::sample()).await;
    let run = fixture.deploy("second").await;
    // The last check is a second after the timeout.
    let took = run.execution.stop_date.unwrap() - run.execution.start_date;
    assert_eq!(took.num_seconds(), 601 + 60);
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!((errors[0].error.as_str(), errors[0].code.as_deref()), ("HaltError", Some("halt/timeout")));
    assert_first_runs(&fixture);
}

#[tokio::test]
async fn unhealthy_target_group_keeps_release_unhealthy() {
    let fixture = Scenario::web().with("/timeout", json!(120)).build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    // At the fourth check, after 25 seconds, instances are registered, but not healthy.
    fixture.run_until(&deploy, |run| run.path().iter().filter(|state| **state == "CheckHealthy").count() == 4).await;
    fixture.change(|region| {
        for target in region.target_groups.values_mut().flat_map(|group| group.targets.values_mut()) {
            target.healthy_at = None;
        }
    });
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    assert_eq!(run.errors()[0].error, "HaltError");
}

#[tokio::test]
async fn more_terminations_than_max_terms_halt() {
    let terminating = json!({"terminates_after_seconds": 30});
    let fixture = Scenario::web().instance(1, terminating.clone()).instance(2, terminating).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "HaltError is not retried: {errors:#?}");
    assert_eq!(errors[0].error, "HaltError");
    assert_eq!(errors[0].code.as_deref(), Some("odin/terminating"));
    assert!(errors[0].message.contains("service web"), "{errors:#?}");
}

#[tokio::test]
async fn canary_termination_halts_despite_max_terms() {
    let fixture = Scenario::web()
        .with("/services/web/autoscaling/strategy", json!("OneThenAllWithCanary"))
        .with("/services/web/autoscaling/max_terms", json!(5))
        .instance(1, json!({"terminates_after_seconds": 30}))
        .build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    assert_eq!(run.errors()[0].error, "HaltError");
    assert_eq!(run.errors()[0].code.as_deref(), Some("odin/terminating"));
    assert_eq!(fixture.journal().sizes, [(1, 1)]);
}

#[tokio::test]
async fn halt_while_waiting_rolls_back() {
    let fixture = with_unhealthy_image(Scenario::sample()).await;
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForHealthy").await;
    fixture.halt("wrong image").await;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_first_check());
    assert_halted(&run, "wrong image");
    assert_first_runs(&fixture);
}

/// The refused deploy does not know whether it took the lock and cleans up, but the halt flag is not meant for it.
#[tokio::test]
async fn failed_lock_keeps_halt_flag_of_running_deploy() {
    let fixture = with_unhealthy_image(Scenario::worker()).await;
    let (second, third) = (fixture.release("second"), fixture.release("third"));
    fixture.upload(&second).await;
    fixture.upload(&third).await;
    let second = fixture.start(&second).await;
    fixture.run_until_state(&second, "WaitForHealthy").await;
    fixture.halt("wrong image").await;
    fixture.fault(
        json!({"operation": "s3:GetObject", "resource": "user-lock", "times": 1, "kind": {"error": "SlowDown"}}),
    );
    let third = fixture.start(&third).await;
    fixture.harness.run().await.unwrap();
    let refused = fixture.finish_while_others_run(&third).await;
    assert_eq!(refused.path(), ["Validate", "Lock", "ReleaseLockFailure", "FailureClean"]);
    let halted = fixture.finish(&second).await;
    assert_eq!(without_repeated_checks(&halted.path()), failed_at_first_check());
    assert_halted(&halted, "wrong image");
}

#[tokio::test]
async fn halt_before_deploy_creates_nothing() {
    let fixture = Scenario::sample().build();
    fixture.halt("not on a friday").await;
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), join(&[&TO_DEPLOY, &["ReleaseLockFailure", "FailureClean"]]));
    assert_halted(&run, "not on a friday");
    let journal = fixture.journal();
    assert_eq!(journal.count("ec2:CreateLaunchTemplate") + journal.count("autoscaling:CreateAutoScalingGroup"), 0);
}

#[tokio::test]
async fn created_group_is_deleted_if_another_fails() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    fixture.fault(json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "resource": "-worker", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), failed_in_deploy());
    let errors = run.errors();
    assert_eq!((errors[0].error.as_str(), errors[0].code.as_deref()), ("DeployError", Some("aws/access-denied")));
    for part in ["worker", "autoscaling:CreateAutoScalingGroup", "AccessDenied"] {
        assert!(errors[0].message.contains(part), "{errors:#?}");
    }
    let web = |record: &&bifrost::local::CallRecord| record.call.name.resource.ends_with("-web");
    let created = fixture
        .journal()
        .calls
        .iter()
        .filter(web)
        .filter(|record| record.call.name.operation == "autoscaling:CreateAutoScalingGroup")
        .count();
    assert_eq!(created, 2, "the web groups of both releases were created");
    assert_first_runs(&fixture);
}

#[tokio::test]
async fn handler_panic_is_reported_and_rolled_back() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    fixture.fault(json!({"operation": "autoscaling:CreateAutoScalingGroup", "resource": "-worker", "kind": "panic"}));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), failed_in_deploy());
    let RaisedError { error, code, message } = &run.errors()[0];
    assert_eq!((error.as_str(), code.as_deref()), ("PanicError", Some("task/panic")));
    assert!(message.contains("autoscaling:CreateAutoScalingGroup") && message.contains(".rs:"), "{message}");
    assert_first_runs(&fixture);
}

#[tokio::test]
async fn missing_ec2_capacity_fails_at_timeout() {
    let fixture =
        Scenario::web().with("/timeout", json!(120)).in_region("/spare_capacity", json!({"t3.nano": 2})).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
}

#[tokio::test]
async fn throttled_health_check_is_retried() {
    let fixture = Scenario::web().build();
    fixture.fault(json!({"operation": "elasticloadbalancing:DescribeTargetHealth", "times": 3, "kind": "throttle"}));
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.errors().iter().map(|raised| raised.error.as_str()).collect::<Vec<_>>(), ["HealthError"; 3]);
}

#[tokio::test]
async fn denied_health_check_rolls_back() {
    let fixture = Scenario::web().build();
    fixture.fault(json!({"operation": "elasticloadbalancing:DescribeTargetHealth", "kind": {"error": "AccessDenied"}}));
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_first_check());
    assert_eq!(run.errors().len(), 4);
}

#[tokio::test]
async fn undeletable_old_group_ends_dirty_and_locked() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    fixture.fault(json!({
        "operation": "autoscaling:DeleteAutoScalingGroup", "state": "CleanUpSuccess", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path().last_chunk(), Some(&["WaitDetachForSuccess", "CleanUpSuccess", "FailureDirty"]));
    let failed: Vec<_> = run.errors().into_iter().filter(|raised| raised.error == "CleanUpError").collect();
    assert_eq!(failed.len(), 4);
    assert_eq!(failed[0].code.as_deref(), Some("aws/access-denied"));
    assert!(failed[0].message.contains("autoscaling:DeleteAutoScalingGroup"), "{}", failed[0].message);
    let lock = fixture.root_lock().unwrap();
    assert_eq!(lock.release_id.as_deref(), Some("release-1-second"));
    let next = fixture.deploy("third").await;
    assert_eq!(next.path(), crate::paths::REFUSED_BY_LOCK);
}

#[tokio::test]
async fn undeletable_new_group_ends_dirty_and_locked() {
    let fixture = with_unhealthy_image(Scenario::sample().with("/timeout", json!(120))).await;
    fixture.fault(json!({
        "operation": "autoscaling:DeleteAutoScalingGroup", "state": "CleanUpFailure", "kind": {"error": "AccessDenied"},
    }));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path().last_chunk(), Some(&["WaitDetachForFailure", "CleanUpFailure", "FailureDirty"]));
    assert_eq!(fixture.root_lock().unwrap().release_id.as_deref(), Some("release-1-second"));
}

#[tokio::test]
async fn failed_unlock_ends_dirty() {
    let fixture = Scenario::worker().in_account("/roles", json!({"coinbase-odin-assumed": {"trusts": []}})).build();
    fixture.fault(json!({
        "operation": "dynamodb:TransactWriteItems", "resource": "/lock", "state": "ReleaseLockFailure",
        "kind": {"error": "InternalServerError"},
    }));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), ["Validate", "Lock", "ValidateResources", "ReleaseLockFailure", "FailureDirty"]);
    assert_eq!(fixture.root_lock().unwrap().release_id.as_deref(), Some("release-1-first"));
}

#[tokio::test]
async fn release_of_same_second_keeps_live_release() {
    let fixture = Scenario::sample().build();
    let first = fixture.release("first");
    fixture.deploy_release(&first).await;
    let mut same_second = fixture.release("same-second");
    same_second["created_at"] = first["created_at"].clone();
    let run = fixture.deploy_release(&same_second).await;
    assert_eq!(run.path().last(), Some(&"FailureClean"), "{:#?}", run.errors());
    assert_first_runs(&fixture);
}
