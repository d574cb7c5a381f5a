//! How instances come and go.

use super::*;
use crate::cloud::local::{Behaviour, Health};

const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// The usual world, its image changed, with a group of that capacity and these hooks made at second 0.
async fn with_image(image: &Value, capacity: Capacity, hooks: Vec<LifecycleHook>) -> PortsFixture {
    let mut resources = usual();
    resources["regions"][REGION]["images"]["ami-1"] = image.clone();
    let fixture = PortsFixture::of(&resources).and_template().await;
    let group = NewAutoScalingGroup { lifecycle_hooks: hooks, ..group(capacity) };
    fixture.ports.groups.create_group(&group).await.unwrap();
    fixture
}

fn quick() -> Value {
    json!({"instances": {"boots_after_seconds": 20, "health": {"after_seconds": 10}, "stops_after_seconds": 5}})
}

#[tokio::test]
async fn an_instance_is_launched_a_little_later_boots_and_becomes_healthy() {
    let fixture = with_image(&quick(), capacity(1, 1, 1), Vec::new()).await;
    let health = || async { fixture.ports.balancers.instance_health("web-elb").await.unwrap() };
    fixture.go_to(1);
    assert!(fixture.states().await.is_empty());
    fixture.go_to(2);
    assert_eq!(fixture.states().await, ["Pending"]);
    assert!(health().await.is_empty(), "a balancer does not know an instance that boots");
    fixture.go_to(22);
    assert_eq!(fixture.states().await, ["InService"]);
    assert_eq!(health().await.into_values().collect::<Vec<_>>(), ["OutOfService"]);
    fixture.go_to(32);
    assert_eq!(health().await.into_values().collect::<Vec<_>>(), ["InService"]);
}

#[tokio::test]
async fn a_target_is_initial_then_healthy_and_draining_at_last() {
    let fixture = PortsFixture::with_template().await;
    let arn = fixture.target_group().await;
    let group = NewAutoScalingGroup { target_group_arns: vec![arn.clone()], ..group(capacity(1, 1, 1)) };
    fixture.ports.groups.create_group(&group).await.unwrap();
    let targets = || async { fixture.ports.target_groups.target_health(&arn).await.unwrap().into_values() };
    fixture.go_to(22);
    assert!(targets().await.eq(["initial"]));
    fixture.go_to(32);
    assert!(targets().await.eq(["healthy"]));
    fixture.ports.groups.set_capacity(GROUP, capacity(0, 0, 1)).await.unwrap();
    fixture.go_to(34);
    assert!(targets().await.eq(["draining"]));
}

#[tokio::test]
async fn a_group_grows_and_shrinks_to_what_is_desired_the_oldest_first() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 5)).await;
    let groups = &fixture.ports.groups;
    let first = groups.group(GROUP).await.unwrap().unwrap().instances[0].id.clone();
    groups.set_capacity(GROUP, capacity(1, 3, 5)).await.unwrap();
    fixture.go_to(62);
    assert_eq!(fixture.states().await, ["InService", "Pending", "Pending"]);
    fixture.go_to(120);
    groups.set_capacity(GROUP, capacity(1, 2, 5)).await.unwrap();
    fixture.go_to(122);
    let found = groups.group(GROUP).await.unwrap().unwrap().instances;
    assert_eq!((found[0].id.as_str(), found[0].lifecycle_state.as_str()), (first.as_str(), "Terminating"));
    fixture.go_to(141);
    assert_eq!(fixture.states().await, ["Terminating", "InService", "InService"], "it drains for 15 s, then stops");
    fixture.go_to(142);
    assert_eq!(fixture.states().await, ["InService", "InService"]);
}

#[tokio::test]
async fn a_launch_hook_holds_an_instance_back_until_its_subscriber_lets_it_go_on() {
    let fixture = with_image(&quick(), capacity(1, 1, 1), vec![hook(LAUNCHING, "hooks")]).await;
    let mut seen = Vec::new();
    for second in [21, 22, 29, 30] {
        fixture.go_to(second);
        seen.extend(fixture.states().await);
    }
    assert_eq!(seen, ["Pending", "Pending:Wait", "Pending:Proceed", "InService"]);
}

#[tokio::test]
async fn a_launch_hook_that_nobody_answers_abandons_the_instance() {
    let fixture = with_image(&quick(), capacity(1, 1, 1), vec![hook(LAUNCHING, "nobody")]).await;
    fixture.go_to(61);
    assert_eq!(fixture.states().await, ["Pending:Wait"]);
    fixture.go_to(62);
    assert_eq!(fixture.states().await, ["Terminating"]);
    fixture.go_to(64);
    assert_eq!(fixture.states().await, ["Terminating", "Pending"], "and another takes its place");
}

#[tokio::test]
async fn a_termination_hook_is_waited_for_after_draining() {
    let fixture = with_image(&quick(), capacity(0, 1, 1), vec![hook(TERMINATING, "hooks")]).await;
    fixture.go_to(60);
    fixture.ports.groups.set_capacity(GROUP, capacity(0, 0, 1)).await.unwrap();
    let mut seen = Vec::new();
    for second in [62, 77, 84, 89] {
        fixture.go_to(second);
        seen.push(fixture.states().await.join(" "));
    }
    assert_eq!(seen, ["Terminating", "Terminating:Wait", "Terminating:Proceed", ""]);
}

#[tokio::test]
async fn an_instance_that_terminates_by_itself_is_found_unhealthy_and_replaced() {
    let mut image = quick();
    image["exceptions"] = json!({"2": {"terminates_after_seconds": 40}});
    let fixture = with_image(&image, capacity(3, 3, 3), Vec::new()).await;
    fixture.go_to(41);
    assert_eq!(fixture.states().await, ["InService"; 3]);
    fixture.go_to(42);
    let instances = fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances;
    let gone: Vec<_> = instances.iter().filter(|found| found.lifecycle_state == "Terminating").collect();
    assert_eq!(gone.iter().map(|found| found.health_status.as_str()).collect::<Vec<_>>(), ["Unhealthy"]);
    let known = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    assert!(!known.contains_key(&gone[0].id), "a balancer forgets an instance that died");
    fixture.go_to(70);
    assert_eq!(fixture.states().await, ["InService"; 3], "only the second of the image does that");
}

#[tokio::test]
async fn an_instance_that_a_balancer_finds_unhealthy_is_replaced_after_the_grace_period() {
    let mut image = quick();
    image["exceptions"] = json!({"1": {"health": "never"}});
    let fixture = with_image(&image, capacity(2, 2, 2), Vec::new()).await;
    fixture.go_to(121);
    assert_eq!(fixture.states().await, ["InService", "InService"]);
    fixture.go_to(122);
    let instances = fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances;
    assert_eq!(
        (instances[0].lifecycle_state.as_str(), instances[0].health_status.as_str()),
        ("Terminating", "Unhealthy")
    );
    fixture.go_to(200);
    let known = fixture.ports.balancers.instance_health("web-elb").await.unwrap();
    assert_eq!(known.into_values().collect::<Vec<_>>(), ["InService", "InService"]);
}

#[tokio::test]
async fn a_group_of_which_no_instance_is_healthy_replaces_none_for_the_balancer() {
    let fixture = with_image(&json!({"instances": {"health": "never"}}), capacity(2, 2, 2), Vec::new()).await;
    let before = {
        fixture.go_to(60);
        fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances
    };
    fixture.go_to(86_400);
    assert_eq!(fixture.ports.groups.group(GROUP).await.unwrap().unwrap().instances, before);
    let states = fixture.ports.groups.attachments(GROUP).await.unwrap().load_balancers;
    assert_eq!(states["web-elb"], "Added");
}

#[tokio::test]
async fn deleting_takes_until_the_last_instance_is_gone() {
    let fixture = with_image(&quick(), capacity(2, 2, 2), vec![hook(TERMINATING, "nobody")]).await;
    fixture.go_to(60);
    let groups = &fixture.ports.groups;
    groups.delete_group(GROUP).await.unwrap();
    let deleting = groups.group(GROUP).await.unwrap().unwrap();
    assert_eq!(deleting.status.as_deref(), Some("Delete in progress"));
    assert_eq!(deleting.capacity, capacity(0, 0, 0));
    assert_eq!(fixture.states().await, ["Terminating", "Terminating"]);
    fixture.go_to(64);
    assert!(groups.group(GROUP).await.unwrap().is_some());
    fixture.go_to(65);
    assert_eq!(groups.group(GROUP).await.unwrap(), None, "a deletion by force waits for no hook");
    assert!(fixture.ports.balancers.instance_health("web-elb").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_group_without_instances_is_gone_at_once() {
    let fixture = PortsFixture::with_group(capacity(0, 0, 1)).await;
    fixture.ports.groups.delete_group(GROUP).await.unwrap();
    assert_eq!(fixture.ports.groups.group(GROUP).await.unwrap(), None);
}

#[tokio::test]
async fn a_group_launches_what_there_is_room_for_and_the_rest_when_room_is_made() {
    let mut resources = usual();
    resources["regions"][REGION]["spare_capacity"] = json!({"t3.small": 3});
    let fixture = PortsFixture::of(&resources).and_template().await;
    let groups = &fixture.ports.groups;
    groups.create_group(&NewAutoScalingGroup { name: "old".into(), ..group(capacity(2, 2, 2)) }).await.unwrap();
    fixture.go_to(60);
    groups.create_group(&group(capacity(3, 3, 3))).await.unwrap();
    fixture.go_to(3600);
    assert_eq!(fixture.states().await, ["InService"]);
    groups.delete_group("old").await.unwrap();
    fixture.go_to(3607);
    assert_eq!(fixture.states().await, ["InService", "Pending", "Pending"]);
    assert_eq!(fixture.region().spare_capacity["t3.small"], 0);
}

#[tokio::test]
async fn a_group_whose_template_is_gone_launches_nothing_more() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 3)).await;
    fixture.ports.templates.delete_launch_template(GROUP).await.unwrap();
    fixture.ports.groups.set_capacity(GROUP, capacity(1, 3, 3)).await.unwrap();
    fixture.go_to(3600);
    assert_eq!(fixture.states().await, ["InService"]);
}

#[test]
fn an_exception_says_only_what_is_different() {
    let usual = Behaviour { boots_after_seconds: Some(1), stops_after_seconds: Some(2), ..Behaviour::default() };
    let exception = Behaviour { boots_after_seconds: Some(9), health: Some(Health::Never), ..Behaviour::default() };
    let both = exception.or(usual);
    assert_eq!((both.boot_seconds(), both.stop_seconds(), both.health_seconds()), (9, 2, None));
}

#[tokio::test]
async fn a_group_of_any_capacity_ends_at_the_quota() {
    let fixture = PortsFixture::with_group(capacity(u32::MAX, u32::MAX, u32::MAX)).await;
    fixture.go_to(600);
    assert_eq!(fixture.region().auto_scaling_groups[GROUP].instances.len(), 1000);
}
