//! Launch templates and placement groups.

use super::fixture::{GROUP, PROJECT, RegionFixture, proof, tags};
use bifrost::cloud::ErrorKind;
use odin::cloud::{EbsVolume, LaunchTemplate, NewLaunchTemplate, NewPlacementGroup};

pub async fn launch_template_is_described_as_created(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    let with_all_fields = NewLaunchTemplate {
        user_data: vec![0x1f, 0x8b, 0x08, 0x00].into(),
        ebs_volume: Some(EbsVolume {
            device_name: "/dev/xvda".into(),
            size_gib: 20,
            volume_type: "gp3".into(),
            encrypted: Some(true),
            iops: Some(4_000),
            throughput: Some(500),
        }),
        ebs_optimized: Some(true),
        spot_price: Some("0.05".into()),
        associate_public_ip_address: Some(false),
        tenancy: Some("default".into()),
        metadata_hop_limit: Some(2),
        detailed_monitoring: Some(true),
        volume_tags: tags(&[PROJECT, ("Team", "infra")]),
        ..fixture.template()
    };
    let created = templates.create_launch_template(&proof(), &with_all_fields).await.unwrap();
    assert!(created.id.starts_with("lt-"), "{}", created.id);
    assert_eq!((created.name.as_str(), &created.tags), (GROUP, &with_all_fields.tags));
    assert_is_described(&templates.launch_templates(&[PROJECT]).await.unwrap(), &created);
}

/// Moto answers a creation with the time of the first version, which it makes a moment after the template: the two can lie on
/// either side of a second.
fn assert_is_described(described: &[LaunchTemplate], created: &LaunchTemplate) {
    let [described] = described else { panic!("not one template: {described:?}") };
    let seconds = (created.create_time - described.create_time).num_seconds();
    assert!((0..=1).contains(&seconds), "created at {}, described as {}", created.create_time, described.create_time);
    assert_eq!(LaunchTemplate { create_time: created.create_time, ..described.clone() }, *created);
}

pub async fn launch_templates_match_all_tags_sorted(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    for (name, config) in [("web-2", "development"), ("web-1", "development"), ("web-3", "production")] {
        let tags = tags(&[PROJECT, ("ConfigName", config)]);
        let template = NewLaunchTemplate { name: name.into(), client_token: name.into(), tags, ..fixture.template() };
        templates.create_launch_template(&proof(), &template).await.unwrap();
    }
    let found = templates.launch_templates(&[PROJECT, ("ConfigName", "development")]).await.unwrap();
    assert!(found.iter().map(|template| template.name.as_str()).eq(["web-1", "web-2"]), "{found:?}");
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap().len(), 3);
}

pub async fn launch_template_name_is_unique(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    templates.create_launch_template(&proof(), &fixture.template()).await.unwrap();
    let again = NewLaunchTemplate { client_token: "another".into(), ..fixture.template() };
    let error = templates.create_launch_template(&proof(), &again).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.code, "InvalidLaunchTemplateName.AlreadyExistsException");
}

pub async fn create_launch_template_is_idempotent_by_token(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    let created = templates.create_launch_template(&proof(), &fixture.template()).await.unwrap();
    assert_is_described(&[templates.create_launch_template(&proof(), &fixture.template()).await.unwrap()], &created);
    let changed = NewLaunchTemplate { instance_type: "t3.large".into(), ..fixture.template() };
    let error = templates.create_launch_template(&proof(), &changed).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Conflict, "IdempotentParameterMismatch"));
    assert_is_described(&templates.launch_templates(&[PROJECT]).await.unwrap(), &created);
}

pub async fn deleted_launch_template_is_not_found(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    templates.create_launch_template(&proof(), &fixture.template()).await.unwrap();
    templates.delete_launch_template(&proof(), GROUP).await.unwrap();
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap(), []);
    assert!(templates.delete_launch_template(&proof(), GROUP).await.unwrap_err().is_not_found());
}

fn partitioned() -> NewPlacementGroup {
    NewPlacementGroup {
        name: "odin/coinbase/deploy-test/development/partitioned".into(),
        strategy: "partition".into(),
        partition_count: Some(3),
        tags: tags(&[PROJECT]),
    }
}

pub async fn placement_group_is_described_as_created(fixture: RegionFixture) {
    let (compute, partitioned) = (&fixture.ports.compute, partitioned());
    let clustered = NewPlacementGroup {
        name: "near".into(),
        strategy: "cluster".into(),
        partition_count: None,
        ..partitioned.clone()
    };
    for group in [&partitioned, &clustered] {
        compute.create_placement_group(&proof(), group).await.unwrap();
    }
    for group in [&partitioned, &clustered] {
        let found = compute.placement_group(&group.name).await.unwrap().unwrap();
        assert_eq!(found.state, "available");
        assert_eq!((&found.strategy, found.partition_count), (&group.strategy, group.partition_count));
        assert_eq!(found.tags, group.tags);
    }
}

pub async fn placement_group_is_created_and_deleted_once(fixture: RegionFixture) {
    let (compute, group) = (&fixture.ports.compute, partitioned());
    compute.create_placement_group(&proof(), &group).await.unwrap();
    let error = compute.create_placement_group(&proof(), &group).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::AlreadyExists, "InvalidPlacementGroup.Duplicate"));
    compute.delete_placement_group(&proof(), &group.name).await.unwrap();
    assert_eq!(compute.placement_group(&group.name).await.unwrap(), None);
    assert!(compute.delete_placement_group(&proof(), &group.name).await.unwrap_err().is_not_found());
}
