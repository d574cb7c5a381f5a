//! Reviews of acts of people, and the completion of the audit log.

use crate::acts::{Board, acting, recorded_acts, records, set_mode};
use crate::board::{BoardDeployer, harness, harness_with};
use crate::broken_log::{Part, without};
use crate::client::{address, client, follow, note, start};
use bifrost::audit::{ActId, AuditMode, EntryKind, Event, LogEntry, Outcome};
use bifrost::client::{Started, Status};
use bifrost::deployer::fail_states;
use bifrost::deployer::task_limit;
use bifrost::error_code::Coded;
use bifrost::lifecycle::Freeze;
use bifrost::people::{self, Act, ActError, ActRequest, ActTarget, Caller, MachineAccess};
use bifrost::release::Sha256;
use bifrost::testing::TestHarness;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const ADA: &str = "arn:aws:sts::000000000000:assumed-role/Operate/ada@example.com";
const BOB: &str = "arn:aws:sts::000000000000:assumed-role/Operate/bob@example.com";

/// A person whom STS confirmed, with a request that was signed now.
fn signed(client: &Board, identity: &str, request: &str) -> Caller {
    let act = Some(ActId::new(client.account.now(), &Sha256::of(request.as_bytes())));
    Caller { identity: identity.into(), confirmed: true, act, request_id: Some(request.into()) }
}

fn request(act: Act) -> ActRequest {
    ActRequest { act, reason: Some("incident 42".into()), ticket: None, nonce: Uuid::from_u128(1) }
}

async fn perform(client: &Board, caller: &Caller, act: Act) -> Result<String, ActError> {
    let machine = MachineAccess { executions: client.executions.as_ref(), task_limit: task_limit::<BoardDeployer>() };
    let outcome = people::perform(&client.account, machine, caller, &request(act)).await?;
    Ok(outcome.id.unwrap())
}

async fn review(client: &Board, caller: &Caller, act: &str, note: &str) -> Result<String, ActError> {
    perform(client, caller, Act::Review { act: act.into(), note: note.into() }).await
}

/// A forced unlock by Ada, at an earlier time.
async fn break_glass(name: &str) -> (TestHarness<BoardDeployer>, Board, String) {
    let harness = harness();
    let client = client(&harness);
    let Started { execution, .. } = start(&client, name, &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    let config = ActTarget::from(&address(&client));
    let act = Act::ForcedUnlock { config, execution, message: "stuck".into() };
    let id = perform(&client, &signed(&client, ADA, "stop"), act).await.unwrap();
    harness.advance(TimeDelta::minutes(1)).unwrap();
    (harness, client, id)
}

#[tokio::test]
async fn another_person_reviews_an_act_once() {
    let (harness, client, act) = break_glass("review").await;
    let code =
        async |caller: &Caller, act: &str, note: &str| review(&client, caller, act, note).await.map_err(|e| e.code());
    assert_eq!(code(&signed(&client, ADA, "1"), &act, "fine").await, Err("act/own"));
    // In another role, as an IAM user, and with a session that nobody named.
    for identity in
        ["arn:aws:sts::000000000000:assumed-role/Admin/ADA@example.com", "arn:aws:iam::000000000000:user/people/ada"]
    {
        assert_eq!(code(&signed(&client, identity, "2"), &act, "fine").await, Err("act/own"), "{identity}");
    }
    let nameless = "arn:aws:sts::000000000000:assumed-role/Admin/botocore-session-1772366400";
    assert_eq!(code(&signed(&client, nameless, "3"), &act, "fine").await, Err("act/nameless"));
    assert_eq!(code(&signed(&client, BOB, "4"), &act, " \n").await, Err("act/no-note"));
    assert_eq!(code(&signed(&client, BOB, "5"), "20260301T120000Z-0000000000000000", "fine").await, Err("act/unknown"));
    assert_eq!(code(&signed(&client, BOB, "6"), "../x", "fine").await, Err("act/unknown"));
    let id = code(&signed(&client, BOB, "7"), &act, "the deploy\nhung").await.unwrap();
    let (_, record, entries) = records(&harness).into_iter().find(|(key, ..)| key.ends_with(&id)).unwrap();
    let expected = Event::Review {
        act: act.clone(),
        identity: BOB.into(),
        confirmed: true,
        note: "the deploy hung".into(),
        ticket: None,
        request_id: Some("7".into()),
    };
    assert_eq!((record.draft.event, entries), (expected, 1));
    assert_eq!(code(&signed(&client, BOB, "8"), &act, "again").await, Err("act/reviewed"));
    assert_eq!(code(&signed(&client, BOB, "9"), &id, "a review").await, Err("act/unknown"));
}

#[tokio::test]
async fn ordinary_act_needs_no_review() {
    let harness = harness();
    let client = client(&harness);
    let freeze = Act::Freeze { config: (&address(&client)).into(), user: "ada".into(), message: "holidays".into() };
    let id = perform(&client, &signed(&client, ADA, "freeze"), freeze).await.unwrap();
    let refused = review(&client, &signed(&client, BOB, "review"), &id, "fine").await.unwrap_err();
    assert_eq!(refused.code(), "act/needs-no-review");
}

#[tokio::test]
async fn review_needs_the_log_in_every_mode() {
    let (harness, client, act) = break_glass("review-mode").await;
    for mode in [AuditMode::Required, AuditMode::BestEffort] {
        set_mode(&harness, mode);
        let down = without(&client, Part::Objects);
        let refused = review(&down, &signed(&client, BOB, "down"), &act, "fine").await.unwrap_err();
        assert_eq!(refused.code(), "act/not-recorded");
    }
    set_mode(&harness, AuditMode::Off);
    let off = crate::client::client(&harness);
    let refused = review(&off, &signed(&client, BOB, "off"), &act, "fine").await.unwrap_err();
    assert_eq!(refused.code(), "act/no-log");
}

#[tokio::test]
async fn request_acts_once() {
    let harness = harness();
    let client = client(&harness);
    let freeze = Act::Freeze { config: (&address(&client)).into(), user: "ada".into(), message: "holidays".into() };
    let once = signed(&client, ADA, "once");
    let id = perform(&client, &once, freeze.clone()).await.unwrap();
    client.unfreeze(&address(&client)).await.unwrap();
    let before = records(&harness).len();
    // The same signed request, in another invocation.
    let again = Caller { request_id: Some("another invocation".into()), ..once };
    let refused = perform(&client, &again, freeze).await.unwrap_err();
    assert!(matches!(refused, ActError::Repeated(found) if found == id));
    assert_eq!((records(&harness).len(), client.lock_state(&address(&client)).await.unwrap().freeze), (before, None));
}

#[tokio::test]
async fn execution_of_another_config_is_not_stopped() {
    let harness = harness();
    let client = client(&harness);
    let Started { execution, .. } = start(&client, "other-config", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    let mut config = ActTarget::from(&address(&client));
    config.config_name = "production".parse().unwrap();
    let stop = Act::ForcedUnlock { config: config.clone(), execution: execution.clone(), message: "stuck".into() };
    let halt = Act::Halt { config, execution, message: "stop".into() };
    for act in [stop, halt] {
        let caller = signed(&client, ADA, act.action());
        assert_eq!(perform(&client, &caller, act).await.unwrap_err().code(), "act/other-config");
    }
    let mut recorded_acts = recorded_acts(&harness);
    recorded_acts.sort();
    assert_eq!(recorded_acts, [("forced-unlock".into(), true, Some(false)), ("halt".into(), false, Some(false))]);
}

/// The kinds of the log's entries about an execution, in order.
fn entries(harness: &TestHarness<BoardDeployer>, execution: &str) -> Vec<(EntryKind, Option<Outcome>)> {
    let origin = harness.cloud().identity().audit_origin();
    let audit = harness.store().read(|state| state.audit.get(&origin).cloned()).unwrap().unwrap();
    let state = audit.state();
    let entries = state.entries(0, state.head().size).unwrap();
    let read = |entry: &Vec<u8>| serde_json::from_slice::<LogEntry>(entry).unwrap();
    let of_execution = |entry: &LogEntry| entry.execution.as_deref().is_some_and(|arn| arn.ends_with(execution));
    entries.iter().map(read).filter(of_execution).map(|entry| (entry.kind, entry.outcome)).collect()
}

fn long_ago() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

#[tokio::test]
async fn reconcile_closes_what_ended_while_the_log_was_down() {
    let denied = json!([{"operation": "board:TakeDownNote", "kind": {"error": "AccessDenied"}}]);
    let harness = harness_with(&denied);
    let dirty = start(&client(&harness), "reconcile-dirty", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    // The log is down from here on.
    set_mode(&harness, AuditMode::Off);
    let client = client(&harness);
    harness.advance(TimeDelta::minutes(7)).unwrap();
    crate::unlocking::halt(&client).await;
    harness.run().await.unwrap();
    assert_eq!(follow(&client, dirty.clone()).await.1.unwrap().status, Status::FailureDirty);
    let plan = client.prepare_unlock(&address(&client), None).await.unwrap();
    client.unlock(&address(&client), plan).await.unwrap();
    let aborted = start(&client, "reconcile-aborted", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    harness.abort(&aborted.execution).await.unwrap();
    harness.run().await.unwrap();
    let started = (EntryKind::Started, None);
    assert_eq!((entries(&harness, &dirty.execution), entries(&harness, &aborted.execution)), (vec![started], vec![]));

    set_mode(&harness, AuditMode::Required);
    let client = crate::client::client(&harness);
    let done = client.reconcile(long_ago()).await.unwrap();
    assert_eq!((done.executions, done.running, done.is_complete, done.failed.as_slice()), (2, 0, true, [].as_slice()));
    let mut closed: Vec<_> = done.closed.iter().map(|closed| (closed.execution.as_str(), closed.outcome)).collect();
    closed.sort_by_key(|(_, outcome)| *outcome);
    assert_eq!(
        closed,
        [(dirty.execution.as_str(), Outcome::FailureDirty), (aborted.execution.as_str(), Outcome::Stopped)]
    );
    assert_eq!(entries(&harness, &dirty.execution), [started, (EntryKind::Closed, Some(Outcome::FailureDirty))]);
    assert_eq!(entries(&harness, &aborted.execution), [(EntryKind::Closed, Some(Outcome::Stopped))]);

    let again = client.reconcile(long_ago()).await.unwrap();
    assert_eq!((again.executions, again.appended, again.closed.len()), (2, 0, 0));
}

#[tokio::test]
async fn reconcile_leaves_running_and_older_executions_alone() {
    let harness = harness();
    let client = client(&harness);
    let running = start(&client, "reconcile-running", &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    let done = client.reconcile(long_ago()).await.unwrap();
    assert_eq!((done.executions, done.running, done.closed.len()), (1, 1, 0));
    harness.advance(TimeDelta::days(1)).unwrap();
    let since = client.account.now() - TimeDelta::hours(1);
    let done = client.reconcile(since).await.unwrap();
    assert_eq!((done.executions, done.appended), (0, 0));
    assert_eq!(entries(&harness, &running.execution), [(EntryKind::Started, None)]);
}

#[tokio::test]
async fn reconcile_describes_each_execution_that_ended_once() {
    let harness = harness();
    let executions = harness.cloud().executions();
    for number in 0..230 {
        executions.start(&format!("e{number}"), &json!("no release")).await.unwrap();
    }
    let ended = ["e229", "e130", "e129", "e30", "e29", "e0"];
    for name in ended {
        harness.abort(name).await.unwrap();
    }
    let described = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&described);
    harness.store().watch(Box::new(move |record, _, _| {
        if record.call.name.operation == "states:DescribeExecution" {
            seen.lock().unwrap().push(record.call.name.resource.clone());
        }
    }));
    let done = client(&harness).reconcile(long_ago()).await.unwrap();
    assert_eq!((done.executions, done.running, done.is_complete), (230, 224, true));
    assert_eq!(*described.lock().unwrap(), ended);
}

#[tokio::test]
async fn reconcile_appends_acts_whose_entry_is_missing() {
    let harness = harness();
    let client = client(&harness);
    let (down, outcomes) = acting(&without(&client, Part::Order), "ada@laptop");
    let freeze = Freeze { user: "carol".into(), lock_reason: "holidays".into() };
    let refused = down.freeze(&address(&client), &freeze).await.unwrap_err();
    assert_eq!((refused.code(), outcomes.lock().unwrap().len()), ("act/not-recorded", 0));
    let written = records(&harness);
    assert_eq!(written.iter().map(|(_, _, entries)| *entries).collect::<Vec<_>>(), [0, 0]);
    let done = client.reconcile(long_ago()).await.unwrap();
    assert_eq!((done.acts, done.appended), (2, 2));
    // The log says that it was not done.
    assert_eq!(recorded_acts(&harness), [("freeze".into(), false, Some(false))]);
    assert!(records(&harness).iter().all(|(_, _, entries)| *entries == 1));
    assert_eq!(client.reconcile(long_ago()).await.unwrap().appended, 0);
}

#[tokio::test]
async fn reconcile_stops_when_its_time_is_over() {
    let harness = harness();
    let client = client(&harness);
    start(&client, "reconcile-late", &note("hello")).await;
    harness.run().await.unwrap();
    let (executions, states) = (client.executions.as_ref(), fail_states::<BoardDeployer>());
    let done = people::reconcile(&client.account, executions, &states, long_ago(), &|| false).await.unwrap();
    assert_eq!((done.executions, done.is_complete), (0, false));
}

#[tokio::test]
async fn execution_of_another_deployer_is_not_closed() {
    let harness = harness();
    let client = client(&harness);
    let states = fail_states::<BoardDeployer>();
    for arn in [
        "",
        "deploy-1",
        "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:x",
        "arn:aws:states:us-east-1:000000000000:execution:coinbase-board:unknown",
    ] {
        let refused = people::close(&client.account, client.executions.as_ref(), &states, arn).await.unwrap_err();
        assert_eq!(refused.code(), "act/malformed", "{arn}");
    }
}
