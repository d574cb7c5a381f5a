//! Auto-scaling groups and their instances.

use super::fixture::{GROUP, PROJECT, RegionFixture, capacity, proof, tags};
use bifrost::cloud::ErrorKind;
use odin::cloud::{GroupUpdate, HealthCheckType, LifecycleHook, NewAutoScalingGroup};

pub async fn group_is_described_as_created(fixture: RegionFixture) {
    let hook = LifecycleHook {
        name: "drain".into(),
        transition: "autoscaling:EC2_INSTANCE_TERMINATING".into(),
        role_arn: fixture.ports.iam.role("hooks").await.unwrap().unwrap().arn,
        notification_target_arn: fixture.ports.topics.topic_arn("hooks").await.unwrap().unwrap(),
        heartbeat_timeout_seconds: Some(40),
    };
    let group = NewAutoScalingGroup {
        load_balancers: vec!["web-elb".into()],
        target_group_arns: vec![fixture.target_group().await],
        health_check_type: HealthCheckType::Elb,
        lifecycle_hooks: vec![hook],
        ..fixture.group(capacity(0, 0, 3))
    };
    fixture.create(&group).await;
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!((&found.name, found.capacity, &found.tags), (&group.name, group.capacity, &group.tags));
    assert_eq!((found.launch_template.as_deref(), found.launch_configuration), (Some(GROUP), None));
    assert_eq!(found.launch_template_version.as_deref(), Some("1"), "another version would launch without a deploy");
    assert_eq!(found.health_check_grace_period_seconds, Some(100));
    assert_eq!((&found.load_balancers, &found.target_group_arns), (&group.load_balancers, &group.target_group_arns));
    assert_eq!((found.status, found.instances, found.health_check_type), (None, Vec::new(), HealthCheckType::Elb));
    assert!(found.arn.ends_with(&format!(":autoScalingGroupName/{GROUP}")), "{}", found.arn);
    fixture.ports.groups.enable_metrics(&proof(), GROUP).await.unwrap();
}

pub async fn groups_match_all_tags_sorted_by_name(fixture: RegionFixture) {
    let groups = &fixture.ports.groups;
    fixture.ports.templates.create_launch_template(&proof(), &fixture.template()).await.unwrap();
    for (name, config) in [("web-2", "development"), ("web-1", "development"), ("web-3", "production")] {
        let tags = tags(&[PROJECT, ("ConfigName", config)]);
        let group = NewAutoScalingGroup { name: name.into(), tags, ..fixture.group(capacity(0, 0, 0)) };
        groups.create_group(&proof(), &group).await.unwrap();
    }
    let found = groups.groups(&[PROJECT, ("ConfigName", "development")]).await.unwrap();
    assert!(found.iter().map(|group| group.name.as_str()).eq(["web-1", "web-2"]), "{found:?}");
    assert_eq!(groups.groups(&[PROJECT]).await.unwrap().len(), 3);
    let all = groups.groups(&[]).await.unwrap();
    assert!(all.iter().map(|group| group.name.as_str()).eq(["old", "web-1", "web-2", "web-3"]), "{all:?}");
}

pub async fn group_name_is_unique(fixture: RegionFixture) {
    let group = fixture.group(capacity(0, 0, 1));
    fixture.create(&group).await;
    let error = fixture.ports.groups.create_group(&proof(), &group).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::AlreadyExists, "AlreadyExists"));
}

pub async fn contradictory_sizes_are_refused(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(0, 0, 1))).await;
    let other = |sizes| NewAutoScalingGroup { name: "other".into(), ..fixture.group(sizes) };
    for sizes in [capacity(3, 3, 2), capacity(1, 5, 4)] {
        let error = fixture.ports.groups.create_group(&proof(), &other(sizes)).await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "ValidationError"));
    }
    assert_eq!(fixture.ports.groups.group("other").await.unwrap(), None);
}

pub async fn group_reaches_its_capacity(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(1, 1, 3))).await;
    fixture.wait_until("one instance is in service", async |_| fixture.in_service().await.len() == 1).await;
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(1, 3, 3)).await.unwrap();
    fixture.wait_until("three instances are in service", async |_| fixture.in_service().await.len() == 3).await;
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(0, 1, 2)).await.unwrap();
    fixture.wait_until("two instances are terminated", async |_| fixture.in_service().await.len() == 1).await;
    let found = fixture.ports.groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.capacity, capacity(0, 1, 2));
}

pub async fn grace_period_is_changed_with_the_sizes(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(0, 0, 1))).await;
    let groups = &fixture.ports.groups;
    let update = GroupUpdate { capacity: capacity(0, 0, 2), health_check_grace_period_seconds: Some(300) };
    groups.update_group(&proof(), GROUP, update).await.unwrap();
    let found = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!((found.capacity, found.health_check_grace_period_seconds), (capacity(0, 0, 2), Some(300)));
    groups.set_capacity(&proof(), GROUP, capacity(0, 0, 3)).await.unwrap();
    let found = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!((found.capacity, found.health_check_grace_period_seconds), (capacity(0, 0, 3), Some(300)));
}

pub async fn deleted_group_disappears_with_instances(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(1, 1, 1))).await;
    fixture.wait_until("its instance is in service", async |_| fixture.in_service().await.len() == 1).await;
    fixture.ports.groups.delete_group(&proof(), GROUP).await.unwrap();
    let left = fixture.ports.groups.group(GROUP).await.unwrap();
    assert!(left.is_none_or(|group| group.status.is_some()), "a group that is being deleted has a status");
    fixture.wait_until("it is deleted", async |ports| ports.groups.group(GROUP).await.unwrap().is_none()).await;
    assert!(fixture.ports.groups.delete_group(&proof(), GROUP).await.unwrap_err().is_not_found());
}

pub async fn launch_configuration_in_use_is_not_deleted(fixture: RegionFixture) {
    let groups = &fixture.ports.groups;
    let old = groups.group("old").await.unwrap().unwrap();
    assert_eq!((old.launch_configuration.as_deref(), old.launch_template), (Some("old"), None));
    let error = groups.delete_launch_configuration(&proof(), "old").await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Conflict, "ResourceInUse"));
    groups.delete_group(&proof(), "old").await.unwrap();
    fixture.wait_until("the group is deleted", async |ports| ports.groups.group("old").await.unwrap().is_none()).await;
    groups.delete_launch_configuration(&proof(), "old").await.unwrap();
    assert!(groups.delete_launch_configuration(&proof(), "old").await.unwrap_err().is_not_found());
}
