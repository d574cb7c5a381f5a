//! Detaching groups from load balancers and target groups.

use super::*;

/// A group of two instances, attached to the load balancer (drains 15 s) and the target group (drains 30 s), at second
/// 60.
async fn attached() -> (PortsFixture, String) {
    let fixture = PortsFixture::with_template().await;
    let arn = fixture.target_group().await;
    let group = NewAutoScalingGroup { target_group_arns: vec![arn.clone()], ..group(capacity(2, 2, 2)) };
    fixture.ports.groups.create_group(&proof(), &group).await.unwrap();
    fixture.advance_to(60);
    (fixture, arn)
}

#[tokio::test]
async fn attachment_becomes_added_then_in_service() {
    let fixture = PortsFixture::with_template().await;
    fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
    let state = || async { fixture.ports.groups.attachments(GROUP).await.unwrap().load_balancers["web-elb"].clone() };
    fixture.advance_to(22);
    assert_eq!(state().await, "Added");
    fixture.advance_to(32);
    assert_eq!(state().await, "InService");
}

#[tokio::test]
async fn detached_load_balancer_drains() {
    let (fixture, _) = attached().await;
    let groups = &fixture.ports.groups;
    groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await.unwrap();
    assert_eq!(groups.attachments(GROUP).await.unwrap().load_balancers["web-elb"], "Removing");
    let found = groups.group(GROUP).await.unwrap().unwrap();
    assert!(found.load_balancers.is_empty());
    assert_eq!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().len(), 2);
    fixture.advance_to(74);
    assert_eq!(groups.attachments(GROUP).await.unwrap().load_balancers["web-elb"], "Removing");
    fixture.advance_to(75);
    assert!(groups.attachments(GROUP).await.unwrap().load_balancers.is_empty());
    assert!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
    assert_eq!(fixture.states().await, ["InService", "InService"], "detached instances keep running");
}

#[tokio::test]
async fn detached_target_group_drains_for_its_delay() {
    let (fixture, arn) = attached().await;
    let groups = &fixture.ports.groups;
    groups.detach_target_groups(&proof(), GROUP, std::slice::from_ref(&arn)).await.unwrap();
    assert_eq!(groups.attachments(GROUP).await.unwrap().target_groups[&arn], "Removing");
    let draining = fixture.ports.target_groups.target_health(&arn).await.unwrap();
    assert_eq!(draining.into_values().map(|found| found.state).collect::<Vec<_>>(), ["draining", "draining"]);
    fixture.advance_to(80);
    groups.detach_target_groups(&proof(), GROUP, std::slice::from_ref(&arn)).await.unwrap();
    fixture.advance_to(90);
    let attachments = groups.attachments(GROUP).await.unwrap();
    assert!(attachments.target_groups.is_empty(), "detaching again does not restart draining");
    assert_eq!(attachments.load_balancers["web-elb"], "InService");
}

#[tokio::test]
async fn detaching_what_is_not_attached_is_refused() {
    let (fixture, arn) = attached().await;
    let groups = &fixture.ports.groups;
    assert_eq!(
        code(groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into(), "other".into()]).await),
        "ValidationError"
    );
    assert_eq!(code(groups.detach_target_groups(&proof(), GROUP, &[arn, "arn:other".into()]).await), "ValidationError");
    let states = groups.attachments(GROUP).await.unwrap();
    assert_eq!(states.load_balancers["web-elb"], "InService", "all or none");
    assert!(states.target_groups.into_values().eq(["InService"]));
}

#[tokio::test]
async fn empty_group_is_detached_at_once() {
    let fixture = PortsFixture::with_group(capacity(0, 0, 1)).await;
    fixture.ports.groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await.unwrap();
    assert!(fixture.ports.groups.attachments(GROUP).await.unwrap().load_balancers.is_empty());
}

#[tokio::test]
async fn detaching_keeps_instances_of_other_groups() {
    let (fixture, _) = attached().await;
    let other = NewAutoScalingGroup { name: "other".into(), ..group(capacity(1, 1, 1)) };
    fixture.ports.groups.create_group(&proof(), &other).await.unwrap();
    fixture.advance_to(100);
    fixture.ports.groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await.unwrap();
    fixture.advance_to(200);
    let known = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    assert_eq!(known.into_values().map(|found| found.state).collect::<Vec<_>>(), ["InService"]);
}

#[tokio::test]
async fn instance_launched_after_detach_is_not_registered() {
    let fixture = PortsFixture::with_template().await;
    fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
    fixture.advance_to(10);
    fixture.ports.groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await.unwrap();
    fixture.advance_to(60);
    assert_eq!(fixture.states().await, ["InService"]);
    assert!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
}

/// A region with a group that is attached to 11 target groups, more than one request detaches.
#[tokio::test]
async fn many_target_groups_are_detached_in_parts() {
    let mut resources = sample_resources();
    for number in 1..=11 {
        resources["regions"][REGION]["target_groups"][format!("tg-{number}")] = json!({});
    }
    let fixture = PortsFixture::of(&resources).add_template().await;
    let (groups, mut target_group_arns) = (&fixture.ports.groups, Vec::new());
    for number in 1..=11 {
        let group = fixture.ports.target_groups.target_group(&format!("tg-{number}")).await.unwrap();
        target_group_arns.extend(group.map(|group| group.arn));
    }
    groups
        .create_group(&proof(), &NewAutoScalingGroup { target_group_arns, ..group(capacity(0, 0, 1)) })
        .await
        .unwrap();
    let found = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(found.target_group_arns.len(), 11);
    let refused = groups.detach_target_groups(&proof(), GROUP, &found.target_group_arns).await;
    assert_eq!(code(refused), "ValidationError");
    groups.detach_all_target_groups(&proof(), &found).await.unwrap();
    groups.detach_all_load_balancers(&proof(), &found).await.unwrap();
    let found = groups.group(GROUP).await.unwrap().unwrap();
    assert!(found.target_group_arns.is_empty() && found.load_balancers.is_empty(), "{found:?}");
}
