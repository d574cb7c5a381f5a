//! Random small releases with random faults: the invariants always hold.

use crate::fixture::Fixture;
use crate::sample_cloud::{IMAGE, Scenario, set};
use odin::cloud::local::InstanceNumber;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

/// Every operation that a deploy calls.
const OPERATIONS: [&str; 45] = [
    "s3:GetObject",
    "s3:HeadObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListObjectsV2",
    "dynamodb:BatchGetItem",
    "kms:GetPublicKey",
    "kms:Sign",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:TransactWriteItems",
    "sts:AssumeRole",
    "iam:GetInstanceProfile",
    "iam:GetRole",
    "sns:GetTopicAttributes",
    "ec2:DescribeImages",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeLaunchTemplates",
    "ec2:CreateLaunchTemplate",
    "ec2:DeleteLaunchTemplate",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeInstanceHealth",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "autoscaling:EnableMetricsCollection",
    "autoscaling:PutScalingPolicy",
    "autoscaling:DetachLoadBalancers",
    "autoscaling:DetachLoadBalancerTargetGroups",
    "autoscaling:DescribeLoadBalancers",
    "autoscaling:DeleteAutoScalingGroup",
    "cloudwatch:PutMetricAlarm",
    "autoscaling:DescribeLoadBalancerTargetGroups",
    "autoscaling:DeleteLaunchConfiguration",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "ec2:DescribePlacementGroups",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstanceTypeOfferings",
    "autoscaling:DescribeLifecycleHooks",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:SuspendProcesses",
    "autoscaling:ResumeProcesses",
];

pub const STRATEGIES: [&str; 6] = [
    "AllAtOnce",
    "OneThenAllWithCanary",
    "25PercentStepRolloutNoCanary",
    "10PercentStepRolloutNoCanary",
    "10AtATimeNoCanary",
    "20AtATimeNoCanary",
];

/// A service with or without balancers.
fn service(behind_balancers: bool) -> impl Strategy<Value = Value> {
    let sizes = (0_u32..4, 0_u32..5, 0_u32..=20, 0_u32..3, prop::sample::select(&STRATEGIES[..]));
    sizes.prop_map(move |(min, more, twentieths, max_terms, strategy)| {
        let spread: Value = serde_json::from_str(&format!("{}.{:02}", twentieths / 20, twentieths % 20 * 5)).unwrap();
        let mut service = json!({
            "instance_type": "t3.nano",
            "security_groups": ["ec2::coinbase/deploy-test::development"],
            "autoscaling": {
                "min_size": min, "max_size": min + more, "spread": spread, "max_terms": max_terms, "strategy": strategy,
                "policies": [{"type": "cpu_scale_up"}],
            },
        });
        if behind_balancers {
            service["elbs"] = json!(["coinbase-deploy-test-web-elb"]);
            service["target_groups"] = json!(["coinbase-deploy-test-web-tg"]);
        }
        service
    })
}

fn services() -> impl Strategy<Value = Value> {
    (service(true), vec(service(false), 0..3)).prop_map(|(web, others)| {
        let mut services = json!({ "web": web });
        for (index, other) in others.into_iter().enumerate() {
            services[format!("worker-{index}")] = other;
        }
        services
    })
}

fn kind() -> impl Strategy<Value = Value> {
    let kinds = [
        json!({"error": "AccessDenied"}),
        json!({"error": "InternalFailure"}),
        json!({"error_after": "InternalFailure"}),
        json!("throttle"),
        json!("die"),
        json!("die_after"),
        json!("panic"),
        json!({"delay_seconds": 40}),
        json!({"clock_jump_seconds": 200}),
    ];
    prop::sample::select(kinds.to_vec())
}

/// A fault at a few calls, or at every call from some call on.
fn fault() -> impl Strategy<Value = Value> {
    let times = prop_oneof![4 => (1_u32..8).prop_map(Some), 1 => Just(None)];
    (prop::sample::select(&OPERATIONS[..]), 0_u32..12, times, kind()).prop_map(|(operation, skip, times, kind)| {
        let mut fault = json!({"operation": operation, "skip": skip, "kind": kind});
        if let Some(times) = times {
            fault["times"] = json!(times);
        }
        fault
    })
}

/// How instances behave, and after how many seconds the first instance terminates, if it does. It terminates before it is
/// healthy: a termination between the last health check and the end is not a fault of Odin.
#[derive(Debug, Clone)]
struct Instances {
    all: Value,
    first_terminates_after: Option<u32>,
}

fn instances() -> impl Strategy<Value = Instances> {
    let boot = (0_u32..120, 0_u32..60);
    let healthy =
        boot.prop_map(|(boot, health)| json!({"boots_after_seconds": boot, "health": {"after_seconds": health}}));
    let all = prop_oneof![6 => healthy, 1 => Just(json!({"health": "never"}))];
    let first_terminates_after = prop_oneof![3 => Just(None), 1 => (1_u32..10).prop_map(Some)];
    (all, first_terminates_after).prop_map(|(all, first_terminates_after)| Instances { all, first_terminates_after })
}

fn set_behaviour(fixture: &Fixture, instances: &Instances) {
    fixture.change(|region| {
        let image = region.images.get_mut(IMAGE).unwrap();
        image.instances = serde_json::from_value(instances.all.clone()).unwrap();
        if let Some(seconds) = instances.first_terminates_after {
            let terminating = serde_json::from_value(json!({"terminates_after_seconds": seconds})).unwrap();
            image.exceptions.insert(InstanceNumber::new(image.launched + 1), terminating);
        }
    });
}

async fn deploy(first: Value, second: Value, instances: &Instances, faults: Vec<Value>, timeout: u32) {
    let fixture = Scenario::sample().with("/timeout", json!(timeout)).with("/services", first).build();
    let run = fixture.deploy("first").await;
    assert!(["Success", "FailureClean"].contains(run.path().last().unwrap()), "{:#?}", run.errors());
    set_behaviour(&fixture, instances);
    let mut release = fixture.release("second");
    set(&mut release, "/services", second);
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    // From now on only tasks make calls that match faults.
    for fault in faults {
        fixture.fault(fault);
    }
    fixture.harness.run().await.unwrap();
    fixture.finish(&deploy).await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_121),
        ..ProptestConfig::default()
    })]

    #[test]
    fn invariants_hold_with_random_faults(
        first in services(),
        second in services(),
        instances in instances(),
        faults in vec(fault(), 1..4),
        timeout in prop::sample::select(&[120_u32, 300, 600][..]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(deploy(first, second, &instances, faults, timeout));
    }
}
