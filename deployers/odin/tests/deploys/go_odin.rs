//! Bugs of Go Odin that an execution can show. The others have unit tests, such as a lifecycle state of fewer than four
//! letters.

use crate::paths::{healthy, without_repeated_checks};
use crate::sample_cloud::{Scenario, set};
use serde_json::json;

#[tokio::test]
async fn role_is_assumed_once_per_account() {
    let fixture = Scenario::sample().build();
    fixture.deploy("first").await;
    fixture.deploy("second").await;
    assert_eq!(fixture.journal().count("sts:AssumeRole"), 1);
}

#[tokio::test]
async fn repeated_clean_up_does_not_report_stolen_lock() {
    for (kind, error) in
        [(json!("die_after"), "Lambda.Unknown"), (json!({"error_after": "InternalServerError"}), "LockError")]
    {
        let fixture = Scenario::sample().build();
        fixture.deploy("first").await;
        let give_back = json!({
            "operation": "dynamodb:TransactWriteItems", "resource": "/lock", "state": "CleanUpSuccess", "times": 1, "kind": kind,
        });
        fixture.fault(give_back);
        let run = fixture.deploy("second").await;
        assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
        let errors = run.errors().into_iter().map(|raised| raised.error).filter(|error| error != "DetachError");
        assert_eq!(errors.collect::<Vec<_>>(), [error]);
    }
}

/// `CleanUpSuccess` of the first release gives the lock back and crashes. The second release is deployed while it runs again,
/// and is not changed. (`invocations` has later attempts.)
#[tokio::test]
async fn late_clean_up_keeps_the_next_release() {
    let fixture = Scenario::worker().build();
    fixture.fault(json!({
        "operation": "dynamodb:TransactWriteItems", "resource": "/lock", "state": "CleanUpSuccess", "times": 1, "kind": "die_after",
    }));
    let first = fixture.release("first");
    fixture.upload(&first).await;
    let first = fixture.start(&first).await;
    fixture.run_until_state(&first, "CleanUpSuccess").await;
    assert_eq!(fixture.root_lock(), None);

    fixture.advance(chrono::TimeDelta::seconds(1));
    let second = fixture.release("second");
    fixture.upload(&second).await;
    let second = fixture.start(&second).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&first.name).await.unwrap();
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(without_repeated_checks(&fixture.finish(&second).await.path()), healthy());
    assert_eq!(fixture.running(), [("worker".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn wait_for_detach_of_release_is_kept() {
    let fixture = Scenario::sample().with("/wait_for_detach", json!(200)).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy());
    assert_eq!(run.execution.output.as_ref().unwrap()["wait_for_detach"], 200);
    let took = run.execution.stop_date.unwrap() - run.execution.start_date;
    // Instances are healthy after 47 seconds, and are checked every 5 seconds.
    assert_eq!(took.num_seconds(), 50 + 200 + 5);
}

#[tokio::test]
async fn longer_slow_start_extends_wait_for_detach() {
    let slow = "/target_groups/coinbase-deploy-test-web-tg/slow_start_seconds";
    let fixture = Scenario::sample().with("/wait_for_detach", json!(200)).in_region(slow, json!(300)).build();
    let run = fixture.deploy("first").await;
    assert_eq!(run.execution.output.unwrap()["wait_for_detach"], 300);
}

#[tokio::test]
async fn configs_with_common_prefix_are_independent() {
    let fixture = Scenario::worker()
        .in_region("/security_groups/sg-0a1b2c3d4e5f60001/tags/ConfigName", json!("_all"))
        .in_account(
            "/resources/iam/instance_profiles/coinbase-deploy-test-worker/path",
            json!("/odin/coinbase/deploy-test/_all/_all/"),
        )
        .in_region("/auto_scaling_groups", json!({}))
        .build();
    let plain = fixture.release("plain");
    let mut canary = fixture.release("canary");
    set(&mut canary, "/config_name", json!("development-canary"));
    let mut deploys = Vec::new();
    for release in [&plain, &canary] {
        fixture.upload(release).await;
        deploys.push(fixture.start(release).await);
    }
    fixture.harness.run().await.unwrap();
    for deploy in &deploys {
        assert_eq!(without_repeated_checks(&fixture.finish_while_others_run(deploy).await.path()), healthy());
    }
    let configs: Vec<_> =
        fixture.region().auto_scaling_groups.into_values().map(|group| group.tags["ConfigName"].clone()).collect();
    assert_eq!(configs, ["development", "development-canary"]);
    // The next release of one config does not replace the group of the other.
    assert_eq!(without_repeated_checks(&fixture.deploy("next").await.path()), healthy());
    assert_eq!(fixture.region().auto_scaling_groups.len(), 2);
}

/// Go Odin reads the lock before it writes it, so that two deploys can both take it.
#[tokio::test]
async fn one_of_ten_concurrent_deploys_wins() {
    let fixture = Scenario::worker().build();
    let mut deploys = Vec::new();
    for n in 0..10 {
        let release = fixture.release(&format!("{n}"));
        fixture.upload(&release).await;
        deploys.push(fixture.start(&release).await);
    }
    fixture.harness.run().await.unwrap();
    let mut paths = Vec::new();
    for deploy in &deploys {
        paths.push(without_repeated_checks(&fixture.finish_while_others_run(deploy).await.path()).len());
    }
    paths.sort_unstable();
    assert_eq!(paths, [vec![3; 9], vec![13]].concat());
}
