//! What Go Odin accepts, and Odin accepts with a note: in the log of the release, and in the plan.

use crate::fixture::Fixture;
use crate::paths::{healthy, without_repeated_checks};
use crate::sample_cloud::{Scenario, set};
use bifrost::release::Sha256;
use odin::cloud::UserData;
use odin::cloud::local::{StoredGroup, StoredTemplate};
use odin::release::OdinRelease;
use serde_json::json;

/// Deploys, and returns the log of the release without times.
async fn log_of(fixture: &Fixture) -> Vec<String> {
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    let cloud = fixture.harness.cloud();
    let envelope = OdinRelease::read(&run.execution.output.unwrap(), cloud.defaults()).unwrap().envelope;
    let log = cloud.account().objects.get(&envelope.bucket, &envelope.release_dir().log(), 1 << 20).await.unwrap();
    let log = log.map(|log| String::from_utf8(log.body).unwrap()).unwrap_or_default();
    log.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

/// The group of `worker` and its launch template.
fn worker(fixture: &Fixture) -> (StoredGroup, StoredTemplate) {
    let group = fixture.live()["worker"].clone();
    let template = fixture.region().launch_templates[group.launch_template.as_ref().unwrap()].clone();
    (group, template)
}

#[tokio::test]
async fn sample_release_has_no_notes() {
    assert_eq!(log_of(&Scenario::sample().build()).await, Vec::<String>::new());
}

#[tokio::test]
async fn grace_period_above_the_timeout_is_lowered() {
    let grace = "/services/worker/autoscaling/health_check_grace_period";
    let fixture = Scenario::worker().with("/timeout", json!(240)).with(grace, json!(300)).build();
    let log = log_of(&fixture).await;
    assert_eq!(log.len(), 1, "{log:?}");
    for part in ["services.worker.autoscaling.health_check_grace_period", "300 s", "240 s"] {
        assert!(log[0].contains(part), "{part} is not in {log:?}");
    }
    assert_eq!(worker(&fixture).0.health_check_grace_period_seconds, 240);
}

#[tokio::test]
async fn tag_of_the_deployer_is_ignored() {
    let tags = json!({"Name": "my worker", "ReleaseUUID": "x".repeat(300), "team": "infra"});
    let fixture = Scenario::worker().with("/services/worker/tags", tags).build();
    let log = log_of(&fixture).await;
    let noted: Vec<_> = log.iter().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(noted, ["services.worker.tags.Name", "services.worker.tags.ReleaseUUID"]);
    let (group, template) = worker(&fixture);
    assert!(group.tags["Name"].ends_with("Z-worker"), "{:?}", group.tags);
    assert_eq!((group.tags["team"].as_str(), group.tags["ReleaseUUID"].len()), ("infra", 36));
    assert_eq!(template.template.volume_tags, group.tags);
}

#[tokio::test]
async fn user_data_that_is_not_text_is_passed_through() {
    let gzip = b"\x1f\x8b\x08\x00{{RELEASE_ID}}\xff\xfe".to_vec();
    let fixture = Scenario::worker().build();
    let mut release = fixture.release("first");
    set(&mut release, "/user_data_sha256", json!(Sha256::of(&gzip)));
    let run = fixture.harness.deploy(&release, &[("userdata", &gzip)]).await.unwrap();
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    assert_eq!(worker(&fixture).1.template.user_data, UserData::from(gzip));
}

/// The grace period during the deploy and after it.
async fn grace_periods(scenario: Scenario) -> (u32, u32) {
    let fixture = scenario.build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "WaitForDeploy").await;
    let during = worker(&fixture).0.health_check_grace_period_seconds;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    (during, worker(&fixture).0.health_check_grace_period_seconds)
}

#[tokio::test]
async fn grace_period_is_300_seconds_after_success() {
    let grace = "/services/worker/autoscaling/health_check_grace_period";
    let of =
        |timeout: u32, set: Option<u32>| Scenario::worker().with("/timeout", json!(timeout)).with(grace, json!(set));
    assert_eq!(grace_periods(of(600, None)).await, (600, 300));
    assert_eq!(grace_periods(of(172_800, None).instances(json!({"boots_after_seconds": 30}))).await, (172_800, 300));
    assert_eq!(grace_periods(of(240, None)).await, (240, 300));
    assert_eq!(grace_periods(of(600, Some(100))).await, (100, 100), "the release sets it");
    assert_eq!(grace_periods(of(600, Some(600))).await, (600, 600), "the release sets it");
    assert_eq!(grace_periods(of(600, Some(601))).await, (600, 600), "the release sets it, but too high");
}
