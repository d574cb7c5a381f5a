//! Groups attached to load balancers and target groups.

use super::fixture::{GROUP, RegionFixture, capacity, proof};
use bifrost::cloud::ErrorKind;
use odin::cloud::NewAutoScalingGroup;
use std::slice;

/// Creates a group of two instances that are in service in the load balancer and the target group. Returns the ARN of
/// the target group.
async fn attached_group(fixture: &RegionFixture) -> String {
    let arn = fixture.target_group().await;
    let group = NewAutoScalingGroup {
        load_balancers: vec!["web-elb".into()],
        target_group_arns: vec![arn.clone()],
        ..fixture.group(capacity(2, 2, 2))
    };
    fixture.create(&group).await;
    fixture.wait_until("its instances are healthy everywhere", async |_| healthy_everywhere(fixture, &arn).await).await;
    arn
}

/// Whether both instances are in service and both balancers report them healthy.
async fn healthy_everywhere(fixture: &RegionFixture, arn: &str) -> bool {
    let in_service = fixture.in_service().await;
    let classic = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    let targets = fixture.ports.target_groups.target_health(arn).await.unwrap();
    let healthy = |id: &String| {
        classic.get(id).is_some_and(|found| found.state == "InService" && found.reason.is_none())
            && targets.get(id).is_some_and(|found| found.state == "healthy")
    };
    in_service.len() == 2 && in_service.iter().all(healthy)
}

pub async fn instances_become_healthy_in_balancers(fixture: RegionFixture) {
    let arn = attached_group(&fixture).await;
    fixture
        .wait_until("its attachments are in service", async |ports| {
            let attachments = ports.groups.attachments(GROUP).await.unwrap();
            let state = attachments.load_balancers.get("web-elb").map(String::as_str);
            // A group without ELB health checks stops at `Added`.
            matches!(state, Some("Added" | "InService")) && attachments.target_groups.contains_key(&arn)
        })
        .await;
}

pub async fn detached_balancers_drain(fixture: RegionFixture) {
    let arn = attached_group(&fixture).await;
    let groups = &fixture.ports.groups;
    groups.detach_load_balancers(&proof(), GROUP, &["web-elb".into()]).await.unwrap();
    groups.detach_target_groups(&proof(), GROUP, slice::from_ref(&arn)).await.unwrap();
    let group = groups.group(GROUP).await.unwrap().unwrap();
    assert!(group.load_balancers.is_empty() && group.target_group_arns.is_empty(), "{group:?}");
    fixture
        .wait_until("it has drained", async |ports| {
            let attachments = ports.groups.attachments(GROUP).await.unwrap();
            attachments.load_balancers.is_empty() && attachments.target_groups.is_empty()
        })
        .await;
    assert!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
    assert_eq!(fixture.in_service().await.len(), 2, "detached instances keep running");
}

pub async fn detaching_what_is_not_attached_is_refused(fixture: RegionFixture) {
    let arn = attached_group(&fixture).await;
    let groups = &fixture.ports.groups;
    let error = groups.detach_target_groups(&proof(), GROUP, &[arn.clone(), format!("{arn}0")]).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "ValidationError"));
    let group = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(group.target_group_arns, [arn], "all or none");
}
