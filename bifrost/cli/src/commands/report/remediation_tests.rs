use super::*;
use crate::client::{AuditTrail, Changes};
use chrono::DateTime;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const STATUSES: [Status; 4] = [Status::FailureDirty, Status::Failed, Status::TimedOut, Status::Aborted];
const SERVING: [Serving; 3] = [Serving::New, Serving::Previous, Serving::Unknown];

/// The codes with their own remedy, one of each area with a common remedy, and one of a deployer.
const CODES: [&str; 20] = [
    "aws/access-denied",
    "aws/already-exists",
    "aws/conflict",
    "aws/invalid-request",
    "aws/not-authenticated",
    "aws/not-found",
    "aws/throttled",
    "aws/unavailable",
    "freeze/active",
    "freeze/unreadable",
    "halt/requested",
    "halt/timeout",
    "lock/ended",
    "lock/held",
    "lock/release-deployed",
    "odin/several-groups",
    "release/older-than-deployed",
    "release/unknown-field",
    "task/panic",
    "template/unknown-property",
];

/// The names of errors on the wire (contract §5), and those of Step Functions and Lambda.
const NAMES: [&str; 18] = [
    "AlarmError",
    "BadReleaseError",
    "CleanUpError",
    "DataLimitError",
    "DeployError",
    "DeployLambdaError",
    "DeploySFNError",
    "DetachError",
    "HaltError",
    "HealthError",
    "Lambda.Unknown",
    "LockError",
    "LockExistsError",
    "PanicError",
    "Sandbox.Timedout",
    "States.Timeout",
    "TaskError",
    "UnmarshalError",
];

fn outcome(status: Status, changed: bool, serving: Serving, failures: Vec<StepFailure>) -> DeployOutcome {
    DeployOutcome {
        status,
        exit_code: 3,
        is_ours: true,
        changed,
        serving,
        time: DateTime::UNIX_EPOCH,
        seconds: 125,
        execution: "deploy-1".into(),
        release_id: "release-1".into(),
        failures,
        states_after_failure: Vec::new(),
        left_over: Vec::new(),
        audit: AuditTrail::Unknown,
        audit_entry: None,
        changes: Changes::default(),
    }
}

fn failure(code: Option<&str>, error: &str) -> StepFailure {
    StepFailure {
        time: DateTime::UNIX_EPOCH,
        state: "Validate".into(),
        error: error.into(),
        code: code.map(ToOwned::to_owned),
        cause: String::new(),
        attempt: 1,
        is_waiting: false,
    }
}

fn address() -> Address {
    Address {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        bucket: "coinbase-odin-000000000000".parse().unwrap(),
        project: "web".parse().unwrap(),
        config: "dev".parse().unwrap(),
    }
}

fn advice(outcome: &DeployOutcome) -> String {
    next_step(outcome, Some(&address()), LockAfter::MayBeHeld, &CommandHint::local("odin"))
}

fn clean(failures: Vec<StepFailure>) -> String {
    advice(&outcome(Status::FailureClean, true, Serving::Previous, failures))
}

/// Every advice, and the ends of a deploy in which it is shown.
#[test]
fn advice_by_end_of_deploy() {
    let mut table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut row = |advice: String, end: String| table.entry(advice).or_default().push(end);
    for code in CODES {
        row(clean(vec![failure(Some(code), "BadReleaseError")]), format!("FailureClean, code {code}"));
    }
    for name in NAMES {
        row(clean(vec![failure(None, name)]), format!("FailureClean, no code, {name}"));
    }
    row(clean(Vec::new()), "FailureClean, no task failed".into());
    let other = outcome(Status::FailureClean, true, Serving::Previous, vec![failure(None, "HaltError")]);
    row(advice(&DeployOutcome { is_ours: false, ..other }), "FailureClean of another release that was followed".into());
    for status in STATUSES {
        row(advice(&outcome(status, false, Serving::Previous, Vec::new())), format!("{status:?}, nothing was changed"));
        for serving in SERVING {
            row(advice(&outcome(status, true, serving, Vec::new())), format!("{status:?}, in service: {serving:?}"));
        }
    }
    let mut text = String::new();
    for (advice, ends) in table {
        writeln!(text, "{advice}\n    {}\n", ends.join("\n    ")).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn release_in_service_is_never_to_be_deleted() {
    for status in STATUSES {
        let text = advice(&outcome(status, true, Serving::New, Vec::new()));
        assert!(text.contains("release-1 is in service"), "{text}");
        for wrong in ["not deployed", "left over of release-1", "delete release-1"] {
            assert!(!text.contains(wrong), "{text}");
        }
    }
}

#[test]
fn unknown_service_means_nothing_is_deleted() {
    for status in STATUSES {
        let text = advice(&outcome(status, true, Serving::Unknown, Vec::new()));
        assert_eq!(text.matches("delete").count(), text.matches("delete nothing").count(), "{text}");
    }
}

#[test]
fn locks_are_cleared_last_and_after_dirty_ends() {
    for status in STATUSES {
        for serving in SERVING {
            let text = advice(&outcome(status, true, serving, Vec::new()));
            let at = |command: &str| text.find(&format!("`odin {command} ")).unwrap();
            assert!(at("history") < at("status") && at("status") < at("unlock"), "{text}");
        }
    }
    for failure in CODES.map(|code| failure(Some(code), "LockExistsError")) {
        assert!(!clean(vec![failure]).contains("`odin unlock"));
    }
    for failure in NAMES.map(|name| failure(None, name)) {
        assert!(!clean(vec![failure]).contains("`odin unlock"));
    }
}

#[test]
fn free_lock_is_not_to_be_cleared() {
    for status in STATUSES {
        for (changed, serving) in SERVING.into_iter().flat_map(|serving| [(true, serving), (false, serving)]) {
            let outcome = outcome(status, changed, serving, Vec::new());
            let text = next_step(&outcome, Some(&address()), LockAfter::Free, &CommandHint::local("odin"));
            assert!(!text.contains("wait 6 minutes") && !text.contains("`odin unlock "), "{text}");
            assert!(text.contains("`odin status "), "{text}");
        }
    }
}

#[test]
fn unavailable_aws_is_not_a_bad_release() {
    for code in ["aws/throttled", "aws/unavailable", "aws/access-denied"] {
        assert_ne!(Remedy::of(&failure(Some(code), "BadReleaseError")), Remedy::CorrectRelease);
    }
}

#[test]
fn doctor_is_named_only_for_a_deployer_in_aws() {
    let failures = vec![failure(Some("aws/access-denied"), "DeployError")];
    assert!(!clean(failures).contains("doctor"), "a local cloud has no doctor");
}
