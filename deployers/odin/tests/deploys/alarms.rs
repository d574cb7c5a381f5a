//! The alarms of a release, and its bake time.

use crate::fixture::Fixture;
use crate::paths::{
    REFUSED_BY_RESOURCES, REFUSED_BY_VALIDATE, failed_at_later_check, healthy, without_repeated_checks,
};
use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use serde_json::{Value, json};

/// The sample's worker, in service after 22 seconds, with these alarms by name.
fn scenario(alarms: Value) -> Scenario {
    let names: Vec<_> = alarms.as_object().unwrap().keys().cloned().collect();
    Scenario::worker().with("/alarms", json!(names)).in_region("/alarms_of_others", alarms)
}

fn took(run: &Run) -> i64 {
    (run.execution.stop_date.unwrap() - run.execution.start_date).num_seconds()
}

/// The time of the start of a deploy, with seconds added.
fn after(fixture: &Fixture, seconds: i64) -> Value {
    json!(fixture.local_state().clock + chrono::TimeDelta::seconds(seconds))
}

#[track_caller]
fn assert_error(run: &Run, name: &str, code: &str) {
    let errors = run.errors();
    let found: Vec<_> = errors.iter().map(|raised| (raised.error.as_str(), raised.code.as_deref())).collect();
    assert_eq!(found, [(name, Some(code))], "{errors:#?}");
}

fn fire(fixture: &Fixture, alarm: &str, seconds: i64) {
    let fires_at = after(fixture, seconds);
    fixture.change(|region| {
        let alarm = region.alarms_of_others.get_mut(alarm).unwrap();
        alarm.fires_at = serde_json::from_value(fires_at).unwrap();
    });
}

#[tokio::test]
async fn bake_time_delays_the_switch() {
    let fixture = Scenario::worker().with("/bake_time", json!(100)).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    // Healthy at the check after 25 seconds, and 5 seconds in WaitDetachForSuccess.
    assert_eq!(took(&run), 25 + 100 + 5);
    let output = run.execution.output.unwrap();
    assert!(output["healthy_since"].is_string(), "{output}");
    let without = Scenario::worker().build().deploy("first").await;
    assert_eq!(without.execution.output.unwrap().get("healthy_since"), None);
}

#[tokio::test]
async fn bake_begins_again_after_an_unhealthy_check() {
    let fixture = Scenario::worker().with("/bake_time", json!(100)).build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    let healthy_since = |run: &Run| {
        let output = run.history.iter().rev().find_map(|event| event.details.output.clone());
        output.and_then(|output| output.get("healthy_since").cloned())
    };
    fixture.run_until(&deploy, |run| healthy_since(run).is_some()).await;
    let instances = |unhealthy: bool| {
        fixture.change(|region| {
            let groups = region.auto_scaling_groups.values_mut();
            let own = groups.filter(|group| group.tags["ConfigName"] == "development");
            own.flat_map(|group| group.instances.values_mut()).for_each(|instance| instance.unhealthy = unhealthy);
        });
    };
    instances(true);
    fixture.run_until(&deploy, |run| healthy_since(run).is_none()).await;
    instances(false);
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert!(took(&run) >= 25 + 5 + 100 + 5, "{}", took(&run));
}

#[tokio::test]
async fn alarm_that_fires_during_the_deploy_rolls_back() {
    for seconds in [12, 60] {
        let fixture = scenario(json!({"errors": {}, "all": {}})).with("/bake_time", json!(100)).build();
        fire(&fixture, "errors", seconds);
        let run = fixture.deploy("first").await;
        assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
        // It is not retried.
        assert_error(&run, "AlarmError", "odin/alarm-firing");
        assert!(run.errors()[0].message.contains("alarm errors fires since"), "{:?}", run.errors());
    }
}

#[tokio::test]
async fn alarm_that_disappears_rolls_back() {
    let fixture = scenario(json!({"errors": {}})).with("/bake_time", json!(100)).build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForHealthy").await;
    fixture.change(|region| region.alarms_of_others.clear());
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    assert_error(&run, "AlarmError", "odin/alarm-missing");
}

#[tokio::test]
async fn unanswered_question_for_alarms_is_a_health_error() {
    let fixture = scenario(json!({"errors": {}})).build();
    fixture.fault(json!({
        "operation": "cloudwatch:DescribeAlarms", "state": "CheckHealthy", "times": 1, "kind": {"error": "InternalServiceError"}
    }));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path().last(), Some(&"Success"));
    assert_eq!(run.errors()[0].error, "HealthError");
}

#[tokio::test]
async fn alarm_that_fires_or_is_missing_before_the_deploy_is_refused() {
    for (alarms, named, code) in [
        (json!({"errors": {"fires_at": "2020-01-01T00:00:00Z"}}), json!(["errors"]), "odin/alarm-fires-before"),
        (json!({}), json!(["errors"]), "odin/not-found"),
    ] {
        let fixture = scenario(alarms).with("/alarms", named).build();
        let run = fixture.deploy("first").await;
        assert_eq!(run.path(), REFUSED_BY_RESOURCES);
        assert_error(&run, "BadReleaseError", code);
        assert!(run.errors()[0].message.contains("alarms[0]"), "{:?}", run.errors());
    }
}

#[tokio::test]
async fn alarm_that_fired_before_may_be_ignored() {
    let ignoring = |fires_at: Value| {
        scenario(json!({"errors": {"fires_at": fires_at}})).with("/ignore_firing_alarms", json!(true)).build()
    };
    let run = ignoring(json!("2020-01-01T00:00:00Z")).deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    // One that fires after the start counts.
    let fixture = ignoring(json!(null));
    fire(&fixture, "errors", 12);
    assert_error(&fixture.deploy("second").await, "AlarmError", "odin/alarm-firing");
}

#[tokio::test]
async fn too_many_alarms_and_a_too_long_bake_are_refused() {
    let alarms: Vec<_> = (0..11).map(|number| format!("alarm-{number}")).collect();
    for (field, value, code) in [
        ("/alarms", json!(alarms), "odin/alarms"),
        ("/alarms", json!(["errors", "errors"]), "odin/duplicate"),
        ("/bake_time", json!(600), "odin/duration"),
    ] {
        let run = Scenario::worker().with(field, value).build().deploy("first").await;
        assert_eq!(run.path(), REFUSED_BY_VALIDATE);
        assert_error(&run, "BadReleaseError", code);
    }
}

/// The log of the release says why a healthy deploy waits.
#[tokio::test]
async fn bake_is_logged() {
    let fixture = Scenario::worker().with("/bake_time", json!(100)).build();
    fixture.deploy("first").await;
    let log = fixture.log("first").await;
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("all services are healthy; they must stay so for 100 s"), "{log}");
}
