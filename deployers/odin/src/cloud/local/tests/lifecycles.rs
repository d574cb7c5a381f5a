//! Launch, health and termination of instances.

use super::*;
use crate::cloud::limits::INTEGER_LIMIT;
use crate::cloud::local::{Behaviour, Health};

const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// The sample resources with another image, and a group of that capacity with these hooks, created at second 0.
async fn with_image(image: &Value, capacity: Capacity, hooks: Vec<LifecycleHook>) -> PortsFixture {
    let mut resources = sample_resources();
    resources["regions"][REGION]["images"]["ami-1"] = image.clone();
    let fixture = PortsFixture::of(&resources).add_template().await;
    let group = NewAutoScalingGroup { lifecycle_hooks: hooks, ..group(capacity) };
    fixture.ports.groups.create_group(&proof(), &group).await.unwrap();
    fixture
}

fn fast_image() -> Value {
    json!({"instances": {"boots_after_seconds": 20, "health": {"after_seconds": 10}, "stops_after_seconds": 5}})
}

#[tokio::test]
async fn instance_boots_and_becomes_healthy() {
    let fixture = with_image(&fast_image(), capacity(1, 1, 1), Vec::new()).await;
    let health = || async { fixture.ports.balancers.instance_health("web-elb").await.unwrap() };
    fixture.advance_to(1);
    assert!(fixture.states().await.is_empty());
    fixture.advance_to(2);
    assert_eq!(fixture.states().await, ["Pending"]);
    assert!(health().await.is_empty(), "a booting instance is not registered");
    fixture.advance_to(22);
    assert_eq!(fixture.states().await, ["InService"]);
    assert_eq!(health().await.into_values().map(|found| found.state).collect::<Vec<_>>(), ["OutOfService"]);
    fixture.advance_to(32);
    assert_eq!(health().await.into_values().map(|found| found.state).collect::<Vec<_>>(), ["InService"]);
}

#[tokio::test]
async fn target_is_initial_healthy_then_draining() {
    let fixture = PortsFixture::with_template().await;
    let arn = fixture.target_group().await;
    let group = NewAutoScalingGroup { target_group_arns: vec![arn.clone()], ..group(capacity(1, 1, 1)) };
    fixture.ports.groups.create_group(&proof(), &group).await.unwrap();
    let targets = || async {
        fixture.ports.target_groups.target_health(&arn).await.unwrap().into_values().map(|found| found.state)
    };
    fixture.advance_to(22);
    assert!(targets().await.eq(["initial"]));
    fixture.advance_to(32);
    assert!(targets().await.eq(["healthy"]));
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(0, 0, 1)).await.unwrap();
    fixture.advance_to(34);
    assert!(targets().await.eq(["draining"]));
}

#[tokio::test]
async fn scaling_terminates_the_oldest_first() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 5)).await;
    let groups = &fixture.ports.groups;
    let first = groups.group(GROUP).await.unwrap().unwrap().instances[0].id.clone();
    groups.set_capacity(&proof(), GROUP, capacity(1, 3, 5)).await.unwrap();
    fixture.advance_to(62);
    assert_eq!(fixture.states().await, ["InService", "Pending", "Pending"]);
    fixture.advance_to(120);
    groups.set_capacity(&proof(), GROUP, capacity(1, 2, 5)).await.unwrap();
    fixture.advance_to(122);
    let found = groups.group(GROUP).await.unwrap().unwrap().instances;
    assert_eq!((found[0].id.as_str(), found[0].lifecycle_state.as_str()), (first.as_str(), "Terminating"));
    fixture.advance_to(141);
    assert_eq!(fixture.states().await, ["Terminating", "InService", "InService"], "it drains for 15 s, then stops");
    fixture.advance_to(142);
    assert_eq!(fixture.states().await, ["InService", "InService"]);
}

#[tokio::test]
async fn launch_hook_delays_service() {
    let fixture = with_image(&fast_image(), capacity(1, 1, 1), vec![hook(LAUNCHING, "hooks")]).await;
    let mut states = Vec::new();
    for second in [21, 22, 29, 30] {
        fixture.advance_to(second);
        states.extend(fixture.states().await);
    }
    assert_eq!(states, ["Pending", "Pending:Wait", "Pending:Proceed", "InService"]);
}

#[tokio::test]
async fn launch_hook_timeout_abandons_the_instance() {
    let fixture = with_image(&fast_image(), capacity(1, 1, 1), vec![hook(LAUNCHING, "unanswered")]).await;
    fixture.advance_to(61);
    assert_eq!(fixture.states().await, ["Pending:Wait"]);
    fixture.advance_to(62);
    assert_eq!(fixture.states().await, ["Terminating"]);
    fixture.advance_to(64);
    assert_eq!(fixture.states().await, ["Terminating", "Pending"], "another instance replaces it");
}

#[tokio::test]
async fn termination_hook_runs_after_draining() {
    let fixture = with_image(&fast_image(), capacity(0, 1, 1), vec![hook(TERMINATING, "hooks")]).await;
    fixture.advance_to(60);
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(0, 0, 1)).await.unwrap();
    let mut states = Vec::new();
    for second in [62, 77, 84, 89] {
        fixture.advance_to(second);
        states.push(fixture.states().await.join(" "));
    }
    assert_eq!(states, ["Terminating", "Terminating:Wait", "Terminating:Proceed", ""]);
}

#[tokio::test]
async fn self_terminated_instance_is_replaced() {
    let mut image = fast_image();
    image["exceptions"] = json!({"2": {"terminates_after_seconds": 40}});
    let fixture = with_image(&image, capacity(3, 3, 3), Vec::new()).await;
    fixture.advance_to(41);
    assert_eq!(fixture.states().await, ["InService"; 3]);
    fixture.advance_to(42);
    let instances = fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances;
    let terminated: Vec<_> = instances.iter().filter(|found| found.lifecycle_state == "Terminating").collect();
    assert_eq!(terminated.iter().map(|found| found.health_status.as_str()).collect::<Vec<_>>(), ["Unhealthy"]);
    let known = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    assert!(!known.contains_key(&terminated[0].id), "a balancer removes a crashed instance");
    fixture.advance_to(70);
    assert_eq!(fixture.states().await, ["InService"; 3], "only the second instance of the image terminates");
}

#[tokio::test]
async fn unhealthy_instance_is_replaced_after_grace() {
    let mut image = fast_image();
    image["exceptions"] = json!({"1": {"health": "never"}});
    let fixture = with_image(&image, capacity(2, 2, 2), Vec::new()).await;
    fixture.advance_to(121);
    assert_eq!(fixture.states().await, ["InService", "InService"]);
    fixture.advance_to(122);
    let instances = fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances;
    assert_eq!(
        (instances[0].lifecycle_state.as_str(), instances[0].health_status.as_str()),
        ("Terminating", "Unhealthy")
    );
    fixture.advance_to(200);
    let known = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    assert_eq!(known.into_values().map(|found| found.state).collect::<Vec<_>>(), ["InService", "InService"]);
}

#[tokio::test]
async fn all_unhealthy_group_replaces_nothing() {
    let fixture = with_image(&json!({"instances": {"health": "never"}}), capacity(2, 2, 2), Vec::new()).await;
    let before = {
        fixture.advance_to(60);
        fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances
    };
    fixture.advance_to(86_400);
    assert_eq!(fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances, before);
    let states = fixture.ports.groups.attachments(GROUP).await.unwrap().load_balancers;
    assert_eq!(states["web-elb"], "Added");
}

#[tokio::test]
async fn deletion_ends_with_the_last_instance() {
    let fixture = with_image(&fast_image(), capacity(2, 2, 2), vec![hook(TERMINATING, "unanswered")]).await;
    fixture.advance_to(60);
    let groups = &fixture.ports.groups;
    groups.delete_group(&proof(), GROUP).await.unwrap();
    let deleting = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(deleting.status.as_deref(), Some("Delete in progress"));
    assert_eq!(deleting.capacity, capacity(0, 0, 0));
    assert_eq!(fixture.states().await, ["Terminating", "Terminating"]);
    fixture.advance_to(64);
    assert!(groups.group(GROUP).await.unwrap().is_some());
    fixture.advance_to(65);
    assert_eq!(groups.group(GROUP).await.unwrap(), None, "a forced deletion ignores hooks");
    assert!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
}

#[tokio::test]
async fn empty_group_is_deleted_at_once() {
    let fixture = PortsFixture::with_group(capacity(0, 0, 1)).await;
    fixture.ports.groups.delete_group(&proof(), GROUP).await.unwrap();
    assert_eq!(fixture.ports.groups.group(GROUP).await.unwrap(), None);
}

#[tokio::test]
async fn launches_wait_for_spare_capacity() {
    let mut resources = sample_resources();
    resources["regions"][REGION]["spare_capacity"] = json!({"t3.small": 3});
    let fixture = PortsFixture::of(&resources).add_template().await;
    let groups = &fixture.ports.groups;
    groups
        .create_group(&proof(), &NewAutoScalingGroup { name: "old".into(), ..group(capacity(2, 2, 2)) })
        .await
        .unwrap();
    fixture.advance_to(60);
    groups.create_group(&proof(), &group(capacity(3, 3, 3))).await.unwrap();
    fixture.advance_to(3600);
    assert_eq!(fixture.states().await, ["InService"]);
    groups.delete_group(&proof(), "old").await.unwrap();
    fixture.advance_to(3607);
    assert_eq!(fixture.states().await, ["InService", "Pending", "Pending"]);
    assert_eq!(fixture.region().spare_capacity["t3.small"], 0);
}

#[tokio::test]
async fn group_without_template_launches_nothing() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 3)).await;
    fixture.ports.templates.delete_launch_template(&proof(), GROUP).await.unwrap();
    fixture.ports.groups.set_capacity(&proof(), GROUP, capacity(1, 3, 3)).await.unwrap();
    fixture.advance_to(3600);
    assert_eq!(fixture.states().await, ["InService"]);
}

#[test]
fn exception_inherits_missing_fields() {
    let defaults = Behaviour { boots_after_seconds: Some(1), stops_after_seconds: Some(2), ..Behaviour::default() };
    let exception = Behaviour { boots_after_seconds: Some(9), health: Some(Health::Never), ..Behaviour::default() };
    let both = exception.or(defaults);
    assert_eq!((both.boot_seconds(), both.stop_seconds(), both.health_seconds()), (9, 2, None));
}

#[tokio::test]
async fn group_size_is_limited_by_quota() {
    let fixture = PortsFixture::with_group(capacity(INTEGER_LIMIT, INTEGER_LIMIT, INTEGER_LIMIT)).await;
    fixture.advance_to(600);
    assert_eq!(fixture.region().auto_scaling_groups[GROUP].instances.len(), 1000);
}
