use super::*;
use crate::harness::{REGION, deploy, new_harness, output, release};
use crate::release::sample;
use bifrost::client::{Client, DeployEvent, Started};
use bifrost::local::Fault;
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use chrono::TimeDelta;
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;

fn temporary_release(user_data: Option<&[u8]>) -> std::path::PathBuf {
    let name = format!("odin-{}-{}.json", std::process::id(), user_data.is_some());
    let file = std::env::temp_dir().join(name);
    let beside = std::env::temp_dir().join(format!("{}.userdata", file.file_name().unwrap().to_str().unwrap()));
    match user_data {
        Some(body) => std::fs::write(beside, body).unwrap(),
        None => assert!(!beside.exists()),
    }
    file
}

#[test]
fn user_data_is_attached_with_its_hash() {
    let mut release = Map::new();
    let attached = Odin::attach(&temporary_release(Some(b"abc")), &mut release, &ReusableFiles::default()).unwrap();
    assert_eq!(attached[0].body, Body::Bytes(b"abc".into()));
    assert_eq!(attached[0].encryption, Encryption::Kms("alias/aws/s3".into()));
    assert_eq!(Value::Object(release), json!({ "user_data_sha256": Sha256::of(b"abc") }));
}

#[test]
fn missing_user_data_names_the_file() {
    let file = temporary_release(None);
    let error = Odin::attach(&file, &mut Map::new(), &ReusableFiles::default()).unwrap_err();
    assert_eq!(error.code(), "odin/user-data-file");
    assert!(error.to_string().contains(&format!("{}.userdata", file.display())), "{error}");
}

#[tokio::test]
async fn deploy_reports_progress_changes_and_groups() {
    let harness = new_harness(&[]);
    let first = output(&harness, &deploy(&harness, &release(2, &[])).await);
    let dots = |name: &str, healthy, enough| Progress { name: name.into(), healthy, enough, ..Progress::default() };
    assert_eq!(Odin::progress(&first), [dots("web", 5, 3), dots("worker", 1, 1)]);
    let second = output(&harness, &deploy(&harness, &release(1, &[])).await);
    let groups = |time: &str| {
        ["web", "worker"].map(|service| format!("group coinbase/deploy-test-development-2026-11-21T{time}-{service}"))
    };
    assert_eq!(
        Odin::changes(&second),
        Changes { created: groups("11-00-00Z").into(), deleted: groups("10-00-00Z").into(), ..Changes::default() }
    );

    let client = Client::<Odin>::from(harness.cloud());
    let context = client.context(&Address::from(&second.envelope)).await.unwrap();
    let deployed = Odin::deployed(&context).await.unwrap();
    let serving: Vec<_> = deployed.iter().filter(|found| found.state == Some(DeployedState::Serving)).collect();
    let [web, worker] = serving.as_slice() else { panic!("{deployed:?}") };
    assert_eq!((web.service.as_str(), web.release_id.as_str()), ("web", "release-2026-11-21T11-00-00Z-abcdefgh"));
    assert!(worker.parts[0].ends_with(" InService Healthy"), "{worker:?}");
}

/// The groups in `status`: service, the first letters of the release's time, and state.
async fn states(harness: &TestHarness<Odin>, sent: &Value) -> Vec<String> {
    let client = Client::<Odin>::from(harness.cloud());
    let release: OdinRelease = Release::read(sent, harness.cloud().defaults()).unwrap();
    let deployment = client.deployment(&Address::from(&release.envelope)).await.unwrap();
    let state = |found: &Deployed| found.state.map_or("none", DeployedState::as_str);
    let line = |found: &Deployed| format!("{} {} {}", found.service, &found.release_id[19..21], state(found));
    deployment.services.iter().map(line).collect()
}

#[tokio::test]
async fn status_shows_which_groups_serve() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let second = release(1, &[]);
    harness.upload(&second, &[("userdata", sample::USER_DATA)]).await.unwrap();
    let name = harness.start(&second).await.unwrap();
    let wait_in = async |state: &str| {
        let run = || harness.execution(&name).now_or_never().unwrap().unwrap();
        harness.run_until(|| run().path().last() == Some(&state)).await.unwrap();
        states(&harness, &second).await
    };
    assert_eq!(
        wait_in("WaitForDeploy").await,
        ["web 10 serving", "worker 10 serving", "web 11 starting", "worker 11 starting"]
    );
    assert_eq!(
        wait_in("WaitForDetach").await,
        ["web 10 serving", "worker 10 serving", "web 11 serving", "worker 11 serving"]
    );
    // Its balancers drain it; `worker` has none, and waits for its hook.
    assert_eq!(
        wait_in("DetachForSuccess").await,
        ["web 10 draining", "worker 10 draining", "web 11 serving", "worker 11 serving"]
    );
    assert_eq!(
        wait_in("WaitDetachForSuccess").await,
        ["web 10 detached", "worker 10 empty", "web 11 serving", "worker 11 serving"]
    );
    harness.run().await.unwrap();
    assert_eq!(states(&harness, &second).await, ["web 11 serving", "worker 11 serving"]);
}

#[tokio::test]
async fn status_lists_groups_that_are_being_deleted() {
    let health = format!("{REGION}/images/ami-0a1b2c3d4e5f60001/instances/health");
    let harness = new_harness(&[(&health, json!("never"))]);
    let failing = release(1, &[("/timeout", json!(120))]);
    deploy(&harness, &failing).await;
    assert_eq!(states(&harness, &failing).await, ["web 11 being deleted", "worker 11 being deleted"]);
    harness.advance(TimeDelta::hours(1)).unwrap();
    assert_eq!(states(&harness, &failing).await, Vec::<String>::new());
}

#[tokio::test]
async fn left_over_groups_are_not_those_that_are_being_deleted() {
    let image = format!("{REGION}/images/ami-0a1b2c3d4e5f60001/instances/stops_after_seconds");
    let harness = new_harness(&[(&image, json!(9000))]);
    deploy(&harness, &release(2, &[])).await;
    let denied = json!({
        "operation": "autoscaling:DeleteAutoScalingGroup", "resource": "-worker", "kind": {"error": "AccessDenied"},
    });
    let fault: Fault = serde_json::from_value(denied).unwrap();
    harness.store().transact(|state| state.faults.push(fault)).unwrap();
    let run = deploy(&harness, &release(1, &[])).await;
    let client = Client::<Odin>::from(harness.cloud());
    let mut follower = client.follow(Started { execution: run.execution.name, is_ours: true, joined: false });
    follower.poll().await.unwrap();
    let left_over = &follower.outcome().unwrap().left_over;
    assert_eq!(*left_over, ["group coinbase/deploy-test-development-2026-11-21T10-00-00Z-worker"]);
}

#[tokio::test]
async fn draining_is_waiting_and_no_trouble() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let run = deploy(&harness, &release(1, &[])).await;
    let client = Client::<Odin>::from(harness.cloud());
    let started = Started { execution: run.execution.name, is_ours: true, joined: false };
    let events = client.follow(started).poll().await.unwrap();
    let failures = events.iter().filter_map(|event| match event {
        DeployEvent::Failure(failure) => Some((failure.code.as_deref(), failure.is_waiting)),
        _ => None,
    });
    let failures: Vec<_> = failures.collect();
    let codes: BTreeSet<_> = failures.iter().filter_map(|(code, _)| *code).collect();
    assert!(codes.into_iter().eq(["odin/draining", "odin/hooks-running"]), "{failures:?}");
    assert!(failures.iter().all(|(_, is_waiting)| *is_waiting), "{failures:?}");
}

#[test]
fn dots_never_outnumber_instances() {
    let report = HealthyReport {
        target_launched: 5,
        launching: 4,
        healthy: 1,
        terminating: 1,
        target_healthy: 3,
        ..HealthyReport::default()
    };
    let expected = Progress { name: "web".into(), waiting: 1, starting: 2, healthy: 1, terminating: 1, enough: 3 };
    assert_eq!(super::dots("web".into(), &report), expected);
}
