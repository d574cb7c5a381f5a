//! Contract §4: an execution that has lost its lock changes nothing of a newer release.

use crate::board::{
    BoardDeployer, Note, context, context_of, harness, harness_with, lock_holder, notes, owned, payload, release,
};
use crate::probe::{eager, probe};
use bifrost::cloud::{EndedBy, EndedItem, ExecutionStatus, GiveBack, GivenBack};
use bifrost::lifecycle::lock;
use bifrost::release::Release;
use bifrost::testing::{Run, TestHarness};
use chrono::TimeDelta;
use serde_json::json;

const TASKS: [&str; 5] = ["Validate", "Lock", "Pin", "Look", "Unlock"];

/// Clears the root lock of an execution as the command `unlock` does.
async fn unlock(harness: &TestHarness<BoardDeployer>) -> GivenBack {
    let locks = harness.cloud().account().locks;
    let key = owned("any", 9).envelope.root_dir().lock();
    let Some(holder) = locks.get(&key).await.unwrap() else { return GivenBack::NotHeld(None) };
    let ended = EndedItem::new(&holder.id, EndedBy::Unlock, false, harness.store().now());
    locks.give_back(&GiveBack { key, owner: holder.id, ended, deployed: None }).await.unwrap()
}

/// Runs the first release until it enters `state`, then stops it, clears its lock, and deploys the second one.
async fn overtaken_at(state: &str) -> (TestHarness<BoardDeployer>, String) {
    let harness = harness_with(&json!([{"operation": "*", "state": state, "times": 1, "kind": {"delay_seconds": 60}}]));
    let sent = release("first");
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    // The state `Dry` waits before `Look` and `Unlock`.
    let mut pauses = if ["Look", "Unlock"].contains(&state) { 2 } else { 1 };
    let stop_here = || {
        pauses -= 1;
        pauses == 0
    };
    harness.run_until(stop_here).await.unwrap();
    assert_eq!(harness.execution(&name).await.unwrap().path().last(), Some(&state));
    harness.abort(&name).await.unwrap();
    unlock(&harness).await;
    harness.advance(TimeDelta::minutes(20)).unwrap();
    let mut second = release("second");
    second["created_at"] = json!(harness.store().now());
    let second = harness.deploy(&second, &[]).await.unwrap();
    assert_eq!(second.path().last(), Some(&"Success"));
    (harness, name)
}

/// Whether the second release is still deployed and nobody holds the lock.
fn is_untouched(harness: &TestHarness<BoardDeployer>) -> bool {
    notes(harness).contains(&"second".to_owned()) && lock_holder(harness).is_none()
}

async fn redriven(harness: &TestHarness<BoardDeployer>, name: &str) -> Run {
    harness.redrive(name).unwrap();
    harness.run().await.unwrap();
    harness.execution(name).await.unwrap()
}

#[tokio::test]
async fn redriven_execution_leaves_the_newer_release_alone() {
    for state in TASKS {
        let (harness, name) = overtaken_at(state).await;
        let run = redriven(&harness, &name).await;
        let end = if state == "Unlock" { "FailureDirty" } else { "FailureClean" };
        assert_eq!(run.path().last(), Some(&end), "{state}: {:?}", run.errors());
        assert!(is_untouched(&harness), "{state}");
        let expected: &[&str] = if state == "Unlock" { &["first", "second"] } else { &["second"] };
        assert_eq!(notes(&harness), expected, "{state}");
    }
}

#[tokio::test]
async fn late_invocation_leaves_the_newer_release_alone() {
    let harness = harness();
    let run = harness.deploy(&release("first"), &[]).await.unwrap();
    harness.deploy(&release("second"), &[]).await.unwrap();
    for payload in run.invocations() {
        let before = harness.store().read(Clone::clone).unwrap().accounts;
        let outcome = harness.invoke(payload.clone()).await;
        let task = payload["Task"].as_str().unwrap();
        match task {
            // Validate changes nothing, and the end of an ended deploy is its end.
            "Validate" | "Unlock" => drop(outcome.unwrap()),
            "Lock" => assert_eq!(outcome.unwrap_err().error, "LockExistsError"),
            _ => assert_eq!(outcome.unwrap_err().error, "LockError", "{task}"),
        }
        assert_eq!(harness.store().read(Clone::clone).unwrap().accounts, before, "{task}");
    }
}

#[tokio::test]
async fn direct_invocation_without_the_lock_changes_nothing() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let mut copied = payload("Pin", &owned("second", 1));
    copied["Execution"] = json!("arn:another");
    let mut without = copied.clone();
    without.as_object_mut().unwrap().remove("Execution");
    for forged in [payload("Pin", &owned("second", 2)), copied, without] {
        let refused = harness.invoke(forged).await.unwrap_err();
        assert_eq!(refused.error, "LockError");
        assert!(
            refused.message.starts_with("[lock/lost] ") && refused.message.contains("release-1-first"),
            "{refused}"
        );
    }
    assert_eq!(notes(&harness), [] as [&str; 0]);
    // Nor does it give the lock back.
    let mut copied = payload("UnlockFailure", &owned("second", 1));
    copied["Execution"] = json!("arn:another");
    assert_eq!(harness.invoke(copied).await.unwrap_err().error, "LockError");
    assert!(lock_holder(&harness).is_some());
}

#[tokio::test]
async fn task_that_needs_the_lock_owns_nothing() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let output = probe(&harness, "Owner", &owned("first", 1)).await.unwrap_err();
    assert!(output.message.contains("NotACleanUp"), "{output}");
    probe(&harness, "Sweep", &owned("first", 1)).await.unwrap();
}

#[tokio::test]
async fn execution_with_the_same_release_owns_nothing() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    harness.invoke(payload("Pin", &owned("first", 1))).await.unwrap();
    // A second execution of the release, which Lock refused, or which never got there.
    for owner in [2, 3] {
        harness.invoke(payload("TakeDown", &owned("first", owner))).await.unwrap();
        assert!(probe(&harness, "Sweep", &owned("first", owner)).await.is_err());
    }
    assert_eq!(notes(&harness), ["first"]);
    harness.invoke(payload("TakeDown", &owned("first", 1))).await.unwrap();
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[tokio::test]
async fn ended_deploy_owns_nothing() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap();
    assert!(probe(&harness, "Sweep", &owned("first", 1)).await.is_err());
}

#[tokio::test]
async fn unknown_release_lock_owns_nothing() {
    let harness =
        harness_with(&json!([{"operation": "s3:GetObject", "state": "Sweep", "kind": {"error": "SlowDown"}}]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let unknown = probe(&harness, "Sweep", &owned("first", 1)).await.unwrap_err();
    assert!(unknown.message.starts_with("[aws/throttled] "), "{unknown}");
}

#[tokio::test]
async fn clean_up_knows_when_the_lock_is_unknown() {
    let harness = harness_with(&json!([{"operation": "dynamodb:GetItem", "kind": {"error": "InternalServerError"}}]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let unknown = probe(&harness, "Gentle", &owned("first", 1)).await.unwrap_err();
    assert!(unknown.message.contains("LockNotProved"), "{unknown}");
}

#[tokio::test]
async fn validate_and_lock_change_nothing() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    for task in ["Validate", "Lock"] {
        let refused = eager(&harness, task, &owned("first", 1)).await.unwrap_err();
        assert!(refused.message.contains("ChangeBeforeLock"), "{task}: {refused}");
    }
}

#[tokio::test]
async fn handler_cannot_change_whose_deploy_it_is() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    let output = probe(&harness, "Impostor", &owned("first", 1)).await.unwrap();
    let release = serde_json::to_value(owned("first", 1)).unwrap();
    for field in ["uuid", "release_id", "project_name", "config_name", "aws_account_id", "timeout"] {
        assert_eq!(output[field], release[field], "{field}");
    }
    assert_eq!(output["success"], true);
}

#[tokio::test]
async fn definition_of_go_sends_no_execution() {
    let harness = harness();
    let payload = |task: &str| json!({ "Task": task, "Input": owned("first", 1) });
    harness.invoke(payload("Lock")).await.unwrap();
    harness.invoke(payload("Pin")).await.unwrap();
    harness.invoke(payload("Unlock")).await.unwrap();
    assert_eq!((notes(&harness), lock_holder(&harness)), (vec!["first".to_owned()], None));
}

#[tokio::test]
async fn error_names_holder_and_who_ended_the_deploy() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    unlock(&harness).await;
    lock(&context_of(&harness, "arn:second"), owned("second", 2)).await.unwrap();
    let lost = harness.invoke(payload("Look", &owned("first", 1))).await.unwrap_err();
    for part in ["unlock", "release-1-second", "arn:second", "board status acme/shop development"] {
        assert!(lost.message.contains(part), "{part}: {lost}");
    }
}

#[tokio::test]
async fn unknown_lock_lets_no_change_pass() {
    let harness = harness_with(&json!([{"operation": "dynamodb:GetItem", "kind": {"error": "InternalServerError"}}]));
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    for task in ["Pin", "Unlock", "UnlockFailure"] {
        let unknown = harness.invoke(payload(task, &owned("first", 1))).await.unwrap_err();
        assert_eq!(unknown.error, "LockError", "{task}");
        assert!(unknown.message.starts_with("[aws/unavailable] "), "{task}: {unknown}");
    }
    assert_eq!(notes(&harness), [] as [&str; 0]);
    assert!(lock_holder(&harness).is_some());
}

#[tokio::test]
async fn release_without_an_owner_changes_nothing() {
    let (harness, mut release) = (harness(), owned("first", 1));
    release.envelope.uuid = None;
    let refused = harness.invoke(payload("Pin", &release)).await.unwrap_err();
    assert!(refused.error == "LockError" && refused.message.starts_with("[lock/no-owner] "), "{refused}");
    harness.invoke(payload("UnlockFailure", &release)).await.unwrap();
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[tokio::test]
async fn handler_that_ignores_the_refusal_fails_all_the_same() {
    let harness = harness();
    for task in ["Careless", "Tidy", "Pinned"] {
        let refused = probe(&harness, task, &owned("first", 1)).await.unwrap_err();
        assert_eq!(refused.error, "LockError", "{task}");
    }
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    for task in ["Careless", "Tidy", "Pinned"] {
        probe(&harness, task, &owned("first", 1)).await.unwrap();
    }
}

#[tokio::test]
async fn clean_up_that_does_less_without_the_lock_succeeds() {
    let harness = harness();
    probe(&harness, "Gentle", &owned("first", 1)).await.unwrap();
    assert_eq!(notes(&harness), [] as [&str; 0]);
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    probe(&harness, "Gentle", &owned("first", 1)).await.unwrap();
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn clean_up_goes_on_without_the_lock() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    harness.invoke(payload("Pin", &owned("first", 1))).await.unwrap();
    unlock(&harness).await;
    lock(&context_of(&harness, "arn:second"), owned("second", 2)).await.unwrap();
    let release: Release<Note> = owned("first", 1);
    harness.invoke(payload("TakeDown", &release)).await.unwrap();
    assert_eq!(notes(&harness), [] as [&str; 0]);
    harness.invoke(payload("UnlockFailure", &release)).await.unwrap();
    assert_eq!(lock_holder(&harness).unwrap(), "00000000-0000-0000-0000-000000000002");
}

#[tokio::test]
async fn forced_unlock_in_the_middle_ends_clean() {
    let harness = harness();
    let sent = release("first");
    harness.upload(&sent, &[]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    assert_eq!(unlock(&harness).await, GivenBack::Done);
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    assert_eq!((run.execution.status, run.path().last()), (ExecutionStatus::Failed, Some(&"FailureClean")));
    assert_eq!(run.errors()[0].code.as_deref(), Some("lock/lost"));
    assert_eq!(notes(&harness), [] as [&str; 0]);
}

#[tokio::test]
async fn fence_costs_one_read_in_each_fenced_task() {
    let harness = harness();
    let reads = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = std::sync::Arc::clone(&reads);
    harness.store().watch(Box::new(move |record, _, _| {
        let name = &record.call.name;
        if name.operation == "dynamodb:GetItem" && name.resource != "head" {
            seen.lock().unwrap().push(name.attempt.state.clone());
        }
    }));
    harness.deploy(&release("first"), &[]).await.unwrap();
    // Validate reads what is deployed.
    assert_eq!(*reads.lock().unwrap(), ["Validate", "Pin", "Look", "Unlock"]);
}
