//! Scaling policies, and the alarms that trigger them.

use super::fixture::{GROUP, RegionFixture, capacity, proof};
use odin::cloud::{Comparison, NewAlarm, NewScalingPolicy};

fn policy() -> NewScalingPolicy {
    NewScalingPolicy {
        name: format!("{GROUP}-cpu_scale_up"),
        group_name: GROUP.into(),
        scaling_adjustment: 1,
        cooldown_seconds: 60,
    }
}

fn alarm(name: String, policy_arn: &str) -> NewAlarm {
    NewAlarm {
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
    let changed = NewScalingPolicy { scaling_adjustment: 2, ..policy() };
    assert_eq!(groups.put_scaling_policy(&proof(), &changed).await.unwrap(), arn);
    let other = NewScalingPolicy { group_name: "other".into(), ..policy() };
    assert!(groups.put_scaling_policy(&proof(), &other).await.unwrap_err().is_not_found());
    assert!(groups.policy_alarms(GROUP).await.unwrap().is_empty());
}

pub async fn put_alarm_replaces_the_one_of_its_name(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    for name in ["web-up", "web-down", "web-up"] {
        alarms.put(&proof(), &alarm(name.into(), POLICY)).await.unwrap();
    }
    assert_eq!((fixture.seeded.alarms)(), ["web-down", "web-up"]);
}

pub async fn many_alarms_are_deleted(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    let names: Vec<_> = (0..205).map(|number| format!("web-{number}")).collect();
    for name in &names {
        alarms.put(&proof(), &alarm(name.clone(), POLICY)).await.unwrap();
    }
    assert!(!(fixture.seeded.alarms)().is_empty());
    alarms.delete_all(&proof(), &names).await.unwrap();
    assert!((fixture.seeded.alarms)().is_empty());
}

pub async fn deleting_a_missing_alarm_succeeds(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    alarms.put(&proof(), &alarm("web-up".into(), POLICY)).await.unwrap();
    alarms.delete(&proof(), &["other".into(), "web-up".into()]).await.unwrap();
    assert!((fixture.seeded.alarms)().is_empty());
}
