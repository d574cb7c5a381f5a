//! Validation of `CreateAutoScalingGroup` and `UpdateAutoScalingGroup`.

use super::*;
use crate::cloud::EbsVolume;
use crate::cloud::local::StoredImage;
use bifrost::cloud::ErrorKind;

async fn create_error(change: impl FnOnce(&mut NewAutoScalingGroup)) -> CloudError {
    let fixture = PortsFixture::with_template().await;
    let mut group = group(capacity(1, 1, 1));
    change(&mut group);
    let error = fixture.ports.groups.create_group(&proof(), &group).await.unwrap_err();
    assert!(fixture.region().auto_scaling_groups.is_empty(), "the group was created");
    error
}

#[tokio::test]
async fn group_is_described_as_created() {
    let fixture = PortsFixture::with_template().await;
    let created =
        NewAutoScalingGroup { target_group_arns: vec![fixture.target_group().await], ..group(capacity(1, 2, 3)) };
    fixture.advance_to(7);
    fixture.ports.groups.create_group(&proof(), &created).await.unwrap();
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.created_time, at(7));
    assert_eq!(found.capacity, created.capacity);
    assert_eq!(found.tags, created.tags);
    assert_eq!(found.launch_template.as_deref(), Some(GROUP));
    assert_eq!(
        (found.launch_template_version.as_deref(), found.health_check_grace_period_seconds),
        (Some("1"), Some(100))
    );
    assert_eq!(found.load_balancers, created.load_balancers);
    assert_eq!(found.target_group_arns, created.target_group_arns);
    assert_eq!(found.status, None);
    assert_eq!(found.instances, [], "instances are launched later");
    assert!(found.arn.ends_with(&format!(":autoScalingGroupName/{GROUP}")), "{}", found.arn);
    let tagged = fixture.ports.groups.groups(&[("ProjectName", "coinbase/deploy-test")]).await.unwrap();
    assert_eq!(tagged, [found]);
    assert_eq!(fixture.ports.groups.groups(&[("ProjectName", "another")]).await.unwrap(), []);
}

#[tokio::test]
async fn name_is_taken_until_deletion_completes() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let groups = &fixture.ports.groups;
    let taken = groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap_err();
    assert_eq!((taken.kind, taken.code.as_str()), (ErrorKind::AlreadyExists, "AlreadyExists"));
    assert!(!taken.message.contains("pending delete"));
    groups.delete_group(&proof(), GROUP).await.unwrap();
    let pending = groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap_err();
    assert!(pending.message.contains("pending delete"), "{pending}");
    fixture.advance_to(90);
    groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
}

#[tokio::test]
async fn contradictory_sizes_are_refused() {
    let inverted = create_error(|group| group.capacity = capacity(3, 3, 2)).await;
    assert_eq!(inverted.message, "Max bound, 2, must be greater than or equal to min bound, 3");
    let too_large = create_error(|group| group.capacity = capacity(1, 5, 4)).await;
    assert_eq!(too_large.message, "Desired capacity:5 must be between the specified min size:1 and max size:4");

    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let updated = fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(2, 1, 2)).await;
    assert_eq!(code(updated), "ValidationError");
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.capacity, capacity(1, 1, 1));
}

#[tokio::test]
async fn group_with_missing_resources_is_refused() {
    let template = create_error(|group| group.launch_template = "other".into()).await;
    assert!(template.message.contains("template name other, does not exist"), "{template}");
    let subnet = create_error(|group| group.subnet_ids.push("subnet-x".into())).await;
    assert!(subnet.message.contains("The subnet ID 'subnet-x' does not exist"), "{subnet}");
    let balancer = create_error(|group| group.load_balancers.push("other".into())).await;
    assert!(balancer.message.contains("Load Balancers may not be valid"), "{balancer}");
    let targets = create_error(|group| group.target_group_arns.push("arn:other".into())).await;
    assert!(targets.message.contains("Target Groups may not be valid"), "{targets}");
    let topic =
        create_error(|group| group.lifecycle_hooks.push(hook("autoscaling:EC2_INSTANCE_LAUNCHING", "other"))).await;
    assert!(topic.message.contains("Unable to publish test message"), "{topic}");
    for error in [template, subnet, balancer, targets, topic] {
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "ValidationError"));
    }
}

#[tokio::test]
async fn invalid_group_settings_are_refused() {
    assert!(create_error(|group| group.subnet_ids.clear()).await.message.contains("Subnet is required"));
    assert!(create_error(|group| group.name = "12:00".into()).await.message.contains("no colon"));
    assert!(create_error(|group| group.name = "x".repeat(256)).await.message.contains("255"));
    let transition = create_error(|group| group.lifecycle_hooks.push(hook("launching", "hooks"))).await;
    assert!(transition.message.contains("launching is not a lifecycle transition"), "{transition}");
    let short_timeout =
        LifecycleHook { heartbeat_timeout_seconds: Some(29), ..hook("autoscaling:EC2_INSTANCE_LAUNCHING", "hooks") };
    assert!(create_error(|group| group.lifecycle_hooks.push(short_timeout)).await.message.contains("30 to 7200"));
    let reserved_tag = create_error(|group| group.tags = tags(&[("aws:tag", "")])).await;
    assert!(reserved_tag.message.contains("aws:tag"), "{reserved_tag}");
    let huge = 2_147_483_648;
    for (field, error) in [
        ("MaxSize", create_error(|group| group.capacity = capacity(0, 0, huge)).await),
        ("DefaultCooldown", create_error(|group| group.default_cooldown_seconds = huge).await),
        ("HealthCheckGracePeriod", create_error(|group| group.health_check_grace_period_seconds = huge).await),
    ] {
        assert!(error.message.contains(field) && error.message.contains("2147483647"), "{error}");
    }
}

#[tokio::test]
async fn group_with_too_many_parts_is_refused() {
    let many = |name: &str, count: usize| vec![name.to_owned(); count];
    let hooks = create_error(|group| group.lifecycle_hooks = vec![hook("", ""); 51]).await;
    assert!(hooks.message.contains("51 lifecycle hooks"), "{hooks}");
    let balancers = create_error(|group| group.load_balancers = many("web-elb", 51)).await;
    assert!(balancers.message.contains("51 load balancers"), "{balancers}");
    let targets = create_error(|group| group.target_group_arns = many("arn", 51)).await;
    assert!(targets.message.contains("51 target groups"), "{targets}");
    let subnets = create_error(|group| group.subnet_ids = many("subnet-a", 201)).await;
    assert!(subnets.message.contains("201 subnets"), "{subnets}");
}

fn io1_without_iops() -> EbsVolume {
    EbsVolume {
        device_name: "/dev/xvda".into(),
        size_gib: 20,
        volume_type: "io1".into(),
        encrypted: None,
        iops: None,
        throughput: None,
    }
}

#[tokio::test]
async fn group_with_unusable_template_is_refused() {
    for (what, template) in [
        ("image", NewLaunchTemplate { image_id: "ami-x".into(), ..template() }),
        ("security group", NewLaunchTemplate { security_group_ids: vec!["sg-x".into()], ..template() }),
        ("Instance Profile", NewLaunchTemplate { instance_profile_arn: Some("arn:x".into()), ..template() }),
        ("Placement Group", NewLaunchTemplate { placement_group: Some("near".into()), ..template() }),
        ("InstanceType", NewLaunchTemplate { instance_type: "large".into(), ..template() }),
        ("17 security groups", NewLaunchTemplate { security_group_ids: vec!["sg-1".into(); 17], ..template() }),
        ("Iops", NewLaunchTemplate { ebs_volume: Some(io1_without_iops()), ..template() }),
    ] {
        let fixture = PortsFixture::of(&sample_resources());
        fixture.ports.templates.create_launch_template(&proof(), &template).await.unwrap();
        let error = fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap_err();
        assert!(error.message.contains("fully-formed launch template") && error.message.contains(what), "{error}");
    }
}

#[tokio::test]
async fn group_being_deleted_cannot_be_changed() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 1)).await;
    let groups = &fixture.ports.groups;
    groups.delete_group(&proof(), GROUP).await.unwrap();
    let changed = groups.set_capacity(&proof(), GROUP, capacity(0, 0, 1)).await.unwrap_err();
    assert_eq!((changed.kind, changed.code.as_str()), (ErrorKind::Conflict, "ValidationError"));
    assert!(groups.enable_metrics(&proof(), GROUP).await.is_err());
    groups.delete_group(&proof(), GROUP).await.unwrap();
}

#[test]
fn image_is_available_by_default() {
    assert_eq!(json::read::<StoredImage>(&json!({"tags": {}})).unwrap().state, "available");
}
