//! Acts of people: each is recorded before it is done, with how it ended.

use crate::board::{BoardDeployer, harness, lock_holder};
use crate::broken_log::{Part, without};
use crate::client::{address, client, follow, note, start};
use bifrost::audit::{ActId, AuditMode, Event, PEOPLE, Record, read_lines};
use bifrost::client::{Address, Client, HaltFailure, Motive, Status};
use bifrost::error_code::Coded;
use bifrost::lifecycle::Freeze;
use bifrost::people::ActOutcome;
use bifrost::testing::TestHarness;
use chrono::TimeDelta;
use serde_json::Value;
use std::sync::{Arc, Mutex};

pub(crate) type Board = Client<BoardDeployer>;

/// The records of people, by key, with their number of entries in the log.
pub(crate) fn records(harness: &TestHarness<BoardDeployer>) -> Vec<(String, Record, usize)> {
    let origin = harness.cloud().identity().audit_origin();
    let audit = harness.store().read(|state| state.audit.get(&origin).cloned()).unwrap();
    let Some(audit) = audit else { return Vec::new() };
    let state = audit.state();
    let entries: Vec<Value> = state
        .entries(0, state.head().size)
        .unwrap()
        .iter()
        .map(|entry| serde_json::from_slice(entry).unwrap())
        .collect();
    let read = |key: String| {
        let body = state.get(&key, u64::MAX).unwrap().unwrap();
        let record = read_lines(&body).unwrap().remove(0).0;
        let count = entries.iter().filter(|entry| entry["records"] == key).count();
        (key, record, count)
    };
    state.list(PEOPLE).into_iter().map(read).collect()
}

/// Sets what happens to a deploy when the log cannot be written.
pub(crate) fn set_mode(harness: &TestHarness<BoardDeployer>, mode: AuditMode) {
    let origin = harness.cloud().identity().audit_origin();
    let set = |state: &mut bifrost::local::LocalState<_>| {
        Arc::make_mut(state.audit.entry(origin.clone()).or_default()).mode = mode;
    };
    harness.store().transact(set).unwrap();
}

/// A client of a person, and the outcomes of their acts.
pub(crate) fn acting(client: &Board, by: &str) -> (Board, Arc<Mutex<Vec<ActOutcome>>>) {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&outcomes);
    let motive = Motive {
        by: by.into(),
        reason: Some("incident 42".into()),
        ticket: Some("OPS-7".into()),
        report: Some(Arc::new(move |outcome: &ActOutcome| heard.lock().unwrap().push(outcome.clone()))),
    };
    (client.acting(motive), outcomes)
}

fn carol() -> Freeze {
    Freeze { user: "carol".into(), lock_reason: "holidays".into() }
}

/// Action, whether it is break-glass, and whether it was done, of each act in order.
pub(crate) fn recorded_acts(harness: &TestHarness<BoardDeployer>) -> Vec<(String, bool, Option<bool>)> {
    let records = records(harness);
    let result = |id: &ActId| {
        records.iter().find_map(|(key, record, _)| match &record.draft.event {
            Event::ActResult { act, done, .. } if act == id.as_str() => {
                assert_eq!(*key, id.result_key());
                Some(*done)
            }
            _ => None,
        })
    };
    let act = |(key, record, _): &(String, Record, usize)| match &record.draft.event {
        Event::Act { action, break_glass, .. } => {
            Some((action.clone(), *break_glass, result(&ActId::of_key(key).unwrap())))
        }
        _ => None,
    };
    records.iter().filter_map(act).collect()
}

/// A deploy that waits and holds its lock.
async fn running(name: &str) -> (TestHarness<BoardDeployer>, Board, bifrost::client::Started) {
    let harness = harness();
    let client = client(&harness);
    let started = start(&client, name, &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    (harness, client, started)
}

async fn unlock(client: &Board, address: &Address, stop_cause: Option<&str>, early: bool) {
    let mut plan = client.prepare_unlock(address, stop_cause).await.unwrap();
    plan.is_early = early;
    client.unlock(address, plan).await.unwrap();
}

#[tokio::test]
async fn act_is_recorded_with_reason_and_ticket() {
    let harness = harness();
    let (client, outcomes) = acting(&client(&harness), "ada@laptop");
    let address = address(&client);
    client.freeze(&address, &carol()).await.unwrap();
    let records = records(&harness);
    assert_eq!(
        records.iter().map(|(_, record, entries)| (record.number, *entries)).collect::<Vec<_>>(),
        [(1, 1), (1, 1)]
    );
    let (key, record, _) = &records[0];
    let draft = &record.draft;
    let expected = Event::Act {
        action: "freeze".into(),
        identity: "local:ada@laptop".into(),
        confirmed: false,
        reason: Some("incident 42".into()),
        ticket: Some("OPS-7".into()),
        break_glass: false,
        request_id: None,
    };
    assert_eq!(draft.event, expected);
    assert_eq!(draft.deployer.name, "coinbase-board");
    let subject = &draft.subject;
    assert_eq!(
        [&subject.project_name, &subject.config_name, &subject.aws_account_id].map(|name| name.as_deref().unwrap()),
        ["acme/shop", "development", "222222222222"]
    );
    let outcome = outcomes.lock().unwrap()[0].clone();
    assert_eq!(outcome.id, ActId::of_key(key).map(|id| id.to_string()));
    assert_eq!((outcome.not_recorded, outcome.break_glass), (None, false));
}

#[tokio::test]
async fn act_that_fails_was_recorded_before() {
    let harness = harness();
    let client = client(&harness);
    let account = client.account.identity.account.clone();
    harness.store().transact(|state| state.accounts.get_mut(&account).unwrap().buckets.clear()).unwrap();
    let failed = client.freeze(&address(&client), &carol()).await.unwrap_err();
    assert_eq!(failed.code(), "aws/not-found");
    assert_eq!(recorded_acts(&harness), [("freeze".into(), false, Some(false))]);
}

#[tokio::test]
async fn refused_act_is_recorded() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    client.freeze(&address, &carol()).await.unwrap();
    harness.advance(TimeDelta::seconds(1)).unwrap();
    assert_eq!(client.freeze(&address, &carol()).await.unwrap_err().code(), "freeze/exists");
    let recorded_acts = recorded_acts(&harness);
    assert_eq!(recorded_acts, [("freeze".into(), false, Some(true)), ("freeze".into(), false, Some(false))]);
    let codes: Vec<_> = records(&harness)
        .into_iter()
        .filter_map(|(_, record, _)| if let Event::ActResult { code, .. } = record.draft.event { code } else { None })
        .collect();
    assert_eq!(codes, ["freeze/exists"]);
}

#[tokio::test]
async fn stop_and_early_unlock_are_break_glass() {
    let (harness, client, started) = running("acts-forced").await;
    let (client, outcomes) = acting(&client, "ada@laptop");
    let address = address(&client);
    unlock(&client, &address, Some("wrong release"), true).await;
    assert_eq!(lock_holder(&harness), None);
    let mut recorded_acts = recorded_acts(&harness);
    recorded_acts.sort();
    assert_eq!(recorded_acts, [("forced-unlock".into(), true, Some(true)), ("unlock".into(), true, Some(true))]);
    let arn = client.account.identity.execution_arn(&started.execution);
    for (_, record, _) in records(&harness) {
        assert_eq!(record.draft.subject.execution.as_deref(), Some(arn.as_str()));
        assert!(record.draft.subject.release_id.is_some());
    }
    assert!(outcomes.lock().unwrap().iter().all(|outcome| outcome.break_glass && outcome.id.is_some()));
}

#[tokio::test]
async fn unlock_after_the_wait_needs_no_review() {
    let (harness, client, _) = running("acts-waited").await;
    let address = address(&client);
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();
    harness.advance(plan.active_for()).unwrap();
    client.unlock(&address, plan).await.unwrap();
    let mut recorded_acts = recorded_acts(&harness);
    recorded_acts.sort();
    assert_eq!(recorded_acts, [("forced-unlock".into(), true, Some(true)), ("unlock".into(), false, Some(true))]);
}

#[tokio::test]
async fn unlock_while_the_last_task_may_run_is_break_glass() {
    let (harness, client, _) = running("acts-hasty").await;
    let address = address(&client);
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();
    harness.advance(plan.active_for() - TimeDelta::seconds(1)).unwrap();
    // As a client would claim that did not wait.
    assert!(!plan.is_early);
    client.unlock(&address, plan).await.unwrap();
    let mut recorded_acts = recorded_acts(&harness);
    recorded_acts.sort();
    assert_eq!(recorded_acts, [("forced-unlock".into(), true, Some(true)), ("unlock".into(), true, Some(true))]);
}

#[tokio::test]
async fn lock_of_a_running_owner_is_cleared_as_break_glass() {
    let (harness, client, _) = running("acts-running").await;
    let address = address(&client);
    let mut plan = client.prepare_unlock(&address, None).await.unwrap();
    // As a client would claim that does not tell the truth.
    plan.stale = std::mem::take(&mut plan.kept);
    client.unlock(&address, plan).await.unwrap();
    assert_eq!(recorded_acts(&harness), [("unlock".into(), true, Some(true))]);
}

#[tokio::test]
async fn nothing_is_done_if_the_required_log_cannot_be_written() {
    let (harness, client, _) = running("acts-required").await;
    let address = address(&client);
    client.freeze(&address, &carol()).await.unwrap();
    let owner = lock_holder(&harness);
    let mut plan = client.prepare_unlock(&address, None).await.unwrap();
    plan.stale = std::mem::take(&mut plan.kept);
    for part in [Part::Objects, Part::Order] {
        let down = without(&client, part);
        assert_eq!(down.unfreeze(&address).await.unwrap_err().code(), "act/not-recorded");
        assert_eq!(down.unlock(&address, plan.clone()).await.unwrap_err().code(), "act/not-recorded");
        let forced = down.prepare_unlock(&address, Some("wrong release")).await.unwrap_err();
        assert_eq!(forced.code(), "act/not-recorded");
        let mut other = address.clone();
        other.config = "production".parse().unwrap();
        assert_eq!(down.freeze(&other, &carol()).await.unwrap_err().code(), "act/not-recorded");
        let state = client.lock_state(&address).await.unwrap();
        assert_eq!((state.freeze, state.root_locks[0].running), (Some(carol()), true));
        assert_eq!(client.lock_state(&other).await.unwrap().freeze, None);
    }
    assert_eq!(lock_holder(&harness), owner);
}

#[tokio::test]
async fn halt_goes_on_without_the_log_and_says_so() {
    for (part, mode) in [(Part::Objects, AuditMode::Required), (Part::Order, AuditMode::BestEffort)] {
        let (harness, client, started) = running("acts-halt").await;
        set_mode(&harness, mode);
        let (down, outcomes) = acting(&without(&client, part), "ada@laptop");
        harness.advance(TimeDelta::seconds(400)).unwrap();
        down.halt(&address(&client), "wrong build").await.unwrap();
        let outcome = outcomes.lock().unwrap().remove(0);
        assert_eq!((outcome.id, outcome.not_recorded.is_some()), (None, true), "{part:?}");
        harness.run().await.unwrap();
        let outcome = follow(&client, started).await.1.unwrap();
        assert_eq!(
            (outcome.status, outcome.failures[0].code.as_deref()),
            (Status::FailureClean, Some("halt/requested"))
        );
    }
}

#[tokio::test]
async fn halt_does_not_wait_for_a_log_that_does_not_answer() {
    let (_harness, client, _) = running("acts-silent").await;
    let (silent, address) = (without(&client, Part::Answers), address(&client));
    let is_halted = async {
        for _ in 0..1000 {
            if crate::unlocking::has_halt_flag(&client).await {
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    };
    tokio::select! {
        _ = silent.halt(&address, "wrong build") => panic!("its record cannot be written"),
        is_halted = is_halted => assert!(is_halted),
    }
}

#[tokio::test]
async fn best_effort_needs_the_object_of_an_act() {
    let harness = harness();
    set_mode(&harness, AuditMode::BestEffort);
    let client = client(&harness);
    let address = address(&client);
    let refused = without(&client, Part::Objects).freeze(&address, &carol()).await.unwrap_err();
    assert_eq!(refused.code(), "act/not-recorded");
    assert_eq!(client.lock_state(&address).await.unwrap().freeze, None);
}

#[tokio::test]
async fn every_act_goes_on_if_the_log_is_not_required() {
    for mode in [AuditMode::BestEffort, AuditMode::Off] {
        let harness = harness();
        set_mode(&harness, mode);
        let client = client(&harness);
        let down = if mode == AuditMode::Off { client } else { without(&client, Part::Order) };
        let (down, outcomes) = acting(&down, "ada@laptop");
        let address = address(&down);
        down.freeze(&address, &carol()).await.unwrap();
        assert_eq!(down.unfreeze(&address).await.unwrap(), Some(carol()));
        let says_so: Vec<_> = outcomes.lock().unwrap().iter().map(|outcome| outcome.not_recorded.is_some()).collect();
        assert_eq!(says_so, [mode == AuditMode::BestEffort; 2]);
        let entries: Vec<_> = records(&harness).into_iter().map(|(_, _, entries)| entries).collect();
        assert_eq!(entries, if mode == AuditMode::Off { vec![] } else { vec![0; 4] });
    }
}

#[tokio::test]
async fn record_whose_answer_was_lost_is_found() {
    let harness = harness();
    let (client, outcomes) = acting(&without(&client(&harness), Part::LostAnswers), "ada@laptop");
    client.freeze(&address(&client), &carol()).await.unwrap();
    assert_eq!(outcomes.lock().unwrap()[0].not_recorded, None);
    assert_eq!(recorded_acts(&harness), [("freeze".into(), false, Some(true))]);
}

#[tokio::test]
async fn request_that_is_not_our_clients_is_refused() {
    let harness = harness();
    let client = client(&harness);
    let mut elsewhere = address(&client);
    elsewhere.bucket = "another-bucket".parse().unwrap();
    assert_eq!(client.freeze(&elsewhere, &carol()).await.unwrap_err().code(), "act/foreign-bucket");
    let long = Freeze { user: "carol".into(), lock_reason: "x".repeat(1001) };
    assert_eq!(client.freeze(&address(&client), &long).await.unwrap_err().code(), "act/text-too-long");
    assert!(records(&harness).is_empty());
    let refused = client.halt(&address(&client), "wrong build").await.unwrap_err();
    assert!(matches!(refused, HaltFailure::NothingRuns(_)), "{refused}");
}

#[tokio::test]
async fn text_of_a_person_is_recorded_on_one_line() {
    let harness = harness();
    let client = client(&harness);
    let freeze = Freeze { user: "carol".into(), lock_reason: "incident\n42 \u{1b}[31mred\u{202e}".into() };
    client.freeze(&address(&client), &freeze).await.unwrap();
    let Event::Act { reason, .. } = &records(&harness)[0].1.draft.event else { panic!("no act") };
    assert_eq!(reason.as_deref(), Some("incident 42 [31mred"));
}
