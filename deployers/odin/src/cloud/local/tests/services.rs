//! Lookups, and resources other than groups.

use super::*;
use crate::cloud::{Comparison, Filter, NewAlarm, NewPlacementGroup, NewScalingPolicy};
use bifrost::cloud::ErrorKind;

fn placement_group(strategy: &str, partition_count: Option<u32>) -> NewPlacementGroup {
    NewPlacementGroup {
        name: "odin/coinbase/deploy-test/development/near".into(),
        strategy: strategy.into(),
        partition_count,
        tags: Tags::new(),
    }
}

#[tokio::test]
async fn resources_are_found_by_id_and_name_tag() {
    let fixture = PortsFixture::of(&sample_resources());
    let compute = &fixture.ports.compute;
    let named = compute.images(&Filter::Names(vec!["ubuntu".into()])).await.unwrap();
    assert_eq!(named.iter().map(|image| image.id.as_str()).collect::<Vec<_>>(), ["ami-1"]);
    assert_eq!(compute.images(&Filter::Ids(vec!["ami-1".into()])).await.unwrap(), named);
    assert_eq!(compute.images(&Filter::Names(vec!["ami-1".into()])).await.unwrap(), []);
    assert_eq!(compute.subnets(&Filter::Names(vec!["private_a".into(), "other".into()])).await.unwrap().len(), 1);
    assert_eq!(compute.security_groups(&Filter::Names(vec!["web".into()])).await.unwrap()[0].id, "sg-1");
}

#[tokio::test]
async fn missing_resources_are_not_found() {
    let ports = PortsFixture::of(&sample_resources()).ports;
    assert_eq!(ports.balancers.load_balancer("other").await.unwrap(), None);
    assert_eq!(ports.target_groups.target_group("other").await.unwrap(), None);
    assert_eq!(ports.iam.instance_profile("other").await.unwrap(), None);
    assert_eq!(ports.iam.role("other").await.unwrap(), None);
    assert_eq!(ports.topics.topic_arn("other").await.unwrap(), None);
    assert_eq!(ports.compute.placement_group("other").await.unwrap(), None);
    assert_eq!(ports.groups.group("other").await.unwrap(), None);
    assert_eq!(code(ports.balancers.instance_health("other").await), "LoadBalancerNotFound");
    assert_eq!(code(ports.target_groups.target_health("arn:other").await), "TargetGroupNotFound");
    assert!(ports.groups.delete_group(&proof(), "other").await.unwrap_err().is_not_found());
    assert!(ports.groups.set_capacity(&proof(), "other", capacity(0, 0, 0)).await.unwrap_err().is_not_found());
    assert!(ports.templates.delete_launch_template(&proof(), "other").await.unwrap_err().is_not_found());
    assert!(ports.groups.delete_launch_configuration(&proof(), "other").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn arns_have_the_format_of_aws() {
    let fixture = PortsFixture::of(&sample_resources());
    let profile = fixture.ports.iam.instance_profile("web").await.unwrap().unwrap();
    assert_eq!(profile.arn, "arn:aws:iam::111111111111:instance-profile/odin/web");
    assert_eq!(profile.path, "/odin/");
    assert_eq!(fixture.ports.iam.role("hooks").await.unwrap().unwrap().arn, "arn:aws:iam::111111111111:role/hooks");
    let topic = fixture.ports.topics.topic_arn("hooks").await.unwrap();
    assert_eq!(topic.as_deref(), Some("arn:aws:sns:us-east-1:111111111111:hooks"));
    let group = fixture.ports.target_groups.target_group("web-tg").await.unwrap().unwrap();
    let arn = group.arn;
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:us-east-1:111111111111:targetgroup/web-tg/"), "{arn}");
    assert_eq!(group.slow_start_seconds, 60);
}

#[tokio::test]
async fn arns_name_the_partition_of_the_region() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let mut resources = sample_resources();
        resources["regions"] = json!({region: resources["regions"][REGION]});
        let store = PortsFixture::of(&resources).store;
        let ports = ports(LocalSession::new(store, ACCOUNT.parse().unwrap(), region.parse().unwrap()));

        let (profile, role) = (ports.iam.instance_profile("web").await, ports.iam.role("hooks").await);
        let iam = format!("arn:{partition}:iam::{ACCOUNT}");
        assert_eq!(profile.unwrap().unwrap().arn, format!("{iam}:instance-profile/odin/web"));
        assert_eq!(role.unwrap().unwrap().arn, format!("{iam}:role/hooks"));
        let topic = ports.topics.topic_arn("hooks").await.unwrap();
        assert_eq!(topic.unwrap(), format!("arn:{partition}:sns:{region}:{ACCOUNT}:hooks"));
        let target_group = ports.target_groups.target_group("web-tg").await.unwrap().unwrap().arn;
        let start = format!("arn:{partition}:elasticloadbalancing:{region}:{ACCOUNT}:targetgroup/web-tg/");
        assert!(target_group.starts_with(&start), "{target_group}");
    }
}

#[tokio::test]
async fn regions_are_separate() {
    let fixture = PortsFixture::with_template().await;
    let session = LocalSession::new(Arc::clone(&fixture.store), ACCOUNT.parse().unwrap(), "eu-west-1".parse().unwrap());
    let elsewhere = ports(session);
    assert_eq!(elsewhere.compute.images(&Filter::Ids(vec!["ami-1".into()])).await.unwrap(), []);
    assert_eq!(elsewhere.templates.launch_templates(&[]).await.unwrap(), []);
    assert_eq!(fixture.ports.templates.launch_templates(&[]).await.unwrap().len(), 1);

    let missing = elsewhere.templates.delete_launch_template(&proof(), GROUP).await.unwrap_err();
    assert!(missing.is_not_found());
    let regions = fixture.store.read(|state| serde_json::to_value(&state.accounts).unwrap()).unwrap();
    let regions = regions[ACCOUNT]["resources"]["regions"].as_object().unwrap();
    assert!(regions.keys().eq([REGION]), "neither a read nor a refused change creates a region");
}

#[tokio::test]
async fn create_launch_template_is_idempotent_by_token() {
    let fixture = PortsFixture::of(&sample_resources());
    let templates = &fixture.ports.templates;
    let created = templates.create_launch_template(&proof(), &template()).await.unwrap();
    fixture.advance_to(5);
    assert_eq!(templates.create_launch_template(&proof(), &template()).await.unwrap(), created);

    let changed = NewLaunchTemplate { instance_type: "t3.large".into(), ..template() };
    assert_eq!(code(templates.create_launch_template(&proof(), &changed).await), "IdempotentParameterMismatch");
    let taken = NewLaunchTemplate { client_token: "another".into(), ..template() };
    let error = templates.create_launch_template(&proof(), &taken).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.code, "InvalidLaunchTemplateName.AlreadyExistsException");
}

#[tokio::test]
async fn launch_templates_must_match_all_tags() {
    let fixture = PortsFixture::with_template().await;
    let project = ("ProjectName", "coinbase/deploy-test");
    let all = fixture.ports.templates.launch_templates(&[project]).await.unwrap();
    assert_eq!(all.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), [GROUP]);
    let both = fixture.ports.templates.launch_templates(&[project, ("ConfigName", "development")]).await.unwrap();
    assert_eq!(both, []);
}

#[tokio::test]
async fn invalid_launch_template_is_refused() {
    let templates = PortsFixture::of(&sample_resources()).ports.templates;
    let named = NewLaunchTemplate { name: "a b".into(), ..template() };
    assert_eq!(
        code(templates.create_launch_template(&proof(), &named).await),
        "InvalidLaunchTemplateName.MalformedException"
    );
    let long = NewLaunchTemplate { name: "x".repeat(129), ..template() };
    assert_eq!(
        code(templates.create_launch_template(&proof(), &long).await),
        "InvalidLaunchTemplateName.MalformedException"
    );
    let large = NewLaunchTemplate { user_data: vec![0xff; 16 * 1024 + 1].into(), ..template() };
    assert_eq!(code(templates.create_launch_template(&proof(), &large).await), "InvalidUserData.Malformed");
    let largest = NewLaunchTemplate { user_data: vec![0xff; 16 * 1024].into(), ..template() };
    templates.create_launch_template(&proof(), &largest).await.unwrap();
    for hops in [0, 65] {
        let far = NewLaunchTemplate { metadata_hop_limit: Some(hops), ..template() };
        assert_eq!(code(templates.create_launch_template(&proof(), &far).await), "InvalidParameterValue", "{hops}");
    }
}

#[tokio::test]
async fn placement_group_in_use_is_not_deleted() {
    let fixture = PortsFixture::of(&sample_resources());
    let compute = &fixture.ports.compute;
    compute.create_placement_group(&proof(), &placement_group("partition", Some(3))).await.unwrap();
    let again = compute.create_placement_group(&proof(), &placement_group("partition", Some(3))).await;
    assert_eq!(code(again), "InvalidPlacementGroup.Duplicate");
    let name = placement_group("", None).name;
    let found = compute.placement_group(&name).await.unwrap().unwrap();
    assert_eq!((found.state.as_str(), found.partition_count), ("available", Some(3)));

    let near = NewLaunchTemplate { placement_group: Some(name.clone()), ..template() };
    fixture.ports.templates.create_launch_template(&proof(), &near).await.unwrap();
    fixture.ports.groups.create_group(&proof(), &group(capacity(1, 1, 1))).await.unwrap();
    fixture.advance_to(60);
    assert_eq!(code(compute.delete_placement_group(&proof(), &name).await), "InvalidPlacementGroup.InUse");
    fixture.ports.groups.delete_group(&proof(), GROUP).await.unwrap();
    fixture.advance_to(120);
    compute.delete_placement_group(&proof(), &name).await.unwrap();
    assert_eq!(code(compute.delete_placement_group(&proof(), &name).await), "InvalidPlacementGroup.Unknown");
}

#[tokio::test]
async fn partition_count_needs_strategy_partition() {
    let compute = PortsFixture::of(&sample_resources()).ports.compute;
    for (strategy, partitions) in [("cluster", Some(2)), ("partition", Some(8)), ("partition", Some(0)), ("near", None)]
    {
        let created = compute.create_placement_group(&proof(), &placement_group(strategy, partitions)).await;
        assert_eq!(code(created), "InvalidParameterValue", "{strategy} {partitions:?}");
    }
}

#[tokio::test]
async fn deleting_a_group_deletes_its_alarms() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 2)).await;
    let policy = NewScalingPolicy {
        name: format!("{GROUP}-cpu_scale_up"),
        group_name: GROUP.into(),
        scaling_adjustment: 1,
        cooldown_seconds: 60,
        enabled: true,
    };
    let policy_arn = fixture.ports.groups.put_scaling_policy(&proof(), &policy).await.unwrap();
    assert_eq!(fixture.ports.groups.put_scaling_policy(&proof(), &policy).await.unwrap(), policy_arn);
    let alarm = |name: &str, policy_arn: &str| NewAlarm {
        name: name.into(),
        description: String::new(),
        group_name: GROUP.into(),
        comparison: Comparison::GreaterThanThreshold,
        threshold: 50.0,
        period_seconds: 300,
        evaluation_periods: 2,
        policy_arn: policy_arn.into(),
    };
    let alarms = &fixture.ports.alarms;
    alarms.put(&proof(), &alarm(&policy.name, &policy_arn)).await.unwrap();
    alarms.put(&proof(), &alarm("another", "arn:another")).await.unwrap();
    assert!(fixture.region().alarms.keys().eq(["another", policy.name.as_str()]));

    fixture.ports.groups.delete_group(&proof(), GROUP).await.unwrap();
    assert!(fixture.region().alarms.keys().eq(["another"]));
}

#[tokio::test]
async fn invalid_alarm_is_refused() {
    let alarms = PortsFixture::of(&sample_resources()).ports.alarms;
    let alarm = |period_seconds: u32, evaluation_periods: u32| NewAlarm {
        name: "cpu".into(),
        description: String::new(),
        group_name: GROUP.into(),
        comparison: Comparison::LessThanThreshold,
        threshold: 20.0,
        period_seconds,
        evaluation_periods,
        policy_arn: String::new(),
    };
    for (period, count) in [(300, 288), (3_600, 168), (86_400, 7)] {
        alarms.put(&proof(), &alarm(period, count)).await.unwrap();
    }
    for (period, count) in [(90, 2), (60, 0), (300, 289), (3_540, 25), (3_600, 169), (86_400, 8)] {
        assert_eq!(code(alarms.put(&proof(), &alarm(period, count)).await), "ValidationError", "{period} {count}");
    }
}

#[tokio::test]
async fn group_has_at_most_50_policies() {
    let fixture = PortsFixture::with_group(capacity(1, 1, 2)).await;
    let put = async |number: usize| {
        let policy = NewScalingPolicy {
            name: format!("policy-{number}"),
            group_name: GROUP.into(),
            scaling_adjustment: 1,
            cooldown_seconds: 60,
            enabled: true,
        };
        fixture.ports.groups.put_scaling_policy(&proof(), &policy).await
    };
    for number in (1..=50).chain([1]) {
        put(number).await.unwrap();
    }
    assert_eq!(code(put(51).await), "LimitExceeded");
}

#[tokio::test]
async fn launch_configuration_in_use_is_not_deleted() {
    let mut resources = sample_resources();
    let region = &mut resources["regions"][REGION];
    region["launch_configurations"] = json!({"old": {"image_id": "ami-1", "instance_type": "t3.small"}});
    region["auto_scaling_groups"] =
        json!({GROUP: {"launch_configuration": "old", "capacity": {"min_size": 1, "desired": 1, "max_size": 1}}});
    let fixture = PortsFixture::of(&resources);
    fixture.advance_to(0);
    fixture.advance_to(30);
    assert_eq!(fixture.states().await, ["InService"]);
    let groups = &fixture.ports.groups;
    assert_eq!(code(groups.delete_launch_configuration(&proof(), "old").await), "ResourceInUse");
    groups.delete_group(&proof(), GROUP).await.unwrap();
    fixture.advance_to(60);
    groups.delete_launch_configuration(&proof(), "old").await.unwrap();
    assert!(fixture.region().launch_configurations.is_empty());
}
