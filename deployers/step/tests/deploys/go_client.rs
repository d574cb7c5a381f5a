//! Releases as the Go client `step` sends them.

use crate::fixture::{Fixture, code};
use bifrost::release::Sha256;
use serde_json::json;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:acme-hello";

/// Go step's own state machine, shortened, as its client sends it: one line, with the tasks that its `TaskFn` becomes.
fn definition() -> String {
    let task = |name: &str| json!({"Input.$": "$", "Task": name});
    let catch = |error: &str| json!([{"Comment": "Bad Release", "ErrorEquals": [error, "PanicError"], "ResultPath": "$.error", "Next": "FailureClean"}]);
    json!({
        "Comment": "Step Function Deployer",
        "StartAt": "Validate",
        "States": {
            "FailureClean": {"Type": "Fail", "Comment": "Deploy Failed Cleanly", "Error": "NotifyError"},
            "Lock": {
                "Type": "Task", "Comment": "Grab Lock", "Resource": ARN, "Parameters": task("Lock"), "Next": "Success",
                "Retry": [{"Comment": "Keep trying", "ErrorEquals": ["LockError"], "MaxAttempts": 3, "IntervalSeconds": 30}],
                "Catch": catch("LockExistsError"),
            },
            "Success": {"Type": "Succeed"},
            "Validate": {
                "Type": "Task", "Comment": "Validate and Set Defaults", "Resource": ARN, "Parameters": task("Validate"),
                "Catch": catch("BadReleaseError"), "Next": "Lock",
            },
        },
    })
    .to_string()
}

#[tokio::test]
async fn release_of_the_go_client_is_deployed() {
    let fixture = Fixture::new(&[]);
    let release = json!({
        "aws_account_id": "000000000000",
        "aws_region": "us-east-1",
        "release_id": "release-2026-11-21T12-00-00Z-abcdefg",
        "project_name": "acme/hello",
        "config_name": "development",
        "bucket": "coinbase-step-deployer-000000000000",
        "created_at": "2026-11-21T12:00:00.123456789Z",
        "lambda_name": "acme-hello",
        "lambda_sha256": Sha256::of(&code("go")),
        "step_fn_name": "acme-hello",
        // Its `SetDefaults` fills in what only the deployer should set.
        "uuid": "release-2026-11-21T12-00-00Z-hijklmn",
        "started_at": "2026-11-21T12:00:00.123456789Z",
        "timeout": 600,
        "state_machine_json": definition(),
    });
    let run = fixture.harness.deploy(&release, &[("lambda.zip", &code("go"))]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"), "{:#?}", run.errors());
    assert_eq!(run.execution.name, "release-2026-11-21T12-00-00Z-abcdefg");
    assert_eq!(fixture.deployed().code, Sha256::of(&code("go")));
    assert_eq!(fixture.deployed().definition.to_string(), definition());
}
