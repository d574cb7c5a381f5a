//! Each call that changes anything fails, in each way that it can: the deploy ends as promised, and what is promised of
//! that end holds.

use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, LOCKS};
use crate::project::{Deployed, Project, tag};
use bifrost_moto::{Call, Fault};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An operation, by the names of its service and of itself.
type Operation = (String, String);

/// Makes a fault of an operation.
type Kind = fn(&str, &str) -> Fault;

/// The faults that pass: AWS's client asks once more.
const PASSING: [(&str, Kind); 4] = [
    ("throttled", |service, action| Fault::error(service, action, 400, "Throttling")),
    ("cut off before the effect", Fault::reset),
    ("cut off after the effect", |service, action| Fault::reset(service, action).after_the_effect()),
    ("an error after the effect", |service, action| {
        Fault::error(service, action, 500, "InternalFailure").after_the_effect()
    }),
];

/// What a deploy over an earlier one calls that changes anything, as AWS saw it.
fn mutating(calls: &[Call]) -> BTreeSet<Operation> {
    let reads =
        |call: &&Call| ["Describe", "Get", "Head", "List", "Assume"].iter().any(|verb| call.action.starts_with(verb));
    let ours = calls.iter().filter(|call| call.function.as_deref() == Some(FUNCTION) && !reads(call));
    ours.map(|call| (call.service.clone(), call.action.clone())).collect()
}

/// The waits of the machine are not what these stories are about.
fn hurry(fixture: &AccountsFixture) {
    fixture.moto.pace(&json!({"sfn_scale": 0.002}));
}

/// A project that is deployed twice, and what the second deploy called.
fn deployed_twice<'s>(fixture: &'s AccountsFixture, story: &str) -> (Project<'s>, BTreeSet<Operation>) {
    hurry(fixture);
    let project = Project::make(fixture, story);
    for _ in 0..2 {
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{deployed:#?}");
    }
    let operations = mutating(&fixture.moto.calls());
    (project, operations)
}

#[test]
fn a_fault_that_passes_of_each_call_that_changes_anything_is_no_fault() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let (project, operations) = deployed_twice(&fixture, "passing");
    for (kind, fault) in PASSING {
        let faults: Vec<_> =
            operations.iter().map(|(service, action)| fault(service, action).function(FUNCTION)).collect();
        fixture.moto.faults(&faults);
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{kind}: {deployed:#?}");
        let struck: Vec<_> = fixture.moto.calls().into_iter().filter(|call| call.fault.is_some()).collect();
        assert_eq!(mutating(&struck), operations, "{kind}");
        fixture.moto.clear_faults();
    }
}

/// How a deploy ends whose every call of an operation is refused.
fn end_without(action: &str) -> &'static str {
    match action {
        "CreateAutoScalingGroup"
        | "CreateLaunchTemplate"
        | "EnableMetricsCollection"
        | "PutItem"
        | "PutMetricAlarm"
        | "PutObject"
        | "PutScalingPolicy" => "FailureClean",
        // What stays attached to its balancers is deleted with its group, as alarms are.
        "DeleteAlarms" | "DetachLoadBalancers" | "DetachLoadBalancerTargetGroups" => "Success",
        "DeleteAutoScalingGroup" | "DeleteItem" | "DeleteLaunchTemplate" | "UpdateAutoScalingGroup" => "FailureDirty",
        _ => panic!("{action} is new: how does a deploy end without it?"),
    }
}

#[test]
fn a_refusal_that_does_not_pass_ends_clean_before_the_old_goes_and_dirty_after() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let (project, operations) = deployed_twice(&fixture, "refusing");
    for (service, action) in &operations {
        fixture.moto.faults(&[Fault::error(service, action, 403, "AccessDenied").times(u32::MAX).function(FUNCTION)]);
        let deployed = project.deploy();
        assert_eq!(deployed.end()["status"], end_without(action), "{action}: {deployed:#?}");
        fixture.moto.clear_faults();
        if end_without(action) == "FailureDirty" {
            a_person_looks(&project, &deployed);
        }
    }
}

#[test]
fn what_had_its_effect_and_is_refused_all_the_same_is_found_again() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    hurry(&fixture);
    let project = Project::make(&fixture, "refusing-late");
    assert_eq!(project.deploy().code, 0);
    let ends = [
        ("dynamodb", "PutItem", "FailureClean"),
        ("autoscaling", "CreateAutoScalingGroup", "FailureClean"),
        // The next attempt finds nothing to do.
        ("autoscaling", "DeleteAutoScalingGroup", "Success"),
    ];
    for (service, action, end) in ends {
        let refusal = Fault::error(service, action, 403, "AccessDenied").after_the_effect();
        fixture.moto.faults(&[refusal.times(u32::MAX).function(FUNCTION)]);
        let deployed = project.deploy();
        assert_eq!(deployed.end()["status"], end, "{action}: {deployed:#?}");
        fixture.moto.clear_faults();
    }
}

/// Removes what a dirty deploy left of the release that it replaced, and its lock.
fn a_person_looks(project: &Project<'_>, deployed: &Deployed) {
    let (fixture, left) = (project.fixture, project.belongings());
    let live = |found: &&Value| tag(found, "ReleaseID") == Some(deployed.release_id());
    assert_eq!(left.groups.iter().filter(live).count(), 2, "the new release does not run");
    for group in left.groups.iter().filter(|group| !live(group)) {
        let group = json!({"AutoScalingGroupName": group["AutoScalingGroupName"], "ForceDelete": true});
        fixture.target("autoscaling", "DeleteAutoScalingGroup", group);
    }
    for template in left.templates.iter().filter(|template| !live(template)) {
        let template = json!({"LaunchTemplateId": template["LaunchTemplateId"]});
        fixture.target("ec2", "DeleteLaunchTemplate", template);
    }
    let names = project.names();
    let alarms = left.alarms.iter().map(|alarm| alarm["AlarmName"].as_str().unwrap());
    let orphans: Vec<_> = alarms.filter(|alarm| !names.iter().any(|name| alarm.starts_with(name))).collect();
    fixture.target("cloudwatch", "DeleteAlarms", json!({"AlarmNames": orphans}));
    let key = json!({"key": {"S": format!("{}/lock", project.root_dir())}});
    fixture.aws(DEPLOYER, "dynamodb", "DeleteItem", json!({"TableName": LOCKS, "Key": key}));
}
