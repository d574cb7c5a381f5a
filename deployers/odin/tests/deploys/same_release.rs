//! Two executions with the same release: one has it, the other deletes nothing of it, whichever task runs.

use crate::fencing::text;
use crate::fixture::{Deploy, Fixture, ended, uuid};
use crate::paths::{REFUSED_BY_LOCK, healthy, without_repeated_checks};
use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use serde_json::{Value, json};

/// The tasks that clean up a failure.
const CLEAN_UP: [&str; 3] = ["DetachForFailure", "CleanUpFailure", "ReleaseLockFailure"];

/// How the Lock of the other execution fails, and its path.
fn refusals() -> [(Option<Value>, &'static [&'static str]); 4] {
    let unlocked: &[&str] = &["Validate", "Lock", "ReleaseLockFailure", "FailureClean"];
    let fault = |operation: &str, kind: Value| {
        Some(json!({"operation": operation, "resource": "lock", "state": "Lock", "times": 1, "kind": kind}))
    };
    [
        (None, &REFUSED_BY_LOCK),
        (fault("s3:PutObject", json!({"error": "InternalError"})), unlocked),
        (fault("s3:GetObject", json!({"error": "InternalError"})), unlocked),
        // It is refused at its second attempt.
        (fault("s3:PutObject", json!("die_after")), &REFUSED_BY_LOCK),
    ]
}

/// A deploy that runs.
async fn running(fixture: &Fixture, release: &Value) -> Deploy {
    fixture.upload(release).await;
    let first = fixture.start(release).await;
    fixture.run_until_state(&first, "WaitForHealthy").await;
    first
}

/// Invokes the tasks that clean up as the other execution, with its own ids.
async fn clean_up_as(fixture: &Fixture, other: &Run) {
    let mut payload = other.invocations().remove(0);
    payload["Input"]["uuid"] = json!(uuid(other));
    for task in CLEAN_UP {
        payload["Task"] = json!(task);
        fixture.harness.invoke(payload.clone()).await.unwrap();
    }
}

#[tokio::test]
async fn second_execution_deletes_nothing_of_the_first() {
    for (fault, path) in refusals() {
        let fixture = Scenario::sample().build();
        fixture.deploy("zeroth").await;
        let release = fixture.release("first");
        let first = running(&fixture, &release).await;
        let lock = fixture.root_lock();
        let second = fixture.start_as("the-same-release", &release).await;
        if let Some(fault) = &fault {
            fixture.fault(fault.clone());
        }
        fixture.run_until_state(&second, "FailureClean").await;
        let run = fixture.finish_while_others_run(&second).await;
        assert_eq!(run.path(), path, "{fault:?}: {:#?}", run.errors());
        let before = text(&fixture.region());
        clean_up_as(&fixture, &run).await;
        assert_eq!(text(&fixture.region()), before, "{fault:?}");
        assert_eq!(fixture.root_lock(), lock, "{fault:?}");
        fixture.harness.run().await.unwrap();
        assert_eq!(without_repeated_checks(&fixture.finish(&first).await.path()), healthy(), "{fault:?}");
        clean_up_as(&fixture, &run).await;
        assert_eq!(fixture.running(), ["web", "worker"].map(|it| (it.into(), "release-1-first".into())), "{fault:?}");
    }
}

/// The first execution fails before it has the release lock, and is stopped before it ends. The second deploys the release. Then
/// the first cleans up.
#[tokio::test]
async fn execution_that_lost_the_release_to_another_deletes_nothing() {
    let fixture = Scenario::sample().build();
    fixture
        .fault(json!({"operation": "s3:PutObject", "resource": "lock", "state": "Lock", "times": 1, "kind": {"error": "InternalError"}}));
    fixture.fault(
        json!({"operation": "dynamodb:GetItem", "resource": "/lock", "state": "ReleaseLockFailure", "times": 1, "kind": {"delay_seconds": 200}}),
    );
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let first = fixture.start(&release).await;
    fixture.run_until_state(&first, "ReleaseLockFailure").await;
    fixture.harness.abort(&first.name).await.unwrap();
    let second = fixture.start_as("the-same-release", &release).await;
    fixture.run_until_state(&second, "WaitForHealthy").await;
    let before = text(&fixture.region());
    let stopped = fixture.harness.execution(&first.name).await.unwrap();
    assert_eq!(ended(&fixture.local_state(), &uuid(&stopped)), None, "it has not ended");
    clean_up_as(&fixture, &stopped).await;
    assert_eq!(text(&fixture.region()), before);
    fixture.harness.redrive(&first.name).unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.finish_while_others_run(&first).await;
    assert_eq!(run.path(), ["Validate", "Lock", "ReleaseLockFailure", "FailureClean"]);
    assert_eq!(without_repeated_checks(&fixture.finish(&second).await.path()), healthy());
    assert_eq!(fixture.running(), ["web", "worker"].map(|it| (it.into(), "release-1-first".into())));
}

/// It failed after it took the release lock, so the release is spent: the second execution cannot deploy it.
#[tokio::test]
async fn release_whose_lock_failed_is_spent() {
    let fixture = Scenario::sample().build();
    fixture.fault(
        json!({"operation": "dynamodb:TransactWriteItems", "resource": "/lock", "state": "Lock", "times": 1, "kind": {"error": "InternalServerError"}}),
    );
    let release = fixture.release("first");
    let run = fixture.deploy_release(&release).await;
    assert_eq!(run.path(), ["Validate", "Lock", "ReleaseLockFailure", "FailureClean"]);
    let second = fixture.start_as("the-same-release", &release).await;
    fixture.harness.run().await.unwrap();
    assert_eq!(fixture.finish(&second).await.path(), REFUSED_BY_LOCK);
    assert_eq!(fixture.running(), []);
}
