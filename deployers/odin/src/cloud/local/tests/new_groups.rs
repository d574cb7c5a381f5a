//! What `CreateAutoScalingGroup` and `UpdateAutoScalingGroup` refuse.

use super::*;
use crate::cloud::local::StoredImage;
use bifrost::cloud::ErrorKind;

async fn refusal(change: impl FnOnce(&mut NewAutoScalingGroup)) -> CloudError {
    let fixture = PortsFixture::with_template().await;
    let mut group = group(capacity(1, 1, 1));
    change(&mut group);
    let error = fixture.ports.groups.create_group(&group).await.unwrap_err();
    assert!(fixture.region().auto_scaling_groups.is_empty(), "a group was made all the same");
    error
}

#[tokio::test]
async fn a_group_is_described_as_it_was_made() {
    let fixture = PortsFixture::with_template().await;
    let made =
        NewAutoScalingGroup { target_group_arns: vec![fixture.target_group().await], ..group(capacity(1, 2, 3)) };
    fixture.go_to(7);
    fixture.ports.groups.create_group(&made).await.unwrap();
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.created_time, at(7));
    assert_eq!(found.capacity, made.capacity);
    assert_eq!(found.tags, made.tags);
    assert_eq!(found.launch_template.as_deref(), Some(GROUP));
    assert_eq!(found.load_balancers, made.load_balancers);
    assert_eq!(found.target_group_arns, made.target_group_arns);
    assert_eq!(found.status, None);
    assert_eq!(found.instances, [], "its instances come later");
    assert!(found.arn.ends_with(&format!(":autoScalingGroupName/{GROUP}")), "{}", found.arn);
    let tagged = fixture.ports.groups.groups(&[("ProjectName", "coinbase/deploy-test")]).await.unwrap();
    assert_eq!(tagged, [found]);
    assert_eq!(fixture.ports.groups.groups(&[("ProjectName", "another")]).await.unwrap(), []);
}

#[tokio::test]
async fn a_name_is_taken_until_the_last_instance_is_gone() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let groups = &fixture.ports.groups;
    let taken = groups.create_group(&group(capacity(1, 1, 1))).await.unwrap_err();
    assert_eq!((taken.kind, taken.code.as_str()), (ErrorKind::AlreadyExists, "AlreadyExists"));
    assert!(!taken.message.contains("pending delete"));
    groups.delete_group(GROUP).await.unwrap();
    let pending = groups.create_group(&group(capacity(1, 1, 1))).await.unwrap_err();
    assert!(pending.message.contains("pending delete"), "{pending}");
    fixture.go_to(90);
    groups.create_group(&group(capacity(1, 1, 1))).await.unwrap();
}

#[tokio::test]
async fn sizes_that_contradict_each_other_are_refused() {
    let inverted = refusal(|group| group.capacity = capacity(3, 3, 2)).await;
    assert_eq!(inverted.message, "Max bound, 2, must be greater than or equal to min bound, 3");
    let beyond = refusal(|group| group.capacity = capacity(1, 5, 4)).await;
    assert_eq!(beyond.message, "Desired capacity:5 must be between the specified min size:1 and max size:4");

    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let updated = fixture.ports.groups.set_capacity(GROUP, capacity(2, 1, 2)).await;
    assert_eq!(code(updated), "ValidationError");
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.capacity, capacity(1, 1, 1));
}

#[tokio::test]
async fn a_group_that_names_what_does_not_exist_is_refused() {
    let template = refusal(|group| group.launch_template = "other".into()).await;
    assert!(template.message.contains("template name other, does not exist"), "{template}");
    let subnet = refusal(|group| group.subnet_ids.push("subnet-x".into())).await;
    assert!(subnet.message.contains("The subnet ID 'subnet-x' does not exist"), "{subnet}");
    let balancer = refusal(|group| group.load_balancers.push("other".into())).await;
    assert!(balancer.message.contains("Load Balancers may not be valid"), "{balancer}");
    let targets = refusal(|group| group.target_group_arns.push("arn:other".into())).await;
    assert!(targets.message.contains("Target Groups may not be valid"), "{targets}");
    let topic = refusal(|group| group.lifecycle_hooks.push(hook("autoscaling:EC2_INSTANCE_LAUNCHING", "other"))).await;
    assert!(topic.message.contains("Unable to publish test message"), "{topic}");
    for error in [template, subnet, balancer, targets, topic] {
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "ValidationError"));
    }
}

#[tokio::test]
async fn a_group_without_subnet_with_a_colon_in_its_name_or_an_odd_hook_is_refused() {
    assert!(refusal(|group| group.subnet_ids.clear()).await.message.contains("Subnet is required"));
    assert!(refusal(|group| group.name = "12:00".into()).await.message.contains("no colon"));
    assert!(refusal(|group| group.name = "x".repeat(256)).await.message.contains("255"));
    let transition = refusal(|group| group.lifecycle_hooks.push(hook("launching", "hooks"))).await;
    assert!(transition.message.contains("launching is not a lifecycle transition"), "{transition}");
    let impatient =
        LifecycleHook { heartbeat_timeout_seconds: Some(29), ..hook("autoscaling:EC2_INSTANCE_LAUNCHING", "hooks") };
    assert!(refusal(|group| group.lifecycle_hooks.push(impatient)).await.message.contains("30 to 7200"));
    let reserved = refusal(|group| group.tags = tags(&[("aws:tag", "")])).await;
    assert!(reserved.message.contains("aws:tag"), "{reserved}");
}

#[tokio::test]
async fn a_template_that_launches_nothing_makes_no_group() {
    for (what, template) in [
        ("image", NewLaunchTemplate { image_id: "ami-x".into(), ..template() }),
        ("security group", NewLaunchTemplate { security_group_ids: vec!["sg-x".into()], ..template() }),
        ("Instance Profile", NewLaunchTemplate { instance_profile_arn: Some("arn:x".into()), ..template() }),
        ("Placement Group", NewLaunchTemplate { placement_group: Some("near".into()), ..template() }),
    ] {
        let fixture = PortsFixture::of(&usual());
        fixture.ports.templates.create_launch_template(&template).await.unwrap();
        let error = fixture.ports.groups.create_group(&group(capacity(1, 1, 1))).await.unwrap_err();
        assert!(error.message.contains("fully-formed launch template") && error.message.contains(what), "{error}");
    }
}

#[tokio::test]
async fn a_group_that_is_being_deleted_is_not_changed() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let groups = &fixture.ports.groups;
    groups.delete_group(GROUP).await.unwrap();
    let changed = groups.set_capacity(GROUP, capacity(0, 0, 1)).await.unwrap_err();
    assert_eq!((changed.kind, changed.code.as_str()), (ErrorKind::Conflict, "ValidationError"));
    assert!(groups.enable_metrics(GROUP).await.is_err());
    groups.delete_group(GROUP).await.unwrap();
}

#[test]
fn an_image_is_available_unless_a_world_says_otherwise() {
    assert_eq!(json::read::<StoredImage>(&json!({"tags": {}})).unwrap().state, "available");
}
