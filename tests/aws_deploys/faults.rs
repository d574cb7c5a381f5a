//! Fault injection at each call that changes anything. The deploy ends as specified, and the invariants of that end
//! hold.

use crate::fixture::{AccountsFixture, FUNCTION};
use crate::project::{Deployed, Project};
use bifrost_moto::{Call, Fault};
use serde_json::json;
use std::collections::BTreeSet;

/// Service and operation.
type Operation = (String, String);

/// Creates a fault of an operation.
type Kind = fn(&str, &str) -> Fault;

/// Transient faults, after which the AWS client retries.
const TRANSIENT: [(&str, Kind); 4] = [
    ("throttled", |service, action| Fault::error(service, action, 400, "Throttling")),
    ("cut off before the effect", Fault::reset),
    ("cut off after the effect", |service, action| Fault::reset(service, action).after_the_effect()),
    ("an error after the effect", |service, action| {
        Fault::error(service, action, 500, "InternalFailure").after_the_effect()
    }),
];

/// The operations of the function that change anything, as AWS received them.
fn mutating(calls: &[Call]) -> BTreeSet<Operation> {
    let reads =
        |call: &&Call| ["Describe", "Get", "Head", "List", "Assume"].iter().any(|verb| call.action.starts_with(verb));
    let own = calls.iter().filter(|call| call.function.as_deref() == Some(FUNCTION) && !reads(call));
    own.map(|call| (call.service.clone(), call.action.clone())).collect()
}

/// Speeds up the waits of the state machine, which these tests do not examine.
fn speed_up_waits(fixture: &AccountsFixture) {
    fixture.moto.pace(&json!({"sfn_scale": 0.002}));
}

/// Deploys a project twice. Returns it with the changing operations of the second deploy.
fn deployed_twice<'s>(fixture: &'s AccountsFixture, id: &str) -> (Project<'s>, BTreeSet<Operation>) {
    speed_up_waits(fixture);
    let project = Project::create(fixture, id);
    for _ in 0..2 {
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{deployed:#?}");
    }
    let operations = mutating(&fixture.moto.calls());
    (project, operations)
}

#[test]
fn deploy_survives_transient_faults() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let (project, operations) = deployed_twice(&fixture, "passing");
    for (kind, fault) in TRANSIENT {
        let faults: Vec<_> =
            operations.iter().map(|(service, action)| fault(service, action).function(FUNCTION)).collect();
        fixture.moto.faults(&faults);
        let deployed = project.deploy();
        assert_eq!(deployed.code, 0, "{kind}: {deployed:#?}");
        let faulted: Vec<_> = fixture.moto.calls().into_iter().filter(|call| call.fault.is_some()).collect();
        assert_eq!(mutating(&faulted), operations, "{kind}");
        fixture.moto.clear_faults();
    }
}

/// The end of a deploy in which every call of an operation is refused.
fn end_without(action: &str) -> &'static str {
    match action {
        "CreateAutoScalingGroup"
        | "CreateLaunchTemplate"
        | "EnableMetricsCollection"
        | "PutMetricAlarm"
        | "PutObject"
        | "PutScalingPolicy"
        | "SuspendProcesses" => "FailureClean",
        // Attachments are deleted with their group. The entries of the audit log are published by the next writer who can sign.
        "DetachLoadBalancers" | "DetachLoadBalancerTargetGroups" | "Sign" => "Success",
        "DeleteAutoScalingGroup" | "DeleteLaunchTemplate" | "ResumeProcesses" | "UpdateAutoScalingGroup" => {
            "FailureDirty"
        }
        _ => panic!("{action} is new: add the end of a deploy without it"),
    }
}

#[test]
fn permanent_refusals_end_as_specified() {
    let Some(fixture) = AccountsFixture::unaudited() else { return };
    let (project, mut operations) = deployed_twice(&fixture, "refusing");
    // The lock is taken and given back in this call: `refused_transactions_end_as_specified`.
    assert!(operations.remove(&("dynamodb".into(), "TransactWriteItems".into())));
    for (service, action) in &operations {
        fixture.moto.faults(&[Fault::error(service, action, 403, "AccessDenied").times(u32::MAX).function(FUNCTION)]);
        let deployed = project.deploy();
        assert_eq!(deployed.end()["status"], end_without(action), "{action}: {deployed:#?}");
        fixture.moto.clear_faults();
        if end_without(action) == "FailureDirty" {
            clean_up_manually(&project, &deployed);
        }
    }
}

#[test]
fn refused_transactions_end_as_specified() {
    let Some(fixture) = AccountsFixture::unaudited() else { return };
    speed_up_waits(&fixture);
    let project = Project::create(&fixture, "refusing-locks");
    assert_eq!(project.deploy().code, 0);
    let refusal = || Fault::error("dynamodb", "TransactWriteItems", 403, "AccessDenied").function(FUNCTION);
    // In Lock; in all attempts that give the lock back; in the first of them.
    let ends = [
        (refusal(), "FailureClean"),
        (refusal().skip(1).times(u32::MAX), "FailureDirty"),
        (refusal().skip(1), "Success"),
    ];
    for (refusal, end) in ends {
        fixture.moto.faults(&[refusal]);
        let deployed = project.deploy();
        assert_eq!(deployed.end()["status"], end, "{deployed:#?}");
        fixture.moto.clear_faults();
        if end == "FailureDirty" {
            clean_up_manually(&project, &deployed);
        }
    }
}

/// An operation of each task that changes something, and of one that only reads.
const OF_EACH_TASK: [(&str, &str, &str); 5] = [
    ("Lock", "dynamodb", "TransactWriteItems"),
    ("ValidateResources", "ec2", "DescribeImages"),
    ("Deploy", "autoscaling", "CreateAutoScalingGroup"),
    ("DetachForSuccess", "autoscaling", "DetachLoadBalancers"),
    ("CleanUpSuccess", "autoscaling", "ResumeProcesses"),
];

/// The process of the function is killed, so Step Functions gets no answer.
#[test]
fn lost_invocations_are_retried() {
    let Some(fixture) = AccountsFixture::unaudited() else { return };
    speed_up_waits(&fixture);
    let project = Project::create(&fixture, "lost");
    assert_eq!(project.deploy().code, 0);
    for after_the_effect in [false, true] {
        let kill = |(_, service, action): (_, &str, &str)| {
            let kill = Fault::kill(service, action).function(FUNCTION);
            if after_the_effect { kill.after_the_effect() } else { kill }
        };
        fixture.moto.faults(&OF_EACH_TASK.map(kill));
        let deployed = project.deploy();
        assert_eq!((deployed.code, &deployed.end()["status"]), (0, &json!("Success")), "{deployed:#?}");
        let lost = deployed.events.iter().filter(|event| event["event"] == "failure");
        let lost = lost.filter(|lost| lost["error"] == "Runtime.ExitError");
        let lost: Vec<_> = lost.map(|lost| lost["state"].clone()).collect();
        assert_eq!(lost, OF_EACH_TASK.map(|(task, ..)| json!(task)));
        fixture.moto.clear_faults();
    }
}

#[test]
fn refusals_after_the_effect_end_as_specified() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    speed_up_waits(&fixture);
    let project = Project::create(&fixture, "refusing-late");
    assert_eq!(project.deploy().code, 0);
    let ends = [
        ("dynamodb", "TransactWriteItems", "FailureClean"),
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

/// Deletes what a dirty deploy left of the earlier release, and its lock.
fn clean_up_manually(project: &Project<'_>, deployed: &Deployed) {
    project.delete_other_releases(deployed.release_id());
    let unlocked = project.unlock("");
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    project.assert_unlocked();
}
