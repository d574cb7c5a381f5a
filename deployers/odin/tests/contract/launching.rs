//! What instances are launched from and into: launch templates and placement groups.

use super::fixture::{GROUP, PROJECT, RegionFixture, tags};
use bifrost::cloud::ErrorKind;
use odin::cloud::{EbsVolume, NewLaunchTemplate, NewPlacementGroup};

pub async fn a_launch_template_is_described_as_it_was_made(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    let whole = NewLaunchTemplate {
        ebs_volume: Some(EbsVolume { device_name: "/dev/xvda".into(), size_gib: 20, volume_type: "gp2".into() }),
        ebs_optimized: Some(true),
        spot_price: Some("0.05".into()),
        associate_public_ip_address: Some(false),
        tenancy: Some("default".into()),
        ..fixture.template()
    };
    let made = templates.create_launch_template(&whole).await.unwrap();
    assert!(made.id.starts_with("lt-"), "{}", made.id);
    assert_eq!((made.name.as_str(), &made.tags), (GROUP, &whole.tags));
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap(), [made]);
}

pub async fn launch_templates_are_found_by_all_of_the_tags_in_the_order_of_their_names(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    for (name, config) in [("web-2", "development"), ("web-1", "development"), ("web-3", "production")] {
        let tags = tags(&[PROJECT, ("ConfigName", config)]);
        let template = NewLaunchTemplate { name: name.into(), client_token: name.into(), tags, ..fixture.template() };
        templates.create_launch_template(&template).await.unwrap();
    }
    let found = templates.launch_templates(&[PROJECT, ("ConfigName", "development")]).await.unwrap();
    assert!(found.iter().map(|template| template.name.as_str()).eq(["web-1", "web-2"]), "{found:?}");
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap().len(), 3);
}

pub async fn the_name_of_a_launch_template_is_taken_once(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    templates.create_launch_template(&fixture.template()).await.unwrap();
    let again = NewLaunchTemplate { client_token: "another".into(), ..fixture.template() };
    let error = templates.create_launch_template(&again).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.code, "InvalidLaunchTemplateName.AlreadyExistsException");
}

pub async fn a_launch_template_made_again_with_its_token_is_the_same_one(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    let made = templates.create_launch_template(&fixture.template()).await.unwrap();
    assert_eq!(templates.create_launch_template(&fixture.template()).await.unwrap(), made);
    let changed = NewLaunchTemplate { instance_type: "t3.large".into(), ..fixture.template() };
    let error = templates.create_launch_template(&changed).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Conflict, "IdempotentParameterMismatch"));
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap(), [made]);
}

pub async fn a_deleted_launch_template_is_gone(fixture: RegionFixture) {
    let templates = &fixture.ports.templates;
    templates.create_launch_template(&fixture.template()).await.unwrap();
    templates.delete_launch_template(GROUP).await.unwrap();
    assert_eq!(templates.launch_templates(&[PROJECT]).await.unwrap(), []);
    assert!(templates.delete_launch_template(GROUP).await.unwrap_err().is_not_found());
}

fn apart() -> NewPlacementGroup {
    NewPlacementGroup {
        name: "odin/coinbase/deploy-test/development/apart".into(),
        strategy: "partition".into(),
        partition_count: Some(3),
        tags: tags(&[PROJECT]),
    }
}

pub async fn a_placement_group_is_described_as_it_was_made(fixture: RegionFixture) {
    let (compute, apart) = (&fixture.ports.compute, apart());
    let near =
        NewPlacementGroup { name: "near".into(), strategy: "cluster".into(), partition_count: None, ..apart.clone() };
    for group in [&apart, &near] {
        compute.create_placement_group(group).await.unwrap();
    }
    for group in [&apart, &near] {
        let found = compute.placement_group(&group.name).await.unwrap().unwrap();
        assert_eq!((found.name.as_str(), found.state.as_str()), (group.name.as_str(), "available"));
        assert_eq!((&found.strategy, found.partition_count), (&group.strategy, group.partition_count));
        assert_eq!(found.tags, group.tags);
    }
}

pub async fn a_placement_group_is_made_once_and_deleted_once(fixture: RegionFixture) {
    let (compute, group) = (&fixture.ports.compute, apart());
    compute.create_placement_group(&group).await.unwrap();
    let error = compute.create_placement_group(&group).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::AlreadyExists, "InvalidPlacementGroup.Duplicate"));
    compute.delete_placement_group(&group.name).await.unwrap();
    assert_eq!(compute.placement_group(&group.name).await.unwrap(), None);
    assert!(compute.delete_placement_group(&group.name).await.unwrap_err().is_not_found());
}
