use super::*;
use crate::cloud::{Capacity, HealthCheckType};
use crate::release::Strategy;

fn group(instances: &[(&str, &str, &str)]) -> AutoScalingGroup {
    let instance = |&(id, state, health): &(&str, &str, &str)| Instance {
        id: id.into(),
        lifecycle_state: state.into(),
        health_status: health.into(),
    };
    AutoScalingGroup {
        name: "group".into(),
        arn: "arn".into(),
        created_time: chrono::DateTime::UNIX_EPOCH,
        tags: BTreeMap::new(),
        capacity: Capacity { min_size: 1, desired: 2, max_size: 5 },
        status: None,
        az_rebalance_suspended: false,
        launch_template: None,
        launch_template_version: None,
        launch_configuration: None,
        health_check_grace_period_seconds: None,
        load_balancers: Vec::new(),
        target_group_arns: Vec::new(),
        health_check_type: HealthCheckType::Ec2,
        instances: instances.iter().map(instance).collect(),
    }
}

fn states(states: &[(&str, &str)]) -> BTreeMap<String, InstanceHealth> {
    states.iter().map(|(id, state)| ((*id).into(), with_state(state, None, None))).collect()
}

fn with_state(state: &str, reason: Option<&str>, description: Option<&str>) -> InstanceHealth {
    let owned = |text: Option<&str>| text.map(ToOwned::to_owned);
    InstanceHealth { state: state.into(), reason: owned(reason), description: owned(description) }
}

fn autoscaling(max_terms: u32, strategy: Strategy) -> Autoscaling {
    Autoscaling { min_size: 2, max_size: 5, max_terms, strategy, ..Autoscaling::default() }
}

#[test]
fn healthy_if_group_and_balancers_agree() {
    let group =
        group(&[("i-1", "InService", "Healthy"), ("i-2", "InService", "Healthy"), ("i-3", "InService", "Healthy")]);
    let classic = BalancerView::classic(states(&[("i-1", "InService"), ("i-2", "OutOfService"), ("i-3", "InService")]));
    let targets = BalancerView::target_group(states(&[("i-1", "healthy"), ("i-2", "healthy"), ("i-3", "initial")]));
    assert_eq!(Health::of(&group, &[]).seen.healthy, 3);
    assert_eq!(Health::of(&group, std::slice::from_ref(&classic)).seen.healthy, 2);
    assert_eq!(Health::of(&group, &[classic, targets]).seen.healthy, 1);
}

#[test]
fn group_must_report_healthy_and_in_service() {
    let states =
        [("i-1", "Pending", "Healthy"), ("i-2", "InService", "Unhealthy"), ("i-3", "", ""), ("i-4", "x", "Healthy")];
    let health = Health::of(&group(&states), &[]);
    assert_eq!((health.seen.healthy, health.seen.instances), (0, 4));
}

#[test]
fn unknown_to_a_balancer_is_unhealthy() {
    let view = BalancerView::classic(BTreeMap::new());
    assert_eq!(Health::of(&group(&[("i-1", "InService", "Healthy")]), &[view]).seen.healthy, 0);
}

#[test]
fn states_with_prefix_term_are_terminating() {
    let states = [
        ("i-1", "Terminating"),
        ("i-2", "Terminating:Wait"),
        ("i-3", "Terminated"),
        ("i-4", "Ter"),
        ("i-5", "InService"),
    ];
    let instances: Vec<_> = states.iter().map(|(id, state)| (*id, *state, "Healthy")).collect();
    assert_eq!(Health::of(&group(&instances), &[]).terminating, ["i-1", "i-2", "i-3"]);
}

#[test]
fn max_terms_instances_may_terminate() {
    let health = Health::of(&group(&[("i-1", "Terminating", "Healthy"), ("i-2", "InService", "Healthy")]), &[]);
    assert_eq!(health.check_terminating(&autoscaling(1, Strategy::AllAtOnce)), Ok(()));
    let error = health.check_terminating(&autoscaling(0, Strategy::AllAtOnce)).unwrap_err();
    assert_eq!((error.ids, error.allowed.as_str()), (vec!["i-1".to_owned()], "max_terms allows 0"));
}

#[test]
fn canary_must_not_terminate() {
    let mut group = group(&[("i-1", "Terminating", "Healthy")]);
    group.capacity.desired = 1;
    let check =
        |group: &AutoScalingGroup, strategy| Health::of(group, &[]).check_terminating(&autoscaling(5, strategy));
    assert!(check(&group, Strategy::OneThenAllWithCanary).is_err());
    assert!(check(&group, Strategy::TenthSteps).is_ok());
    // Its replacement does not change that.
    group.instances.push(Instance {
        id: "i-2".into(),
        lifecycle_state: "Pending".into(),
        health_status: "Healthy".into(),
    });
    assert!(check(&group, Strategy::OneThenAllWithCanary).is_err());
    group.capacity.desired = 5;
    assert!(check(&group, Strategy::OneThenAllWithCanary).is_ok());
}

#[test]
fn shrinking_group_may_lose_healthy_instances() {
    let target = Target::new(&autoscaling(0, Strategy::AllAtOnce), None);
    let is_enough = |healthy: u32, instances: u32| {
        let seen = GroupObservation { size: Size { min: instances, desired: instances }, instances, healthy };
        let health = Health { seen, terminating: Vec::new(), unhealthy: BTreeMap::new() };
        health.is_enough_at(target.desired, &target)
    };
    assert_eq!((target.desired, target.enough), (2, 2));
    assert!(is_enough(2, 2) && is_enough(5, 5));
    assert!(!is_enough(4, 5) && !is_enough(2, 3) && !is_enough(1, 2));
}

#[test]
fn report_has_all_counts_and_sizes() {
    let health = Health::of(&group(&[("i-1", "InService", "Healthy"), ("i-2", "Terminating", "Healthy")]), &[]);
    let target = Target::new(&autoscaling(1, Strategy::AllAtOnce), None);
    assert!(!health.is_enough(&target));
    let report = serde_json::to_value(health.report(&target, Size { min: 1, desired: 3 })).unwrap();
    assert_eq!(
        report,
        serde_json::json!({
            "target_healthy": 2, "target_launched": 2, "healthy": 1, "launching": 2, "terminating": 1,
            "terminating_ids": ["i-2"], "desired_capacity": 3, "min_size": 1
        })
    );
}

#[test]
fn reasons_of_unhealthy_instances_are_collected() {
    let group = group(&[
        ("i-1", "InService", "Healthy"),
        ("i-2", "InService", "Healthy"),
        ("i-3", "InService", "Unhealthy"),
        ("i-4", "Pending:Wait", "Healthy"),
        ("i-5", "Terminating", "Healthy"),
        ("i-6", "InService", "Healthy"),
    ]);
    let timeout = || with_state("unhealthy", Some("Target.Timeout"), Some("Request timed out"));
    let initial = with_state("initial", Some("Elb.InitialHealthChecking"), None);
    let healthy = with_state("healthy", None, None);
    let targets = [("i-1", timeout()), ("i-2", timeout()), ("i-3", healthy), ("i-5", timeout()), ("i-6", initial)];
    let targets = targets.map(|(id, found)| (id.to_owned(), found)).into();
    let health = Health::of(&group, &[BalancerView::target_group(targets)]);
    let reasons: Vec<_> = health
        .unhealthy
        .iter()
        .map(|(reason, ids)| (reason.is_starting, reason.text.as_str(), ids.join(" ")))
        .collect();
    assert_eq!(
        reasons,
        [
            (false, "Target.Timeout: Request timed out", "i-1 i-2".to_owned()),
            (false, "Unhealthy according to its group", "i-3".to_owned()),
            (true, "Elb.InitialHealthChecking", "i-6".to_owned()),
            (true, "Pending:Wait", "i-4".to_owned()),
        ]
    );
    assert_eq!(health.active(), 5);
}

#[test]
fn first_checks_of_a_classic_balancer_are_no_failure() {
    let is_starting = |reason: &str, description: &str| {
        let found = with_state("OutOfService", Some(reason), Some(description));
        let view = BalancerView::classic([("i-1".to_owned(), found)].into());
        let health = Health::of(&group(&[("i-1", "InService", "Healthy")]), &[view]);
        health.unhealthy.keys().next().unwrap().is_starting
    };
    assert!(is_starting("ELB", "Instance registration is still in progress."));
    let passed = "Instance has not passed the configured HealthyThreshold number of health checks consecutively.";
    assert!(is_starting("Instance", passed));
    let failed = "Instance has failed at least the UnhealthyThreshold number of health checks consecutively.";
    assert!(!is_starting("Instance", failed));
}
