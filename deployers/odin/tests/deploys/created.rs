//! What the groups of a release are made of.

use crate::fixture::Fixture;
use crate::paths::{given_up_after_looks, healthy_at_look};
use crate::sample_cloud::Scenario;
use odin::cloud::local::{StoredGroup, StoredTemplate};
use odin::cloud::{Comparison, HealthCheckType};
use serde_json::{Value, json};

async fn deployed(scenario: Scenario) -> Fixture {
    let fixture = scenario.begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), healthy_at_look(1), "{:#?}", run.errors());
    fixture
}

/// The group of a service, its name and its launch template.
fn made(fixture: &Fixture, service: &str) -> (String, StoredGroup, StoredTemplate) {
    let region = fixture.region();
    let mut groups = region.auto_scaling_groups.into_iter();
    let (name, group) =
        groups.find(|(name, _)| name.ends_with(&format!("Z-{service}")) && !name.contains("canary")).unwrap();
    let template = region.launch_templates[group.launch_template.as_ref().unwrap()].clone();
    (name, group, template)
}

#[tokio::test]
async fn a_group_is_named_tagged_and_set_up_as_the_release_says() {
    let fixture = deployed(Scenario::sample().with("/services/web/tags", json!({"Team": "infra"}))).await;
    let (name, group, _) = made(&fixture, "web");
    assert_eq!(name, "coinbase/deploy-test-development-2026-11-21T13-00-00Z-web");
    let tag = |key: &str| group.tags[key].as_str();
    let tags = ["ProjectName", "ConfigName", "ServiceName", "ReleaseID", "Name", "Team"].map(tag);
    assert_eq!(tags, ["coinbase/deploy-test", "development", "web", "release-1-first", name.as_str(), "infra"]);
    assert_eq!(group.tags.len(), 7);
    assert_eq!(group.health_check_type, HealthCheckType::Elb);
    assert_eq!(group.health_check_grace_period_seconds, 600);
    assert_eq!(group.default_cooldown_seconds, 300);
    assert_eq!(group.termination_policies, ["ClosestToNextInstanceHour"]);
    assert_eq!(group.subnet_ids, ["subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000b"]);
    assert!(group.metrics_enabled);
    let hook = &group.lifecycle_hooks[0];
    assert_eq!((hook.name.as_str(), hook.transition.as_str()), ("termhook", "autoscaling:EC2_INSTANCE_TERMINATING"));
    assert_eq!(hook.heartbeat_timeout_seconds, Some(300));
    assert_eq!(made(&fixture, "worker").1.health_check_type, HealthCheckType::Ec2);
}

#[tokio::test]
async fn policies_become_scaling_policies_and_alarms_of_the_same_name() {
    let fixture = deployed(Scenario::sample()).await;
    let (name, group, _) = made(&fixture, "web");
    let (up, down) = (format!("{name}-cpu_scale_up"), format!("{name}-cpu_scale_down"));
    assert_eq!(group.scaling_policies.keys().collect::<Vec<_>>(), [&down, &up]);
    assert_eq!(group.scaling_policies[&up].scaling_adjustment, 2);
    assert_eq!(group.scaling_policies[&down].scaling_adjustment, -1);
    let region = fixture.region();
    assert_eq!(region.alarms.len(), 2);
    let alarm = &region.alarms[&up];
    assert_eq!((alarm.threshold, alarm.period_seconds, alarm.evaluation_periods), (25.0, 300, 2));
    assert_eq!(alarm.comparison, Comparison::GreaterThanThreshold);
    assert!(alarm.policy_arn.ends_with(&up));
    assert_eq!(region.alarms[&down].comparison, Comparison::LessThanThreshold);
}

#[tokio::test]
async fn an_instance_gets_the_volume_that_the_release_asks_for_and_none_otherwise() {
    let fixture = deployed(Scenario::sample()).await;
    let volume = made(&fixture, "web").2.template.ebs_volume.unwrap();
    assert_eq!((volume.device_name.as_str(), volume.size_gib, volume.volume_type.as_str()), ("/dev/sda1", 20, "gp3"));
    assert_eq!(made(&fixture, "worker").2.template.ebs_volume, None);
}

#[tokio::test]
async fn a_volume_of_the_originals_default_type_keeps_working() {
    let scenario = Scenario::worker()
        .with("/services/worker/ebs_volume_size", json!(8))
        .with("/services/worker/ebs_volume_type", json!("gp2"));
    let fixture = deployed(scenario).await;
    let volume = made(&fixture, "worker").2.template.ebs_volume.unwrap();
    assert_eq!((volume.device_name.as_str(), volume.size_gib, volume.volume_type.as_str()), ("/dev/xvda", 8, "gp2"));
}

#[tokio::test]
async fn spot_price_public_address_and_tenancy_reach_the_launch_template() {
    let scenario = Scenario::worker()
        .with("/services/worker/spot_price", json!("0.013"))
        .with("/services/worker/associate_public_ip_address", json!(true))
        .with("/services/worker/placement_tenancy", json!("dedicated"));
    let template = made(&deployed(scenario).await, "worker").2.template;
    assert_eq!(template.spot_price.as_deref(), Some("0.013"));
    assert_eq!(template.associate_public_ip_address, Some(true));
    assert_eq!(template.tenancy.as_deref(), Some("dedicated"));
    let plain = made(&deployed(Scenario::worker()).await, "worker").2.template;
    assert_eq!((plain.spot_price, plain.associate_public_ip_address, plain.tenancy), (None, None, None));
}

#[tokio::test]
async fn names_are_put_into_the_user_data() {
    let fixture = deployed(Scenario::sample()).await;
    let user_data = made(&fixture, "worker").2.template.user_data;
    assert!(!user_data.contains("{{"), "{user_data}");
    for line in ["release: release-1-first", "project: coinbase/deploy-test", "config: development", "service: worker"]
    {
        assert!(user_data.contains(line), "{line} is not in {user_data}");
    }
}

const PLACEMENT: &str = "odin/coinbase/deploy-test/development/close";

fn placed() -> Scenario {
    Scenario::worker()
        .with("/services/worker/placement_group_name", json!(PLACEMENT))
        .with("/services/worker/placement_group_strategy", json!("partition"))
        .with("/services/worker/placement_group_partition_count", json!(3))
}

fn existing(group: Value) -> Scenario {
    placed().in_region(&format!("/placement_groups/{}", PLACEMENT.replace('/', "~1")), group)
}

#[tokio::test]
async fn a_placement_group_that_is_not_there_is_made_and_kept_for_the_next_release() {
    let fixture = deployed(placed()).await;
    assert_eq!(made(&fixture, "worker").2.template.placement_group.as_deref(), Some(PLACEMENT));
    let group = fixture.region().placement_groups[PLACEMENT].clone();
    assert_eq!((group.strategy.as_str(), group.partition_count), ("partition", Some(3)));
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), healthy_at_look(1), "{:#?}", run.errors());
    assert_eq!(fixture.region().placement_groups[PLACEMENT], group);
}

#[tokio::test]
async fn a_placement_group_that_was_made_goes_when_the_release_fails() {
    let fixture = placed().instances(json!({"boots_after_seconds": 9000})).with("/timeout", json!(120)).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(2));
    // The first attempt finds its instances still in it.
    let errors: Vec<_> = run.errors().into_iter().map(|(error, _)| error).collect();
    assert_eq!(errors, ["HaltError", "CleanUpError"]);
    assert!(fixture.region().placement_groups.is_empty());
}

#[tokio::test]
async fn a_placement_group_that_was_there_stays_when_the_release_fails() {
    let fixture = existing(json!({"strategy": "partition", "partition_count": 3}))
        .instances(json!({"boots_after_seconds": 9000}))
        .with("/timeout", json!(120))
        .begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), given_up_after_looks(2));
    assert_eq!(fixture.journal().count("ec2:DeletePlacementGroup"), 0);
}

#[tokio::test]
async fn a_placement_group_that_disagrees_is_refused() {
    for group in [
        json!({"strategy": "cluster"}),
        json!({"strategy": "partition", "partition_count": 5}),
        json!({"strategy": "partition", "partition_count": 3, "state": "deleting"}),
    ] {
        let run = existing(group).begin().deploy("first").await;
        assert_eq!(run.path(), crate::paths::REFUSED_BY_RESOURCES);
        assert!(run.errors()[0].1.contains(PLACEMENT), "{:#?}", run.errors());
    }
}
