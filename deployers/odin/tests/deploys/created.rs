//! The groups and launch templates that a release creates.

use crate::fixture::Fixture;
use crate::paths::{failed_at_later_check, healthy, without_repeated_checks};
use crate::sample_cloud::Scenario;
use odin::cloud::local::{StoredGroup, StoredTemplate};
use odin::cloud::{Comparison, HealthCheckType};
use serde_json::{Value, json};

async fn deployed(scenario: Scenario) -> Fixture {
    let fixture = scenario.build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    fixture
}

/// The name of a service's group, the group and its launch template.
fn group_of(fixture: &Fixture, service: &str) -> (String, StoredGroup, StoredTemplate) {
    let region = fixture.region();
    let mut groups = region.auto_scaling_groups.into_iter();
    let (name, group) =
        groups.find(|(name, _)| name.ends_with(&format!("Z-{service}")) && !name.contains("canary")).unwrap();
    let template = region.launch_templates[group.launch_template.as_ref().unwrap()].clone();
    (name, group, template)
}

#[tokio::test]
async fn group_has_name_tags_and_settings_of_release() {
    let fixture = deployed(Scenario::sample().with("/services/web/tags", json!({"Team": "infra"}))).await;
    let (name, group, _) = group_of(&fixture, "web");
    assert_eq!(name, "coinbase/deploy-test-development-2026-11-21T13-00-00Z-web");
    let tag = |key: &str| group.tags[key].as_str();
    let tags = ["ProjectName", "ConfigName", "ServiceName", "ReleaseID", "Name", "Team"].map(tag);
    assert_eq!(tags, ["coinbase/deploy-test", "development", "web", "release-1-first", name.as_str(), "infra"]);
    assert_eq!(group.tags.len(), 7);
    assert_eq!(group.health_check_type, HealthCheckType::Elb);
    assert_eq!(group.launch_template_version.as_deref(), Some("1"));
    assert_eq!(group.default_cooldown_seconds, 300);
    assert_eq!(group.termination_policies, ["ClosestToNextInstanceHour"]);
    assert_eq!(group.subnet_ids, ["subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000b"]);
    assert!(group.metrics_enabled);
    let hook = &group.lifecycle_hooks[0];
    assert_eq!((hook.name.as_str(), hook.transition.as_str()), ("termhook", "autoscaling:EC2_INSTANCE_TERMINATING"));
    assert_eq!(hook.heartbeat_timeout_seconds, Some(300));
    assert_eq!(group_of(&fixture, "worker").1.health_check_type, HealthCheckType::Ec2);
}

#[tokio::test]
async fn policies_become_scaling_policies_and_alarms() {
    let fixture = deployed(Scenario::sample()).await;
    let (name, group, _) = group_of(&fixture, "web");
    let (up, down) = (format!("{name}-cpu_scale_up"), format!("{name}-cpu_scale_down"));
    assert_eq!(group.scaling_policies.keys().collect::<Vec<_>>(), [&down, &up]);
    assert_eq!(group.scaling_policies[&up].scaling_adjustment, 2);
    assert_eq!(group.scaling_policies[&down].scaling_adjustment, -1);
    let region = fixture.region();
    assert_eq!(region.alarms.len(), 2);
    let alarm = &region.alarms[&up];
    assert_eq!((alarm.threshold, alarm.period_seconds, alarm.evaluation_periods), (25.0, 300, 2));
    assert_eq!(alarm.comparison, Comparison::GreaterThanThreshold);
    let description = format!(
        "Scale-{up}\n if Average CPUUtilization\n is GreaterThanThreshold 25%\n for 300 seconds 2 times in a row"
    );
    assert_eq!(alarm.description, description, "the description of Go Odin");
    assert!(alarm.policy_arn.ends_with(&up));
    assert_eq!(region.alarms[&down].comparison, Comparison::LessThanThreshold);
}

#[tokio::test]
async fn volume_is_created_only_if_requested() {
    let fixture = deployed(Scenario::sample()).await;
    let volume = group_of(&fixture, "web").2.template.ebs_volume.unwrap();
    assert_eq!((volume.device_name.as_str(), volume.size_gib, volume.volume_type.as_str()), ("/dev/sda1", 20, "gp3"));
    assert_eq!((volume.encrypted, volume.iops, volume.throughput), (None, None, None));
    assert_eq!(group_of(&fixture, "worker").2.template.ebs_volume, None);
}

#[tokio::test]
async fn gp2_volume_keeps_working() {
    let scenario = Scenario::worker()
        .with("/services/worker/ebs_volume_size", json!(8))
        .with("/services/worker/ebs_volume_type", json!("gp2"));
    let fixture = deployed(scenario).await;
    let volume = group_of(&fixture, "worker").2.template.ebs_volume.unwrap();
    assert_eq!((volume.device_name.as_str(), volume.size_gib, volume.volume_type.as_str()), ("/dev/xvda", 8, "gp2"));
}

#[tokio::test]
async fn volume_has_iops_throughput_and_encryption() {
    for (volume_type, iops, throughput) in
        [("gp3", Some(4_000), Some(1_000)), ("io1", Some(400), None), ("io2", Some(8_000), None)]
    {
        let scenario = Scenario::worker()
            .with("/services/worker/ebs_volume_size", json!(8))
            .with("/services/worker/ebs_volume_type", json!(volume_type))
            .with("/services/worker/ebs_encrypted", json!(true))
            .with("/services/worker/ebs_iops", json!(iops))
            .with("/services/worker/ebs_throughput", json!(throughput));
        let fixture = deployed(scenario).await;
        let volume = group_of(&fixture, "worker").2.template.ebs_volume.unwrap();
        assert_eq!(volume.volume_type, volume_type);
        assert_eq!((volume.encrypted, volume.iops, volume.throughput), (Some(true), iops, throughput));
    }
}

/// Auto Scaling gives the tags of a group to its instances, but not to their volumes.
#[tokio::test]
async fn volumes_have_the_tags_of_the_group() {
    let fixture = deployed(Scenario::sample().with("/services/web/tags", json!({"Team": "infra"}))).await;
    for service in ["web", "worker"] {
        let (_, group, template) = group_of(&fixture, service);
        assert_eq!(template.template.volume_tags, group.tags, "{service}");
    }
}

#[tokio::test]
async fn metadata_takes_two_hops_by_default() {
    let template = group_of(&deployed(Scenario::worker()).await, "worker").2.template;
    assert_eq!((template.metadata_hop_limit, template.detailed_monitoring), (Some(2), None));
    let scenario = Scenario::worker()
        .with("/services/worker/metadata_hop_limit", json!(1))
        .with("/services/worker/detailed_monitoring", json!(true));
    let template = group_of(&deployed(scenario).await, "worker").2.template;
    assert_eq!((template.metadata_hop_limit, template.detailed_monitoring), (Some(1), Some(true)));
}

#[tokio::test]
async fn launch_template_has_spot_price_and_tenancy() {
    let scenario = Scenario::worker()
        .with("/services/worker/spot_price", json!("0.013"))
        .with("/services/worker/associate_public_ip_address", json!(true))
        .with("/services/worker/placement_tenancy", json!("dedicated"));
    let template = group_of(&deployed(scenario).await, "worker").2.template;
    assert_eq!(template.spot_price.as_deref(), Some("0.013"));
    assert_eq!(template.associate_public_ip_address, Some(true));
    assert_eq!(template.tenancy.as_deref(), Some("dedicated"));
    let plain = group_of(&deployed(Scenario::worker()).await, "worker").2.template;
    assert_eq!((plain.spot_price, plain.associate_public_ip_address, plain.tenancy), (None, None, None));
}

#[tokio::test]
async fn placeholders_in_user_data_are_replaced() {
    let fixture = deployed(Scenario::sample()).await;
    let user_data = group_of(&fixture, "worker").2.template.user_data;
    let user_data = user_data.as_text().unwrap();
    assert!(!user_data.contains("{{"), "{user_data}");
    for line in ["release: release-1-first", "project: coinbase/deploy-test", "config: development", "service: worker"]
    {
        assert!(user_data.contains(line), "{line} is not in {user_data}");
    }
}

const PLACEMENT: &str = "odin/coinbase/deploy-test/development/close";

fn with_placement_group() -> Scenario {
    Scenario::worker()
        .with("/services/worker/placement_group_name", json!(PLACEMENT))
        .with("/services/worker/placement_group_strategy", json!("partition"))
        .with("/services/worker/placement_group_partition_count", json!(3))
}

fn with_existing_placement_group(group: Value) -> Scenario {
    with_placement_group().in_region(&format!("/placement_groups/{}", PLACEMENT.replace('/', "~1")), group)
}

#[tokio::test]
async fn placement_group_is_created_and_kept() {
    let fixture = deployed(with_placement_group()).await;
    assert_eq!(group_of(&fixture, "worker").2.template.placement_group.as_deref(), Some(PLACEMENT));
    let group = fixture.region().placement_groups[PLACEMENT].clone();
    assert_eq!((group.strategy.as_str(), group.partition_count), ("partition", Some(3)));
    let run = fixture.deploy("second").await;
    assert_eq!(without_repeated_checks(&run.path()), healthy(), "{:#?}", run.errors());
    assert_eq!(fixture.region().placement_groups[PLACEMENT], group);
}

#[tokio::test]
async fn created_placement_group_is_deleted_on_failure() {
    let fixture =
        with_placement_group().instances(json!({"boots_after_seconds": 9000})).with("/timeout", json!(120)).build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    // The first attempt fails because instances are still in the group.
    let errors: Vec<_> = run.errors().into_iter().map(|raised| raised.error).collect();
    assert_eq!(errors, ["HaltError", "CleanUpError"]);
    assert!(fixture.region().placement_groups.is_empty());
}

#[tokio::test]
async fn existing_placement_group_is_kept_on_failure() {
    let fixture = with_existing_placement_group(json!({"strategy": "partition", "partition_count": 3}))
        .instances(json!({"boots_after_seconds": 9000}))
        .with("/timeout", json!(120))
        .build();
    let run = fixture.deploy("first").await;
    assert_eq!(without_repeated_checks(&run.path()), failed_at_later_check());
    assert_eq!(fixture.journal().count("ec2:DeletePlacementGroup"), 0);
}

#[tokio::test]
async fn conflicting_placement_group_is_refused() {
    for group in [
        json!({"strategy": "cluster"}),
        json!({"strategy": "partition", "partition_count": 5}),
        json!({"strategy": "partition", "partition_count": 3, "state": "deleting"}),
    ] {
        let run = with_existing_placement_group(group).build().deploy("first").await;
        assert_eq!(run.path(), crate::paths::REFUSED_BY_RESOURCES);
        let error = &run.errors()[0];
        assert_eq!(error.code.as_deref(), Some("odin/placement-mismatch"), "{error:#?}");
        assert!(error.message.contains(PLACEMENT), "{error:#?}");
    }
}
