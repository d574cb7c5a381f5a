//! Groups in their load balancers and target groups.

use super::place::{GROUP, Place, capacity};
use bifrost::cloud::ErrorKind;
use odin::cloud::NewAutoScalingGroup;
use std::slice;

/// A group of two on the load balancer and the target group, in service in both; and the latter's ARN.
async fn balanced(place: &Place) -> String {
    let arn = place.target_group().await;
    let group = NewAutoScalingGroup {
        load_balancers: vec!["web-elb".into()],
        target_group_arns: vec![arn.clone()],
        ..place.group(capacity(2, 2, 2))
    };
    place.make(&group).await;
    place.until("its instances are healthy everywhere", async |_| healthy_everywhere(place, &arn).await).await;
    arn
}

/// Whether both instances of the group serve, and both balancers say so.
async fn healthy_everywhere(place: &Place, arn: &str) -> bool {
    let serving = place.in_service().await;
    let classic = place.ports.balancers.instance_health("web-elb").await.unwrap();
    let targets = place.ports.target_groups.target_health(arn).await.unwrap();
    let healthy = |id: &String| {
        classic.get(id).is_some_and(|state| state == "InService")
            && targets.get(id).is_some_and(|state| state == "healthy")
    };
    serving.len() == 2 && serving.iter().all(healthy)
}

pub async fn instances_of_a_group_come_to_be_healthy_in_its_balancers(place: Place) {
    let arn = balanced(&place).await;
    place
        .until("its attachments are in service", async |ports| {
            let attachments = ports.groups.attachments(GROUP).await.unwrap();
            let state = attachments.load_balancers.get("web-elb").map(String::as_str);
            // A group without ELB health checks stops at `Added`.
            matches!(state, Some("Added" | "InService")) && attachments.target_groups.contains_key(&arn)
        })
        .await;
}

pub async fn what_is_detached_is_no_longer_the_groups_and_drains(place: Place) {
    let arn = balanced(&place).await;
    let groups = &place.ports.groups;
    groups.detach_load_balancers(GROUP, &["web-elb".into()]).await.unwrap();
    groups.detach_target_groups(GROUP, slice::from_ref(&arn)).await.unwrap();
    let group = groups.group(GROUP).await.unwrap().unwrap();
    assert!(group.load_balancers.is_empty() && group.target_group_arns.is_empty(), "{group:?}");
    place
        .until("it has drained", async |ports| {
            let attachments = ports.groups.attachments(GROUP).await.unwrap();
            attachments.load_balancers.is_empty() && attachments.target_groups.is_empty()
        })
        .await;
    assert!(place.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
    assert_eq!(place.in_service().await.len(), 2, "detached instances go on running");
}

pub async fn what_is_not_attached_cannot_be_detached(place: Place) {
    let arn = balanced(&place).await;
    let groups = &place.ports.groups;
    let error = groups.detach_target_groups(GROUP, &[arn.clone(), format!("{arn}0")]).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "ValidationError"));
    let group = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(group.target_group_arns, [arn], "all or none");
}
