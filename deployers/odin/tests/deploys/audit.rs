//! Golden logs: what the audit log has of deploys; and that it has no secret.

use crate::fixture::Fixture;
use crate::sample_cloud::{Scenario, set};
use serde_json::{Value, json};

/// What stands for a secret.
const MARK: &str = "MARK-5ec7e7";

fn denied(operation: &str) -> Value {
    json!({"operation": operation, "kind": {"error": "AccessDenied"}})
}

/// The log of a deploy of `worker` with these faults, and its end.
async fn log(faults: &[Value]) -> (String, String) {
    let fixture = Scenario::worker().build();
    for fault in faults {
        fixture.fault(fault.clone());
    }
    let run = fixture.deploy("first").await;
    (run.path().last().unwrap().to_string(), fixture.audit.golden())
}

#[tokio::test]
async fn deploy_that_succeeds() {
    let (end, log) = log(&[]).await;
    assert_eq!(end, "Success");
    insta::assert_snapshot!(log);
}

#[tokio::test]
async fn deploy_that_fails_clean() {
    let (end, log) =
        log(&[denied("autoscaling:PutScalingPolicy"), denied("autoscaling:EnableMetricsCollection")]).await;
    assert_eq!(end, "FailureClean");
    insta::assert_snapshot!(log);
}

#[tokio::test]
async fn deploy_that_fails_dirty() {
    let faults = [denied("autoscaling:EnableMetricsCollection"), denied("autoscaling:DeleteAutoScalingGroup")];
    let (end, log) = log(&faults).await;
    assert_eq!(end, "FailureDirty");
    insta::assert_snapshot!(log);
}

#[tokio::test]
async fn no_record_has_a_value_of_the_release() {
    let fixture: Fixture = Scenario::worker().build();
    let mut release = fixture.release("first");
    set(&mut release, "/metadata", json!({"password": MARK, "ticket": "OPS-7"}));
    let user_data = format!("#cloud-config\npassword: {MARK}\n").into_bytes();
    set(&mut release, "/user_data_sha256", json!(bifrost::release::Sha256::of(&user_data)));
    fixture.harness.upload(&release, &[("userdata", &user_data)]).await.unwrap();
    let run = fixture.deploy_uploaded(&release).await;
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    let log = fixture.audit.golden();
    assert!(log.contains("OPS-7") && !log.contains(MARK), "{log}");
}
