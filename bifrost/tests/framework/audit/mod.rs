//! The audit log of deploys: what is recorded, when, and what happens when the log cannot be written.

mod golden;
mod modes;
mod repeated;
mod secrets;
mod sweeps;

use crate::board::{BoardDeployer, Notes, local_state};
use bifrost::audit::{EntryKind, Event, LogEntry, Outcome, Record, read_lines};
use bifrost::local::{LocalAudit, LocalState};
use bifrost::testing::TestHarness;
use bifrost_audit::key::LocalKey;
use bifrost_audit::memory::MemoryStore;
use bifrost_audit::policy::Policy;
use bifrost_audit::source::StoreSource;
use bifrost_audit::verify::verify;
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of the board's log.
const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";

/// A harness whose audit log has this mode.
fn harness_in(mode: &str, faults: &Value) -> TestHarness<BoardDeployer> {
    TestHarness::new(state_in(mode, faults)).unwrap()
}

/// A state in which the audit log has this mode.
fn state_in(mode: &str, faults: &Value) -> LocalState<Notes> {
    let mut state = serde_json::to_value(local_state(faults)).unwrap();
    state["audit"] = json!({ ORIGIN: {"mode": mode} });
    serde_json::from_value(state).unwrap()
}

/// The board's log.
fn log(harness: &TestHarness<BoardDeployer>) -> Arc<LocalAudit> {
    harness.store().read(|state| state.audit.get(ORIGIN).cloned().unwrap_or_default()).unwrap()
}

/// The lines of all records, in order of their keys.
fn lines(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    let log = log(harness);
    let bodies = log.state().list("records/").into_iter().map(|key| log.state().get(&key, u64::MAX).unwrap().unwrap());
    let text = bodies.map(|body| String::from_utf8(body).unwrap()).collect::<String>();
    text.lines().map(ToOwned::to_owned).collect()
}

/// All records.
fn records(harness: &TestHarness<BoardDeployer>) -> Vec<Record> {
    let all = lines(harness).join("\n");
    if all.is_empty() {
        return Vec::new();
    }
    read_lines(all.as_bytes()).unwrap().into_iter().map(|(record, _)| record).collect()
}

/// The entries of the log.
fn entries(harness: &TestHarness<BoardDeployer>) -> Vec<LogEntry> {
    let log = log(harness);
    let entries = log.state().entries(0, log.state().head().size).unwrap();
    entries.iter().map(|entry| serde_json::from_slice(entry).unwrap()).collect()
}

/// Kinds and outcomes of the entries.
fn ends(harness: &TestHarness<BoardDeployer>) -> Vec<(EntryKind, Option<Outcome>)> {
    entries(harness).into_iter().map(|entry| (entry.kind, entry.outcome)).collect()
}

/// The kinds of records that an event has, by their names in JSON.
fn kinds(harness: &TestHarness<BoardDeployer>) -> Vec<String> {
    let kind = |line: &String| serde_json::from_str::<Value>(line).unwrap()["kind"].as_str().unwrap().to_owned();
    lines(harness).iter().map(kind).collect()
}

/// What `verify` finds: codes.
async fn found(harness: &TestHarness<BoardDeployer>) -> Vec<&'static str> {
    let state = log(harness).state().clone();
    let policy = Policy::of_key(&LocalKey::parse(state.key.as_deref().unwrap()).unwrap().public()).unwrap();
    let source = StoreSource::new(Arc::new(MemoryStore::new(state)));
    let report = verify(&source, &policy, None, &|_, _| {}).await.unwrap();
    report.findings.iter().map(|finding| finding.code).collect()
}

fn is_change(record: &Record) -> bool {
    matches!(record.draft.event, Event::Change { .. })
}
