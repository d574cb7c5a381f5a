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

pub async fn alarms_are_found_by_prefix(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    for name in ["web-up", "web-down", "worker-up"] {
        alarms.put(&proof(), &alarm(name.into(), POLICY)).await.unwrap();
        alarms.put(&proof(), &alarm(name.into(), POLICY)).await.unwrap();
    }
    let mut found = alarms.names("web-").await.unwrap();
    found.sort();
    assert_eq!(found, ["web-down", "web-up"]);
    assert_eq!(alarms.names("").await.unwrap().len(), 3);
}

pub async fn many_alarms_are_listed_and_deleted(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    for number in 0..205 {
        alarms.put(&proof(), &alarm(format!("web-{number}"), POLICY)).await.unwrap();
    }
    let names = alarms.names("web-").await.unwrap();
    assert_eq!(names.len(), 205);
    alarms.delete(&proof(), &names).await.unwrap();
    assert!(alarms.names("web-").await.unwrap().is_empty());
}

pub async fn deleting_a_missing_alarm_succeeds(fixture: RegionFixture) {
    let alarms = &fixture.ports.alarms;
    alarms.put(&proof(), &alarm("web-up".into(), POLICY)).await.unwrap();
    alarms.delete(&proof(), &["other".into(), "web-up".into()]).await.unwrap();
    assert!(alarms.names("").await.unwrap().is_empty());
}
