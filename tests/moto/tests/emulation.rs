//! Tests of the emulated AWS: what the tests that use it rely on.

#![allow(
    missing_docs,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod machine;

use bifrost_moto::{Fault, Moto, program};
use machine::{DEPLOYER, MachineFixture, REGION};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

const TARGET: &str = "222222222222";
/// The account of calls that are signed with an unknown key.
const UNKNOWN_KEY_ACCOUNT: &str = "123456789012";
const SIGNED: &str =
    "AWS4-HMAC-SHA256 Credential=AKIANOBODY/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

fn s3(moto: &Moto, account: &str, operation: &str, parameters: Value) -> Result<Value, String> {
    moto.call(account, REGION, "s3", operation, parameters).map_err(|error| error.code)
}

#[test]
fn accounts_are_isolated() {
    let Some(moto) = Moto::start() else { return };
    s3(&moto, DEPLOYER, "CreateBucket", json!({"Bucket": "releases"})).unwrap();
    s3(&moto, DEPLOYER, "PutObject", json!({"Bucket": "releases", "Key": "a", "Body": "text"})).unwrap();

    let object = s3(&moto, DEPLOYER, "GetObject", json!({"Bucket": "releases", "Key": "a"})).unwrap();
    assert_eq!(object["Body"], "text");
    let others = s3(&moto, TARGET, "ListBuckets", json!({})).unwrap();
    assert_eq!(others["Buckets"], json!([]));
    assert_eq!(
        s3(&moto, DEPLOYER, "HeadObject", json!({"Bucket": "releases"})),
        Err("ParamValidationError".to_owned())
    );
    assert_eq!(moto.calls(), [], "calls of the test itself are not logged");
}

#[test]
fn execution_runs_a_function_under_its_role() {
    let Some(fixture) = MachineFixture::set() else { return };
    let execution = fixture.execute();
    assert_eq!(execution["status"], "SUCCEEDED", "{execution} {}", fixture.moto.function_log("echo"));
    assert_eq!(fixture.input_written(), Some(r#"{"bucket": "inputs"}"#.to_owned()));

    let calls = fixture.moto.calls();
    let put = calls.iter().find(|call| call.permission == "s3:PutObject").unwrap();
    assert_eq!(put.principal.as_deref(), Some("arn:aws:sts::000000000000:assumed-role/echo/echo"));
    assert_eq!((put.function.as_deref(), put.status), (Some("echo"), Some(200)));
    assert_eq!(put.resource.as_deref(), Some("arn:aws:s3:::inputs/input"));
    let invoke = calls.iter().find(|call| call.permission == "lambda:InvokeFunction").unwrap();
    assert_eq!(invoke.principal.as_deref(), Some("arn:aws:sts::000000000000:assumed-role/machine/StepFunctions"));
    assert!(invoke.started <= put.started && put.ended <= invoke.ended, "the call is inside the invocation");
}

#[test]
fn fault_is_injected_as_often_as_set() {
    let Some(fixture) = MachineFixture::set() else { return };
    fixture.moto.faults(&[Fault::error("lambda", "Invoke", 429, "TooManyRequestsException").skip(1).times(2)]);
    let ends = [(); 4].map(|()| fixture.execute());
    let errors = ends.each_ref().map(|end| end["error"].as_str());
    let throttled = Some("Lambda.TooManyRequestsException");
    assert_eq!(errors, [None, throttled, throttled, None]);
}

#[test]
fn every_kind_of_fault_works() {
    let Some(moto) = Moto::start() else { return };
    let create = || ureq::put(format!("{}/bucket", moto.endpoint())).header("Authorization", SIGNED).send_empty();
    let day = || create().unwrap().headers()["date"].to_str().unwrap()[..3].to_owned();
    let add_fault = |fault: Fault| moto.faults(&[fault]);

    add_fault(Fault::error("s3", "CreateBucket", 503, "SlowDown"));
    assert!(matches!(create(), Err(ureq::Error::StatusCode(503))));
    add_fault(Fault::reset("s3", "CreateBucket"));
    assert!(create().is_err());
    assert_eq!(
        s3(&moto, UNKNOWN_KEY_ACCOUNT, "ListBuckets", json!({})).unwrap()["Buckets"],
        json!([]),
        "no effect so far"
    );
    add_fault(Fault::reset("s3", "CreateBucket").after_the_effect());
    assert!(create().is_err());
    assert_eq!(s3(&moto, UNKNOWN_KEY_ACCOUNT, "ListBuckets", json!({})).unwrap()["Buckets"][0]["Name"], "bucket");

    let today = day();
    add_fault(Fault::clock("s3", "CreateBucket", 3 * 24 * 60 * 60));
    assert_ne!(day(), today);
    add_fault(Fault::delay("s3", "CreateBucket", 0.1));
    create().unwrap();

    let calls = moto.calls();
    let ends: Vec<_> = calls.iter().map(|call| (call.fault.as_deref(), call.status, call.error.as_deref())).collect();
    let expected = [
        (Some("error"), Some(503), Some("SlowDown")),
        (Some("reset"), None, None),
        (Some("reset_after"), None, None),
        (None, Some(200), None),
        (Some("clock"), Some(200), None),
        (Some("delay"), Some(200), None),
    ];
    assert_eq!(ends, expected);
    assert!(calls[5].ended.unwrap() - calls[5].started >= 0.1);
    assert_eq!(calls[0].principal, None, "the key is unknown");
}

#[test]
fn function_is_killed_by_its_call() {
    let Some(fixture) = MachineFixture::set() else { return };
    fixture.moto.faults(&[Fault::kill("s3", "PutObject").function("echo")]);
    assert_eq!(fixture.execute()["error"], "Runtime.ExitError");
    assert_eq!(fixture.input_written(), None);

    fixture.moto.clear_faults();
    fixture.moto.faults(&[Fault::kill("s3", "PutObject").function("echo").after_the_effect()]);
    assert_eq!(fixture.execute()["error"], "Runtime.ExitError");
    assert!(fixture.input_written().is_some());

    assert_eq!(fixture.execute()["status"], "SUCCEEDED", "the next invocation gets a new process");
    assert_eq!(fixture.moto.kill("echo"), 1);
}

/// The HTTP status for a client that lists buckets with the access key of this environment.
fn list_buckets(moto: &Moto, environment: &[(String, String)]) -> Option<u16> {
    let key = environment.iter().find(|(name, _)| name == "AWS_ACCESS_KEY_ID").map(|(_, key)| key).unwrap();
    let signed = SIGNED.replace("AKIANOBODY", key);
    match ureq::get(format!("{}/", moto.endpoint())).header("Authorization", signed).call() {
        Ok(answer) => Some(answer.status().as_u16()),
        Err(ureq::Error::StatusCode(status)) => Some(status),
        Err(_) => None,
    }
}

#[test]
fn faults_apply_to_one_test_only() {
    let Some(moto) = Moto::start() else { return };
    let fault = || Fault::error("s3", "ListBuckets", 503, "SlowDown");
    let first = moto.environment(DEPLOYER);
    moto.faults(&[fault().times(u32::MAX)]);
    assert_eq!(list_buckets(&moto, &first), Some(503));

    moto.begin_test();
    let second = moto.environment(DEPLOYER);
    assert_eq!(list_buckets(&moto, &second), Some(200), "the fault of the first test is not injected");
    moto.faults(&[fault()]);
    assert_eq!(list_buckets(&moto, &first), Some(403), "a client of the first test does not get the second's fault");
    assert_eq!(list_buckets(&moto, &second), Some(503));

    let calls = moto.calls();
    let ends: Vec<_> = calls.iter().map(|call| (call.access_key.as_str(), call.fault.as_deref())).collect();
    let key = calls[0].access_key.as_str();
    assert_eq!(ends, [(key, None), (key, Some("error"))], "the first test's client is not in the log");
}

#[test]
fn executions_of_an_earlier_test_are_stopped() {
    let Some(fixture) = MachineFixture::set() else { return };
    let moto = &fixture.moto;
    moto.pace(&json!({"sfn_scale": 2.0}));
    // Much longer than this test.
    moto.faults(&[Fault::delay("s3", "PutObject", 1e6)]);
    let in_a_function = fixture.start("in-a-function");
    while !moto.calls().iter().any(|call| call.action == "PutObject") {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let waiting = fixture.start_waiting(1_000_000);

    moto.begin_test();
    for execution in [in_a_function, waiting] {
        assert_ne!(fixture.describe(&execution)["status"], "RUNNING");
    }
    assert_eq!(fixture.input_written(), None);
    assert_eq!(moto.calls(), []);
    assert_eq!(fixture.execute()["status"], "SUCCEEDED");
}

#[test]
fn concurrent_starts_create_one_execution() {
    let Some(fixture) = MachineFixture::set() else { return };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| fixture.start("together"));
        }
    });
    assert_eq!(fixture.executions(), ["together"]);
}

#[test]
fn policies_are_enforced_on_request() {
    let Some(fixture) = MachineFixture::set() else { return };
    fixture.moto.enforce_iam(true);
    assert_eq!(fixture.execute()["status"], "SUCCEEDED");

    fixture.allow("machine", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:other");
    assert_eq!(fixture.execute()["error"], "Lambda.AccessDeniedException");
    let refused = fixture.moto.calls().into_iter().find(|call| call.status == Some(403)).unwrap();
    assert_eq!(refused.error.as_deref(), Some("AccessDeniedException"));
}

#[test]
fn cfn_lint_is_installed() {
    let Some(mut linter) = program("cfn-lint") else { return };
    assert!(linter.arg("--version").output().unwrap().status.success());
}

#[test]
fn unimplemented_call_fails_the_test() {
    let Some(moto) = Moto::start() else { return };
    let answer = moto.call(TARGET, REGION, "autoscaling", "DescribeScalingProcessTypes", json!({}));
    assert_eq!(answer.unwrap_err().code, "MotoNotImplemented");
    assert!(moto.gaps()[0].starts_with("[moto gap] autoscaling.DescribeScalingProcessTypes"));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(moto))).is_err());
}
