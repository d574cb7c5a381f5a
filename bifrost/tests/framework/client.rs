//! The client: deploys a release file and follows it; halts, freezes and unlocks.

use crate::board::{BoardDeployer, harness, harness_with, lock_holder, notes, release};
use bifrost::client::{
    Address, Client, DeployEvent, DeployOutcome, FreezeFailure, HaltFailure, LockState, PrepareError, StartFailure,
    Started, Status, Unlocked,
};
use bifrost::cloud::Encryption;
use bifrost::error_code::Coded;
use bifrost::lifecycle::Freeze;
use bifrost::release::{ExecutionName, ExecutionNames};
use bifrost::testing::TestHarness;
use serde_json::{Value, json};
use std::path::PathBuf;

type Board = Client<BoardDeployer>;

pub(crate) fn client(harness: &TestHarness<BoardDeployer>) -> Board {
    Client::from(harness.cloud())
}

/// A release file of that name. Each test has its own.
fn file(name: &str, release: &Value) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    std::fs::write(&path, release.to_string()).unwrap();
    path
}

pub(crate) fn note(text: &str) -> Value {
    json!({"aws_account_id": "222222222222", "project_name": "acme/shop", "config_name": "development", "note": text})
}

pub(crate) fn address(client: &Board) -> Address {
    Address::read(&note("any"), &client.account.defaults).unwrap()
}

pub(crate) async fn start(client: &Board, name: &str, release: &Value) -> Started {
    let prepared = client.prepare(&file(name, release), "ada@laptop").await.unwrap();
    client.start(&prepared).await.unwrap()
}

pub(crate) async fn follow(client: &Board, started: Started) -> (Vec<DeployEvent>, Option<DeployOutcome>) {
    let mut follower = client.follow(started);
    let events = follower.poll().await.unwrap();
    (events, follower.outcome().cloned())
}

/// Clears the root locks, as the command `unlock` does. With a cause it stops running executions first.
async fn unlock(client: &Board, address: &Address, stop_cause: Option<&str>) -> Unlocked {
    let plan = client.prepare_unlock(address, stop_cause).await.unwrap();
    client.unlock(address, plan).await.unwrap()
}

fn states(events: &[DeployEvent]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| if let DeployEvent::State { state, .. } = event { Some(state.as_str()) } else { None })
        .collect()
}

/// The id of the last deployed release, as a deployer's `deployed` finds it.
async fn last_deployed(client: &Board) -> Option<String> {
    let context = client.context(&address(client)).await.unwrap();
    context.last_deployed().await.unwrap().map(|release| release.envelope.release_id.to_string())
}

#[tokio::test]
async fn deployer_gets_the_last_deployed_release() {
    let harness = harness();
    let client = client(&harness);
    assert_eq!(last_deployed(&client).await, None);
    harness.deploy(&release("a"), &[]).await.unwrap();
    assert_eq!(last_deployed(&client).await.as_deref(), Some("release-1-a"));
    // A deploy that fails leaves what is deployed.
    client.freeze(&address(&client), &Freeze { user: "carol".into(), lock_reason: "no".into() }).await.unwrap();
    harness.deploy(&release("b"), &[]).await.unwrap();
    assert_eq!(last_deployed(&client).await.as_deref(), Some("release-1-a"));
    let key = address(&client).root_dir().release_dir(&"release-1-a".parse().unwrap()).release();
    let bucket = client.account.identity.bucket().unwrap();
    for body in [Some("no release"), None] {
        let objects = &client.account.objects;
        match body {
            Some(body) => objects.put(&bucket, &key, body.into(), Encryption::Bucket).await.unwrap(),
            None => objects.delete(&bucket, &key).await.unwrap(),
        }
        assert_eq!(last_deployed(&client).await, None, "{body:?}");
    }
}

#[tokio::test]
async fn release_file_is_deployed_and_followed() {
    let harness = harness();
    let client = client(&harness);
    let started = start(&client, "deployed", &note("hello")).await;
    assert!(started.is_ours && !started.joined);
    let (events, outcome) = follow(&client, started.clone()).await;
    assert!(events.is_empty() && outcome.is_none(), "nothing runs yet: {events:?}");

    harness.run().await.unwrap();
    let (events, outcome) = follow(&client, started).await;
    assert!(
        matches!(&events[0], DeployEvent::Start { address: Some(found), .. } if *found == address(&client)),
        "{events:?}"
    );
    assert_eq!(states(&events), ["Validate", "Lock", "Pin", "Dry", "Look", "Unlock", "Success"]);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.status, outcome.exit_code, outcome.seconds), (Status::Success, 0, 600));
    assert_eq!(events.last(), Some(&DeployEvent::End(Box::new(outcome))));
    assert_eq!(notes(&harness), ["hello"]);
}

#[tokio::test]
async fn event_is_reported_once() {
    let harness = harness();
    let client = client(&harness);
    let mut follower = client.follow(start(&client, "once", &note("hello")).await);
    harness.run().await.unwrap();
    assert!(!follower.poll().await.unwrap().is_empty());
    assert!(follower.poll().await.unwrap().is_empty());
}

#[tokio::test]
async fn refused_release_is_not_uploaded() {
    let harness = harness();
    let client = client(&harness);
    let refused = async |name: &str, change: fn(&mut Value)| {
        let mut release = note("hello");
        change(&mut release);
        let refused = client.prepare(&file(name, &release), "ada@laptop").await.unwrap_err();
        (refused.code(), refused.to_string())
    };
    let (old, _) = refused("old", |release| release["created_at"] = json!("2026-02-18T11:59:59Z")).await;
    assert_eq!(old, "release/too-old");
    let (ahead, _) = refused("ahead", |release| release["created_at"] = json!("2026-03-01T12:02:01Z")).await;
    assert_eq!(ahead, "release/from-the-future");
    let (unknown, message) = refused("unknown", |release| release["notes"] = json!("x")).await;
    assert_eq!(unknown, "release/unknown-field");
    assert!(message.contains("notes: ") && message.contains("`note`"), "{message}");
    let (climbing, message) = refused("climbing", |release| release["project_name"] = json!("../x")).await;
    assert_eq!(climbing, "release/invalid-value");
    assert!(message.contains("project_name: "), "{message}");
    let (large, _) = refused("large", |release| release["note"] = json!("x".repeat(201 * 1024))).await;
    assert_eq!(large, "release/too-large");
    let (larger, _) = refused("larger", |release| release["note"] = json!("x".repeat(2_000_000))).await;
    assert_eq!(larger, "release/file-too-large");
    let (foreign, _) = refused("foreign", |release| release["bucket"] = json!("another-bucket")).await;
    assert_eq!(foreign, "release/foreign-bucket");
    let (long, _) = refused("long", |release| release["timeout"] = json!(100_000_000)).await;
    assert_eq!(long, "release/timeout-too-long");
    let absent = client.prepare(&PathBuf::from("absent.json"), "ada").await.unwrap_err();
    assert!(matches!(absent, PrepareError::File(_)), "{absent}");
    let buckets = harness
        .store()
        .read(|local_state| local_state.accounts[&client.account.identity.account].buckets.clone())
        .unwrap();
    assert!(buckets.values().all(|bucket| bucket.objects.is_empty()));
}

#[tokio::test]
async fn running_deploy_is_joined() {
    let harness = harness();
    let client = client(&harness);
    let first = start(&client, "first", &note("first")).await;
    let second = start(&client, "second", &note("second")).await;
    assert_eq!(second, Started { execution: first.execution, is_ours: false, joined: true });
    harness.run().await.unwrap();
    let (_, outcome) = follow(&client, second).await;
    let outcome = outcome.unwrap();
    assert_eq!((outcome.status, outcome.exit_code), (Status::Success, 2), "it succeeded, but it is another release");
    assert_eq!(notes(&harness), ["first"]);
}

#[tokio::test]
async fn config_with_a_longer_name_is_not_joined() {
    let harness = harness();
    let client = client(&harness);
    let mut canary = note("canary");
    canary["config_name"] = json!("development-canary");
    let first = start(&client, "canary", &canary).await;
    let second = start(&client, "no-canary", &note("hello")).await;
    assert!(second.is_ours && first.execution != second.execution);
}

/// A release with an id, so that it is the same each time that its file is read.
fn identified() -> Value {
    let mut release = note("hello");
    release["release_id"] = json!("release-1-again");
    release["created_at"] = json!("2026-03-01T12:00:00Z");
    release
}

#[tokio::test]
async fn second_deploy_of_a_release_joins_the_first() {
    let harness = harness();
    let client = client(&harness);
    let first = start(&client, "once-only", &identified()).await;
    let same_again = Started { joined: true, ..first };
    assert_eq!(start(&client, "once-only", &identified()).await, same_again);
    harness.run().await.unwrap();
    assert_eq!(start(&client, "once-only", &identified()).await, same_again);
    harness.run().await.unwrap();
    let (_, outcome) = follow(&client, same_again).await;
    assert_eq!(outcome.unwrap().status, Status::Success);
    assert_eq!(notes(&harness), ["hello"]);
}

#[tokio::test]
async fn release_id_is_not_reused() {
    let harness = harness();
    let client = client(&harness);
    start(&client, "taken", &identified()).await;
    harness.run().await.unwrap();
    let mut another = identified();
    another["note"] = json!("another");
    let other = client.prepare(&file("other", &another), "ada@laptop").await.unwrap();
    let refused = client.start(&other).await.unwrap_err();
    assert!(matches!(refused, StartFailure::ReleaseIdTaken(_)), "{refused}");
    assert_eq!(notes(&harness), ["hello"]);
}

#[tokio::test]
async fn execution_with_other_input_is_not_joined() {
    let harness = harness();
    let client = client(&harness);
    let prepared = client.prepare(&file("named", &identified()), "ada@laptop").await.unwrap();
    let name = ExecutionName::for_release(&prepared.release.envelope, ExecutionNames::ProjectAndConfig);
    client.executions.start(name.as_str(), &json!({})).await.unwrap();
    let refused = client.start(&prepared).await.unwrap_err();
    assert_eq!(refused.code(), "release/already-started");
}

#[tokio::test]
async fn follower_waits_for_an_execution_to_appear() {
    let harness = harness();
    let client = client(&harness);
    let mut follower = client.follow(Started { execution: "late".into(), is_ours: true, joined: false });
    assert!(follower.poll().await.unwrap().is_empty());
    client.executions.start("late", &note("hello")).await.unwrap();
    harness.run().await.unwrap();
    let events = follower.poll().await.unwrap();
    assert_eq!(states(&events), ["Validate", "FailureClean"]);

    let mut follower = client.follow(Started { execution: "never".into(), is_ours: true, joined: false });
    let mut polls = 0;
    let error = loop {
        match follower.poll().await {
            Ok(events) => assert!(events.is_empty() && polls < 100, "{events:?}"),
            Err(error) => break error,
        }
        polls += 1;
    };
    assert_eq!((polls, error.code.as_str()), (20, "ExecutionDoesNotExist"));
}

#[tokio::test]
async fn clean_failure_reports_its_first_error() {
    let fault = json!([{"operation": "board:PinNote", "kind": {"error": "AccessDenied"}}]);
    let harness = harness_with(&fault);
    let client = client(&harness);
    let started = start(&client, "failing", &note("hello")).await;
    harness.run().await.unwrap();
    let (events, outcome) = follow(&client, started).await;
    let outcome = outcome.unwrap();
    assert_eq!((outcome.status, outcome.exit_code), (Status::FailureClean, 1));
    let attempts =
        events.iter().filter(|event| matches!(event, DeployEvent::Failure(failure) if failure.state == "Pin"));
    assert_eq!(attempts.count(), 3, "one attempt and two retries");
    let [failure] = outcome.failures.as_slice() else { panic!("{:?}", outcome.failures) };
    assert_eq!((failure.state.as_str(), failure.error.as_str(), failure.attempt), ("Pin", "PinError", 3));
    assert_eq!(failure.code.as_deref(), Some("aws/access-denied"));
    assert!(failure.cause.contains("board:PinNote on hello"), "{}", failure.cause);
    assert_eq!(outcome.states_after_failure, ["TakeDown", "UnlockFailure", "FailureClean"]);
}

#[tokio::test]
async fn halt_needs_a_running_deploy() {
    let harness = harness();
    let client = client(&harness);
    let refused = client.halt(&address(&client), "wrong build").await.unwrap_err();
    assert!(matches!(refused, HaltFailure::NothingRuns(_)), "{refused}");

    let started = start(&client, "halted", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    // The flag is valid for five minutes, and the deploy checks ten minutes after the pin.
    harness.store().transact(|local_state| local_state.clock += chrono::TimeDelta::seconds(400)).unwrap();
    let halted = client.halt(&address(&client), "wrong build").await.unwrap();
    assert_eq!(halted.execution.name, started.execution);
    harness.run().await.unwrap();
    let outcome = follow(&client, started).await.1.unwrap();
    assert_eq!((outcome.status, outcome.failures[0].error.as_str()), (Status::FailureClean, "HaltError"));
    assert_eq!(outcome.failures[0].code.as_deref(), Some("halt/requested"));
    assert!(outcome.failures[0].cause.contains("wrong build"), "{}", outcome.failures[0].cause);
}

#[tokio::test]
async fn freeze_refuses_deploys_until_it_is_lifted() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    let carol = Freeze { user: "carol".into(), lock_reason: "incident 42".into() };
    client.freeze(&address, &carol).await.unwrap();
    let bob = Freeze { user: "bob".into(), lock_reason: "holidays".into() };
    let refused = client.freeze(&address, &bob).await.unwrap_err();
    assert!(matches!(refused, FreezeFailure::Frozen { freeze, .. } if freeze == carol));

    let started = start(&client, "frozen", &note("hello")).await;
    harness.run().await.unwrap();
    let outcome = follow(&client, started).await.1.unwrap();
    assert_eq!((outcome.status, outcome.exit_code), (Status::FailureClean, 2));
    assert_eq!(outcome.failures[0].code.as_deref(), Some("freeze/active"));
    assert!(outcome.failures[0].cause.contains("carol: incident 42"));

    // `unlock` is for locks that deploys left.
    let unlocked = unlock(&client, &address, None).await;
    assert_eq!((unlocked.freeze.as_ref(), unlocked.cleared.len()), (Some(&carol), 0));
    assert_eq!(client.unfreeze(&address).await.unwrap(), Some(carol));
    assert_eq!(client.unfreeze(&address).await.unwrap(), None);
    assert_eq!(client.lock_state(&address).await.unwrap(), LockState::default());
    // Go clients lift a freeze with `{}`.
    client
        .account
        .objects
        .put(&address.bucket, &address.root_dir().freeze(), b"{}".to_vec(), Encryption::Bucket)
        .await
        .unwrap();
    client.freeze(&address, &bob).await.unwrap();
}

#[tokio::test]
async fn lock_of_a_running_deploy_is_kept() {
    let harness = harness();
    let client = client(&harness);
    let started = start(&client, "holder", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    let deployment = client.deployment(&address(&client)).await.unwrap();
    assert_eq!(deployment.running.unwrap().state.as_deref(), Some("Dry"));
    assert!(deployment.locks.root_locks[0].running);

    let kept = unlock(&client, &address(&client), None).await;
    assert_eq!((kept.kept.len(), kept.cleared.len()), (1, 0));
    assert!(lock_holder(&harness).is_some());
    let forced = unlock(&client, &address(&client), Some("wrong release")).await;
    assert_eq!(forced.cleared[0].holder.started_by.as_deref(), Some("ada@laptop"));
    assert_eq!(lock_holder(&harness), None);
    harness.run().await.unwrap();
    assert_eq!(follow(&client, started).await.1.unwrap().status, Status::Aborted, "its execution was stopped");
}

#[tokio::test]
async fn lock_object_of_go_clients_is_a_root_lock() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    let key = address.root_dir().lock();
    let lock = json!({"uuid": "theirs"}).to_string().into_bytes();
    harness.cloud().account().objects.put(&address.bucket, &key, lock, Encryption::Bucket).await.unwrap();
    let state = client.lock_state(&address).await.unwrap();
    assert!(state.root_locks[0].is_object && !state.root_locks[0].running);
    assert_eq!(unlock(&client, &address, None).await.cleared[0].holder.id, "theirs");
    assert_eq!(client.lock_state(&address).await.unwrap().root_locks, []);
}

#[tokio::test]
async fn failures_have_their_root_cause() {
    let denied = json!({"operation": "board:PinNote", "kind": {"error": "AccessDenied"}, "times": 3});
    let harness = harness_with(&json!([denied]));
    let client = client(&harness);
    assert!(client.failures(None, 10).await.unwrap().is_empty());
    for (name, project) in [("fails", "acme/shop"), ("well", "acme/shop")] {
        let mut release = note(name);
        release["project_name"] = json!(project);
        start(&client, name, &release).await;
        harness.run().await.unwrap();
        // So that the next release has another time in its id.
        harness.advance(chrono::TimeDelta::minutes(1)).unwrap();
    }
    let [fail] = client.failures(None, 10).await.unwrap().try_into().unwrap();
    assert_eq!((fail.outcome.status, fail.outcome.exit_code), (Status::FailureClean, 1));
    assert_eq!((fail.outcome.failures[0].state.as_str(), fail.started_by.as_deref()), ("Pin", Some("ada@laptop")));
    assert_eq!(fail.address, Some(address(&client)));
    assert_eq!(client.failures(Some(&address(&client)), 10).await.unwrap(), [fail]);
    let other = Address { project: "acme/shop-2".parse().unwrap(), ..address(&client) };
    assert!(client.failures(Some(&other), 10).await.unwrap().is_empty());
    assert!(client.failures(None, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn running_execution_is_found_by_its_input() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    let mut other = note("hello");
    other["config_name"] = "development-canary".into();
    client.executions.start("deploy-acme-shop-development-canary-1", &other).await.unwrap();
    assert_eq!(client.running(&address).await.unwrap(), None, "its name fits, its config does not");
    client.executions.start("by-hand", &note("hello")).await.unwrap();
    assert_eq!(client.running(&address).await.unwrap().unwrap().name, "by-hand");
    client.executions.start("deploy-acme-shop-development-2", &note("hello")).await.unwrap();
    assert_eq!(client.running(&address).await.unwrap().unwrap().name, "deploy-acme-shop-development-2");
}
