//! What groups that are being deleted still use is left over, and deleted by the next deploy.

use crate::fixture::Fixture;
use crate::sample_cloud::Scenario;
use serde_json::json;

const CONFIGURATION: &str = "coinbase/deploy-test-development-2020-01-01T00-00-00Z-worker";
const PLACEMENT: &str = "odin/coinbase/deploy-test/development/close";

/// The end of a deploy, and the codes of what was raised on the way.
async fn end_of(fixture: &Fixture, id: &str) -> (Option<String>, Vec<String>) {
    let release = fixture.release(id);
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    let codes = run.errors().into_iter().filter_map(|raised| raised.code);
    let codes = codes.filter(|code| code != "odin/hooks-running" && code != "odin/draining").collect();
    (run.path().last().map(|state| (*state).to_owned()), codes)
}

#[tokio::test]
async fn launch_configuration_is_left_to_the_next_release() {
    let go_odins_image = "/images/ami-0a1b2c3d4e5f60005/instances";
    let scenario =
        Scenario::worker().over_go_odin_group().in_region(go_odins_image, json!({"stops_after_seconds": 900}));
    let fixture = scenario.build();
    let (end, codes) = end_of(&fixture, "first").await;
    assert_eq!(end.as_deref(), Some("Success"));
    assert_eq!(codes, ["odin/still-used"; 3]);
    assert_eq!(fixture.root_lock(), None);
    assert!(fixture.region().launch_configurations.contains_key(CONFIGURATION));

    fixture.settle();
    assert_eq!(end_of(&fixture, "second").await.0.as_deref(), Some("Success"));
    assert!(!fixture.region().launch_configurations.contains_key(CONFIGURATION));
}

#[tokio::test]
async fn placement_group_of_a_failed_deploy_is_left_to_the_next_release() {
    let placed = Scenario::worker()
        .with("/services/worker/placement_group_name", json!(PLACEMENT))
        .with("/services/worker/placement_group_strategy", json!("spread"))
        .with("/timeout", json!(30))
        .instances(json!({"boots_after_seconds": 9000, "stops_after_seconds": 900}));
    let fixture = placed.build();
    let (end, codes) = end_of(&fixture, "first").await;
    assert_eq!(end.as_deref(), Some("FailureClean"));
    assert_eq!(codes, ["halt/timeout", "odin/still-used", "odin/still-used", "odin/still-used"]);
    assert_eq!(fixture.root_lock(), None);
    let region = fixture.region();
    assert!(region.placement_groups.contains_key(PLACEMENT));
    assert_eq!(region.launch_templates.len(), 1);

    fixture.settle();
    fixture.change(|region| {
        let image = region.images.get_mut(crate::sample_cloud::IMAGE).unwrap();
        image.instances = serde_json::from_value(json!({})).unwrap();
    });
    let mut next = fixture.release("second");
    for field in ["placement_group_name", "placement_group_strategy"] {
        next["services"]["worker"].as_object_mut().unwrap().shift_remove(field);
    }
    let run = fixture.deploy_release(&next).await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    let region = fixture.region();
    assert!(region.placement_groups.is_empty());
    assert_eq!(region.launch_templates.len(), 1);
}

/// It has the prefix of the project, but no tags of a release.
#[tokio::test]
async fn placement_group_of_somebody_else_is_kept() {
    let group = format!("/placement_groups/{}", PLACEMENT.replace('/', "~1"));
    let fixture = Scenario::worker()
        .in_region(&group, json!({"strategy": "spread"}))
        .with("/services/worker/placement_group_name", json!(PLACEMENT))
        .with("/services/worker/placement_group_strategy", json!("spread"))
        .build();
    fixture.deploy("first").await;
    let mut next = fixture.release("second");
    for field in ["placement_group_name", "placement_group_strategy"] {
        next["services"]["worker"].as_object_mut().unwrap().shift_remove(field);
    }
    let run = fixture.deploy_release(&next).await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    fixture.settle();
    assert!(fixture.region().placement_groups.contains_key(PLACEMENT));
    assert_eq!(fixture.journal().count("ec2:DeletePlacementGroup"), 0);
}
