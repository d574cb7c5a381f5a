//! Invocations of the function that no execution expects: once more and late, or with forged ids. The release that is deployed
//! stays byte for byte the same.

use crate::fencing::{others, set_health, text};
use crate::fixture::Fixture;
use crate::sample_cloud::{Scenario, set};
use bifrost::task::FunctionError;
use serde_json::{Value, json};

/// The error of an invocation.
async fn error_of(fixture: &Fixture, payload: Value) -> Option<(String, String)> {
    let error = fixture.harness.invoke(payload).await.err()?;
    let (code, _) = FunctionError::split_cause(&error.message);
    Some((error.error, code.unwrap_or_default()))
}

/// Every invocation of a deploy that has ended, once more, while the next release is deployed, and after it.
#[tokio::test]
async fn late_invocations_change_nothing() {
    for is_failing in [false, true] {
        let fixture = Scenario::sample().with("/timeout", json!(120)).build();
        fixture.deploy("zeroth").await;
        set_health(&fixture, if is_failing { json!({"health": "never"}) } else { json!({}) });
        let release = fixture.release("first");
        fixture.upload(&release).await;
        let deploy = fixture.start(&release).await;
        fixture.harness.run().await.unwrap();
        let first = fixture.finish(&deploy).await;
        set_health(&fixture, json!({}));
        fixture.settle();
        let release = fixture.release("second");
        fixture.upload(&release).await;
        let second = fixture.start(&release).await;
        for state in ["WaitForHealthy", "WaitForDetach", "Success"] {
            if state == "Success" {
                fixture.harness.run().await.unwrap();
            } else {
                fixture.run_until_state(&second, state).await;
            }
            let (before, lock) = (text(&others(fixture.region(), &deploy.plan)), fixture.root_lock());
            for payload in first.invocations() {
                let task = payload["Task"].as_str().unwrap().to_owned();
                let error = error_of(&fixture, payload).await;
                let expected = match task.as_str() {
                    "Validate" => {
                        Some(("BadReleaseError", "release/older-than-deployed")).filter(|_| state == "Success")
                    }
                    "Lock" => Some(("LockExistsError", "lock/ended")),
                    // What it created is gone, and it gave the lock back itself.
                    "CleanUpSuccess" | "DetachForFailure" | "CleanUpFailure" | "ReleaseLockFailure" => None,
                    _ => Some(("LockError", "lock/given-back")),
                };
                if task != "Validate" || state == "Success" {
                    let expected = expected.map(|(name, code)| (name.to_owned(), code.to_owned()));
                    assert_eq!(error, expected, "{task} in {state}");
                }
                assert_eq!(text(&others(fixture.region(), &deploy.plan)), before, "{task} in {state}");
                assert_eq!(fixture.root_lock(), lock, "{task} in {state}");
            }
        }
        assert_eq!(fixture.finish(&second).await.path().last(), Some(&"Success"));
    }
}

/// An invocation of this task, with forged fields of the release; `null` removes one.
fn forge(payload: &Value, task: &str, forged: &Value, with_execution: bool) -> Value {
    let mut payload = payload.clone();
    payload["Task"] = json!(task);
    for (field, value) in forged.as_object().unwrap() {
        set(&mut payload, &format!("/Input/{field}"), value.clone());
    }
    if !with_execution {
        set(&mut payload, "/Execution", Value::Null);
    }
    payload
}

/// A person with the right to invoke the function imitates a deploy that runs, without knowing all of its ids.
#[tokio::test]
async fn forged_ids_change_nothing() {
    let fixture = Scenario::sample().with("/timeout", json!(120)).build();
    let first = fixture.deploy("first").await;
    fixture.settle();
    let release = fixture.release("second");
    fixture.upload(&release).await;
    let second = fixture.start(&release).await;
    fixture.run_until_state(&second, "WaitForDetach").await;
    let (before, lock) = (text(&fixture.region()), fixture.root_lock());
    let holder = lock.clone().unwrap();
    let forgeries = [
        // Its release, under an own or no uuid.
        json!({"uuid": "11111111-1111-4111-8111-111111111111", "release_id": holder.release_id}),
        json!({"uuid": null, "release_id": holder.release_id}),
        // Its lock, for another release.
        json!({"uuid": holder.id, "release_id": "release-1-first"}),
        json!({"uuid": holder.id, "release_id": "release-1-forged"}),
    ];
    let tasks = first.invocations().into_iter().skip_while(|payload| payload["Task"] != "ValidateResources");
    let failing = ["DetachForFailure", "CleanUpFailure", "ReleaseLockFailure"];
    for payload in tasks {
        for task in failing.into_iter().chain([payload["Task"].as_str().unwrap()]) {
            for (forged, execution) in forgeries.iter().flat_map(|forged| [(forged, true), (forged, false)]) {
                let _ = fixture.harness.invoke(forge(&payload, task, forged, execution)).await;
                assert_eq!(text(&fixture.region()), before, "{task} {forged}");
                assert_eq!(fixture.root_lock(), lock, "{task} {forged}");
            }
        }
    }
    fixture.harness.run().await.unwrap();
    assert_eq!(fixture.finish(&second).await.path().last(), Some(&"Success"));
}
