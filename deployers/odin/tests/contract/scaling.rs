//! Scaling policies, and the alarms that trigger them.

use super::fixture::{GROUP, REGION, RegionFixture, capacity, proof};
use odin::cloud::{Comparison, LifecycleHook, NewAlarm, NewAutoScalingGroup, NewScalingPolicy};

fn policy() -> NewScalingPolicy {
    NewScalingPolicy {
        name: format!("{GROUP}-cpu_scale_up"),
        group_name: GROUP.into(),
        scaling_adjustment: 1,
        cooldown_seconds: 60,
        enabled: true,
    }
}

fn alarm(name: String, policy_arn: &str) -> NewAlarm {
    NewAlarm {
        description: format!("scales {name}"),
        name,
        group_name: GROUP.into(),
        comparison: Comparison::GreaterThanThreshold,
        threshold: 50.0,
        period_seconds: 300,
        evaluation_periods: 2,
        policy_arn: policy_arn.into(),
    }
}

/// ARN of a policy for tests that need only alarms.
const POLICY: &str =
    "arn:aws:autoscaling:us-east-1:222222222222:scalingPolicy:1:autoScalingGroupName/web:policyName/up";

pub async fn put_scaling_policy_keeps_the_arn(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(0, 0, 2))).await;
    let groups = &fixture.ports.groups;
    let arn = groups.put_scaling_policy(&proof(), &policy()).await.unwrap();
    assert!(arn.ends_with(&format!(":autoScalingGroupName/{GROUP}:policyName/{GROUP}-cpu_scale_up")), "{arn}");
    let changed = NewScalingPolicy { scaling_adjustment: 2, enabled: false, ..policy() };
    assert_eq!(groups.put_scaling_policy(&proof(), &changed).await.unwrap(), arn);
    let other = NewScalingPolicy { group_name: "other".into(), ..policy() };
    assert!(groups.put_scaling_policy(&proof(), &other).await.unwrap_err().is_not_found());
}

pub async fn put_alarm_replaces_the_one_of_its_name(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    for name in ["web-up", "web-down", "web-up"] {
        alarms.put(&proof(), &alarm(name.into(), POLICY)).await.unwrap();
    }
    let described = [("web-down", "scales web-down"), ("web-up", "scales web-up")];
    let described = described.map(|(name, description)| (name.to_owned(), description.to_owned()));
    assert_eq!((fixture.seeded.alarms)(), described.into());
}

pub async fn alarms_have_states(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    alarms.put(&proof(), &alarm("web-up".into(), POLICY)).await.unwrap();
    let names = ["web-up", "errors", "missing"].map(str::to_owned);
    let mut states = alarms.states(&names).await.unwrap();
    states.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
    assert_eq!(names, ["errors", "web-up"]);
    let fires: Vec<_> = states.iter().map(|state| state.value == "ALARM").collect();
    assert_eq!(fires, [true, false]);
}

pub async fn zones_are_rebalanced_unless_suspended(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(0, 0, 2))).await;
    let groups = &fixture.ports.groups;
    let is_suspended = async || groups.group(GROUP).await.unwrap().unwrap().az_rebalance_suspended;
    assert!(!is_suspended().await);
    for _ in 0..2 {
        groups.suspend_az_rebalance(&proof(), GROUP).await.unwrap();
        assert!(is_suspended().await);
    }
    for _ in 0..2 {
        groups.resume_az_rebalance(&proof(), GROUP).await.unwrap();
        assert!(!is_suspended().await);
    }
}

pub async fn termination_hooks_are_found(fixture: RegionFixture) {
    let hook = |name: &str, transition: &str| LifecycleHook {
        name: name.into(),
        transition: format!("autoscaling:EC2_INSTANCE_{transition}"),
        role_arn: format!("arn:aws:iam::{}:role/hooks", fixture.account),
        notification_target_arn: format!("arn:aws:sns:{REGION}:{}:hooks", fixture.account),
        heartbeat_timeout_seconds: Some(60),
    };
    let lifecycle_hooks = vec![hook("up", "LAUNCHING"), hook("down", "TERMINATING")];
    fixture.create(&NewAutoScalingGroup { lifecycle_hooks, ..fixture.group(capacity(0, 0, 2)) }).await;
    assert_eq!(fixture.ports.groups.termination_hooks(GROUP).await.unwrap(), ["down"]);
    assert!(fixture.ports.groups.termination_hooks("old").await.unwrap().is_empty());
}

pub async fn tag_of_a_group_is_replaced(fixture: RegionFixture) {
    fixture.create(&fixture.group(capacity(0, 0, 2))).await;
    let groups = &fixture.ports.groups;
    for value in ["3", "5"] {
        groups.tag_group(&proof(), GROUP, "DesiredCapacity", value).await.unwrap();
    }
    let tags = groups.group(GROUP).await.unwrap().unwrap().tags;
    assert_eq!(tags["DesiredCapacity"], "5");
    assert_eq!(tags["ProjectName"], "coinbase/deploy-test");
}
