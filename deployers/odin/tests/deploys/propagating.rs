//! AWS does not know at once what was just created. Deploy repeats such calls for some seconds, in the time of the local cloud.

use crate::fixture::Fixture;
use crate::paths::{failed_in_deploy, healthy, without_repeated_checks};
use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const NO_TEMPLATE: &str = "You must use a valid fully-formed launch template. The specified launch template, with template \
                           name coinbase/deploy-test, does not exist.";

/// A fault in Deploy: this many calls fail with that error.
fn refuse(operation: &str, error: &Value, times: u32) -> Value {
    json!({"operation": operation, "state": "Deploy", "times": times, "kind": {"error": error}})
}

fn validation_error(message: &str) -> Value {
    json!({"code": "ValidationError", "message": message})
}

/// A deploy with that fault, and the seconds of its calls of the operation, from the first.
async fn deploy(scenario: Scenario, fault: &Value) -> (Fixture, Run, Vec<i64>) {
    let fixture = scenario.fault(fault.clone()).build();
    let times = Arc::new(Mutex::new(Vec::new()));
    let (recorded, operation) = (Arc::clone(&times), fault["operation"].as_str().unwrap().to_owned());
    fixture.harness.store().watch(Box::new(move |record, _, after| {
        if record.call.name.operation == operation {
            recorded.lock().unwrap().push(after.clock);
        }
    }));
    let run = fixture.deploy("first").await;
    let times = times.lock().unwrap().clone();
    let seconds = times.iter().map(|time| time.signed_duration_since(times[0]).num_seconds()).collect();
    (fixture, run, seconds)
}

#[tokio::test]
async fn every_call_is_repeated_until_it_is_known() {
    let not_found = "AutoScalingGroup name not found - AutoScalingGroup web not found";
    let profile = "You must use a valid fully-formed launch template. Value (arn:aws:iam::1:instance-profile/web) for parameter \
                   iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN";
    let hook = "Unable to publish test message to notification target arn:aws:sns:us-east-1:1:hooks using IAM role \
                arn:aws:iam::1:role/hooks. Please check your target and role configuration and try to put lifecycle hook again.";
    let placed = "You must use a valid fully-formed launch template. The Placement Group 'odin/web' is unknown.";
    let throttled = "You must use a valid fully-formed launch template. Request limit exceeded.";
    let cases = [
        refuse("autoscaling:CreateAutoScalingGroup", &validation_error(NO_TEMPLATE), 4),
        refuse("autoscaling:CreateAutoScalingGroup", &validation_error(profile), 4),
        refuse("autoscaling:CreateAutoScalingGroup", &validation_error(hook), 4),
        refuse("autoscaling:CreateAutoScalingGroup", &validation_error(placed), 4),
        refuse("autoscaling:CreateAutoScalingGroup", &validation_error(throttled), 4),
        // A message that nobody knows.
        refuse("autoscaling:CreateAutoScalingGroup", &json!("ValidationError"), 2),
        refuse("autoscaling:PutScalingPolicy", &validation_error(not_found), 4),
        refuse("autoscaling:EnableMetricsCollection", &validation_error(not_found), 4),
        refuse("cloudwatch:PutMetricAlarm", &json!("ResourceNotFound"), 4),
        refuse("ec2:CreateLaunchTemplate", &json!("RequestLimitExceeded"), 4),
        refuse("ec2:CreatePlacementGroup", &json!("RequestLimitExceeded"), 4),
    ];
    for fault in cases {
        let scenario = Scenario::web()
            .with("/services/web/placement_group_name", json!("odin/coinbase/deploy-test/development/close"))
            .with("/services/web/placement_group_strategy", json!("cluster"));
        let (_, run, seconds) = deploy(scenario, &fault).await;
        assert_eq!(without_repeated_checks(&run.path()), healthy(), "{fault}: {:#?}", run.errors());
        assert!(seconds.last() >= Some(&3), "{fault}: {seconds:?}");
    }
}

#[tokio::test]
async fn repetition_ends_after_30_seconds() {
    let fault = refuse("autoscaling:CreateAutoScalingGroup", &validation_error(NO_TEMPLATE), 99);
    let (_, run, seconds) = deploy(Scenario::web(), &fault).await;
    assert_eq!(run.path(), failed_in_deploy());
    assert_eq!(seconds, [0, 1, 3, 7, 15, 30]);
    let error = &run.errors()[0];
    assert_eq!(error.error, "DeployError");
    assert!(error.message.contains("does not exist"), "the last error: {}", error.message);
}

#[tokio::test]
async fn unknown_messages_are_repeated_for_7_seconds() {
    let fault = refuse("autoscaling:CreateAutoScalingGroup", &json!("ValidationError"), 99);
    let (_, run, seconds) = deploy(Scenario::web(), &fault).await;
    assert_eq!(run.path(), failed_in_deploy());
    assert_eq!(seconds, [0, 1, 3, 7]);
}

/// The answer to the first request is lost, so the repeated one meets a group of its own.
#[tokio::test]
async fn repeated_creation_creates_one_group() {
    let fault = json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "times": 1, "kind": {"error_after": "ServiceUnavailable"},
    });
    let (fixture, run, _) = deploy(Scenario::web(), &fault).await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    assert_eq!(fixture.live().len(), 1);
}

#[tokio::test]
async fn denied_call_is_not_repeated() {
    let fault = refuse("autoscaling:CreateAutoScalingGroup", &json!("AccessDenied"), 1);
    let (_, run, seconds) = deploy(Scenario::web(), &fault).await;
    assert_eq!(run.path(), failed_in_deploy());
    assert_eq!(seconds, [0]);
}
