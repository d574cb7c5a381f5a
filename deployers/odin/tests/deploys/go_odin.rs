//! Faults of the Go originals, each by its name. Of those that an execution can show: the others are tested where they
//! would be made, such as a lifecycle state shorter than four letters beside the health of instances.

use crate::paths::healthy_at_look;
use crate::sample_cloud::{Scenario, set};
use serde_json::json;

#[tokio::test]
async fn the_role_of_an_account_is_assumed_once_and_not_for_every_client() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    fixture.deploy("second").await;
    assert_eq!(fixture.journal().count("sts:AssumeRole"), 1);
}

#[tokio::test]
async fn clean_up_that_runs_again_after_it_freed_the_lock_does_not_report_it_stolen() {
    let fixture = Scenario::sample().begin();
    fixture.deploy("first").await;
    for kind in [json!("die_after"), json!({"error_after": "InternalServerError"})] {
        fixture.fault(json!({"operation": "dynamodb:DeleteItem", "state": "CleanUpSuccess", "times": 1, "kind": kind}));
    }
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1), "{:#?}", run.errors());
    let errors: Vec<_> =
        run.errors().into_iter().map(|(error, _)| error).filter(|error| error != "DetachError").collect();
    assert_eq!(errors, ["Lambda.Unknown", "LockError"]);
}

/// `CleanUpSuccess` of the first frees the lock and dies, again and again. While it waits for its retries, the second
/// release is deployed and comes to run: the late runs of the first must leave it alone.
#[tokio::test]
async fn clean_up_that_runs_again_after_the_next_release_is_live_leaves_that_alone() {
    let fixture = Scenario::worker().begin();
    fixture
        .fault(json!({"operation": "dynamodb:DeleteItem", "state": "CleanUpSuccess", "times": 3, "kind": "die_after"}));
    let first = fixture.release("first");
    fixture.upload(&first).await;
    let first = fixture.start(&first).await;
    fixture.run_until_in(&first, "CleanUpSuccess").await;
    assert_eq!(fixture.root_lock(), None);

    fixture.advance(chrono::TimeDelta::seconds(1));
    let second = fixture.release("second");
    fixture.upload(&second).await;
    let second = fixture.start(&second).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&first.name).await.unwrap();
    assert_eq!(run.path(), healthy_at_look(1));
    // The first death of three was forgotten with the engine that had not saved it yet.
    assert_eq!(run.errors().len(), 2);
    let next = fixture.finish(&second).await;
    assert_eq!(next.path(), healthy_at_look(1));
    assert!(run.execution.stop_date > next.execution.stop_date, "the last run of the first was not late");
    assert_eq!(fixture.running(), [("worker".into(), "release-1-second".into())]);
}

#[tokio::test]
async fn a_releases_own_wait_for_detach_is_kept() {
    let fixture = Scenario::sample().with("/wait_for_detach", json!(200)).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1));
    assert_eq!(run.execution.output.as_ref().unwrap()["wait_for_detach"], 200);
    let took = run.execution.stop_date.unwrap() - run.execution.start_date;
    assert_eq!(took.num_seconds(), 90 + 15 + 200 + 5);
}

#[tokio::test]
async fn a_slow_start_that_is_longer_than_wait_for_detach_is_waited_for() {
    let slow = "/target_groups/coinbase-deploy-test-web-tg/slow_start_seconds";
    let fixture = Scenario::sample().with("/wait_for_detach", json!(200)).in_region(slow, json!(300)).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.execution.output.unwrap()["wait_for_detach"], 300);
}

#[tokio::test]
async fn configs_whose_names_begin_alike_are_deployed_at_the_same_time_and_apart() {
    let fixture = Scenario::worker()
        .in_region("/security_groups/sg-0a1b2c3d4e5f60001/tags/ConfigName", json!("_all"))
        .in_account(
            "/resources/iam/instance_profiles/coinbase-deploy-test-worker/path",
            json!("/odin/coinbase/deploy-test/_all/_all/"),
        )
        .in_region("/auto_scaling_groups", json!({}))
        .begin();
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
        assert_eq!(fixture.finish_beside_another(deploy).await.path(), healthy_at_look(1));
    }
    let configs: Vec<_> =
        fixture.region().auto_scaling_groups.into_values().map(|group| group.tags["ConfigName"].clone()).collect();
    assert_eq!(configs, ["development", "development-canary"]);
    // The next release of the one does not replace the other's group.
    assert_eq!(fixture.deploy("next").await.path(), healthy_at_look(1));
    assert_eq!(fixture.region().auto_scaling_groups.len(), 2);
}

/// The original read the lock, then wrote it: two deploys could both win.
#[tokio::test]
async fn of_ten_deploys_at_the_same_moment_one_wins() {
    let fixture = Scenario::worker().begin();
    let mut deploys = Vec::new();
    for n in 0..10 {
        let release = fixture.release(&format!("{n}"));
        fixture.upload(&release).await;
        deploys.push(fixture.start(&release).await);
    }
    fixture.harness.run().await.unwrap();
    let mut paths = Vec::new();
    for deploy in &deploys {
        paths.push(fixture.finish_beside_another(deploy).await.path().len());
    }
    paths.sort_unstable();
    assert_eq!(paths, [vec![3; 9], vec![13]].concat());
}
