//! Checks, at every call and at the end of an execution, that the audit log has what happens (design §5, point 9).

use super::Run;
use crate::{CallRecord, Effect, LocalDeployer, LocalState, Store};
use bifrost_audit::log::SignedCheckpoint;
use bifrost_core::account::Identity;
use bifrost_core::audit::{AuditMode, EntryKind, Event, LogEntry, Outcome, Record, execution_key, read_lines};
use bifrost_core::cloud::{Attempt, CHECKPOINT_KEY, Principal, is_read};
use bifrost_core::json;
use bifrost_core::machine::Machine;
use bifrost_core::release::Sha256;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an invocation of the function is known by: execution, state, and number of the attempt. An attempt that is invoked again
/// counts as another invocation.
type InvocationKey = (String, String, u32, u32);

/// A check of the audit log of one deployer in a local cloud. See [`TestHarness::check_audit`](super::TestHarness::check_audit).
pub struct AuditCheck<D: LocalDeployer> {
    store: Arc<Store<D::Resources>>,
    identity: Arc<Identity>,
    seen: Arc<Mutex<Seen>>,
}

/// The calls of all attempts.
struct Seen {
    origin: String,
    /// Names of states that do not come after the first that may change the target account.
    precede_changes: BTreeSet<&'static str>,
    invocations: BTreeMap<InvocationKey, Invocation>,
    violations: Vec<String>,
}

/// The calls of one invocation.
#[derive(Debug, Default)]
struct Invocation {
    /// Operation, resource and occurrence of each call.
    calls: BTreeSet<(&'static str, String, u32)>,
    /// Changes in the target account: operation and resource.
    changes: Vec<(&'static str, String)>,
    is_announced: bool,
    /// The objects with records that it wrote.
    objects: BTreeSet<String>,
    /// Whether a call to the audit log failed.
    has_log_failed: bool,
    /// Whether its last call was one to the audit log, and all calls were answered as they took effect.
    is_concluded: bool,
}

impl<D: LocalDeployer> AuditCheck<D> {
    pub(super) fn new(store: &Arc<Store<D::Resources>>, identity: &Arc<Identity>) -> Self {
        let all = <D::Machine as Machine>::ALL;
        let definition = bifrost_core::deployer::definition::<D>("");
        // A state whose failure ends dirty at once goes on with what an earlier one began.
        let ends_clean = |state: &str| {
            let catches = definition.get("States").and_then(|states| states.get(state)?.get("Catch")?.as_array());
            let last = catches.and_then(|catches| catches.last()?.get("Next")?.as_str());
            last != Some(<D::Machine as Machine>::FAILURE_DIRTY.name())
        };
        let until = all.iter().position(|state| *state == <D::Machine as Machine>::CHANGES_FROM).unwrap_or_default();
        let seen = Seen {
            origin: identity.audit_origin(),
            precede_changes: all
                .iter()
                .take(until + 1)
                .map(|state| state.name())
                .filter(|state| ends_clean(state))
                .collect(),
            invocations: BTreeMap::new(),
            violations: Vec::new(),
        };
        let seen = Arc::new(Mutex::new(seen));
        let watched = Arc::clone(&seen);
        store.watch(Box::new(move |record, _, after| locked(&watched).add(record, after)));
        Self { store: Arc::clone(store), identity: Arc::clone(identity), seen }
    }

    /// The records and entries as JSON lines, for golden files. Hashes that follow from texts and definitions are left out.
    #[must_use]
    pub fn golden(&self) -> String {
        let origin = locked(&self.seen).origin.clone();
        let Ok(Some(log)) = self.store.read(|state| state.audit.get(&origin).cloned()) else { return String::new() };
        let state = log.state();
        let bodies = state.list("records/").into_iter().filter_map(|key| state.get(&key, u64::MAX).ok().flatten());
        let records = bodies.flat_map(|body| body.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>());
        let entries = state.entries(0, state.head().size).unwrap_or_default();
        let line = |line: Vec<u8>| redacted(&line);
        let (records, entries): (Vec<_>, Vec<_>) =
            (records.filter_map(line).collect(), entries.into_iter().filter_map(line).collect());
        format!("{}\n\n{}\n", records.join("\n"), entries.join("\n"))
    }

    /// What is wrong after the end of an execution. Empty if nothing is.
    #[must_use]
    pub fn violations(&self, run: &Run) -> Vec<String> {
        let seen = locked(&self.seen);
        let mut violations = seen.violations.clone();
        let log = self.store.read(|state| state.audit.get(&seen.origin).cloned());
        let Ok(Some(log)) = log else { return violations };
        if log.mode == AuditMode::Off {
            return violations;
        }
        let (arn, state) = (&run.execution.arn, log.state());
        let dir = execution_key(&self.identity.name, &self.identity.execution_arn(""), arn);
        let bodies = state.list(&format!("{dir}/")).into_iter();
        let bodies = bodies.filter_map(|key| state.get(&key, u64::MAX).ok().flatten());
        let records = chain(bodies.collect(), &mut violations);
        seen.check_invocations(run, &records, &mut violations);
        let entries = state.entries(0, state.head().size).unwrap_or_default().into_iter();
        let entries = entries.filter_map(|entry| json::from_slice(&entry).and_then(json::from_value).ok());
        let entries: Vec<LogEntry> = entries.filter(|entry: &LogEntry| entry.records == dir).collect();
        violations.extend(wrong_entries(run, &records, &entries));
        let checkpoint = state.get(CHECKPOINT_KEY, u64::MAX).ok().flatten();
        let published =
            checkpoint.and_then(|body| SignedCheckpoint::parse(&body).ok()).map(|checkpoint| checkpoint.size);
        if published != Some(state.head().size) {
            violations.push(format!("{published:?} of {} entries are published", state.head().size));
        }
        violations
    }
}

/// A line without hashes that change with every text.
fn redacted(line: &[u8]) -> Option<String> {
    let mut line: Value = json::from_slice(line).ok()?;
    let is_plan = line.get("kind").is_some_and(|kind| kind == "plan");
    for field in ["previous", "definition_sha256", "cause_sha256", "sha256"] {
        if let Some(hash) = line.get_mut(field).filter(|_| field != "sha256" || !is_plan) {
            *hash = "…".into();
        }
    }
    Some(line.to_string())
}

fn locked(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn add<R>(&mut self, record: &CallRecord, after: &LocalState<R>) {
        let name = &record.call.name;
        let Some(log) = after.audit.get(&self.origin).filter(|log| log.mode != AuditMode::Off) else { return };
        let Some(key) = self.key(record) else { return };
        let is_required_first = log.mode == AuditMode::Required && self.precede_changes.contains(key.1.as_str());
        let invocation = self.invocations.entry(key.clone()).or_default();
        invocation.calls.insert((name.operation, name.resource.clone(), name.occurrence));
        let is_audit = is_audit_call(record);
        invocation.is_concluded = is_audit && record.effect == Effect::Done;
        if is_audit && record.effect != Effect::Done {
            invocation.has_log_failed = true;
        }
        if is_audit && name.operation == "s3:PutObject" && !matches!(record.effect, Effect::Refused(_)) {
            invocation.wrote(&name.resource, &name.attempt, log.state().get(&name.resource, u64::MAX).ok().flatten());
        }
        if matches!(record.call.principal, Principal::AssumedRole(_)) && !is_read(name.operation) {
            invocation.changes.push((name.operation, name.resource.clone()));
            if !invocation.is_announced && (is_required_first || !invocation.has_log_failed) {
                let (_, state, attempt, _) = key;
                self.violations.push(format!("{state}, attempt {attempt}: {} is not announced", name.operation));
            }
        }
    }

    /// The invocation that makes a call. `None` outside of tasks.
    fn key(&self, record: &CallRecord) -> Option<InvocationKey> {
        let name = &record.call.name;
        let Attempt { execution: Some(execution), state, retry_count } = &name.attempt else { return None };
        if state.is_empty() {
            return None;
        }
        let key = |again| (execution.clone(), state.clone(), *retry_count, again);
        let call = (name.operation, name.resource.clone(), name.occurrence);
        // The same call once more is another invocation's.
        let again = (0..u32::MAX).find(|again| {
            let made = self.invocations.get(&key(*again)).is_some_and(|known| known.calls.contains(&call));
            let is_last = !self.invocations.contains_key(&key(again + 1));
            is_last && !made || !self.invocations.contains_key(&key(*again))
        })?;
        Some(key(again))
    }

    /// Checks that each attempt that came to its end is recorded, with its changes.
    fn check_invocations(&self, run: &Run, records: &[Record], violations: &mut Vec<String>) {
        let (arn, mut lost) = (&run.execution.arn, lost_attempts(run));
        let mut recorded: BTreeMap<(&str, u32, &str, &str), usize> = BTreeMap::new();
        let mut ended: BTreeMap<(&str, u32), usize> = BTreeMap::new();
        for record in records {
            match &record.draft.event {
                Event::Change { state, attempt, operation, resource, .. } => {
                    *recorded.entry((state, *attempt, operation, resource)).or_default() += 1;
                }
                Event::Attempt { state, attempt, .. } => *ended.entry((state, *attempt)).or_default() += 1,
                _ => {}
            }
        }
        for ((state, attempt), count) in &ended {
            let is_of = |(execution, name, number, _): &&InvocationKey| {
                (execution, name.as_str(), number) == (arn, *state, attempt)
            };
            if *count > self.invocations.keys().filter(is_of).count() {
                violations.push(format!("{state}, attempt {attempt} is recorded {count} times"));
            }
        }
        for ((_, state, attempt, _), invocation) in
            self.invocations.iter().filter(|((execution, ..), _)| execution == arn)
        {
            let place = format!("{state}, attempt {attempt}");
            if invocation.objects.len() > 2 {
                violations.push(format!("{place} wrote {} objects", invocation.objects.len()));
            }
            if !invocation.is_concluded || invocation.has_log_failed {
                continue;
            }
            if !take(&mut ended, &(state.as_str(), *attempt)) {
                if !take(&mut lost, &state.as_str()) {
                    violations.push(format!("{place} is not recorded"));
                }
                continue;
            }
            for (operation, resource) in &invocation.changes {
                if !take(&mut recorded, &(state.as_str(), *attempt, *operation, resource.as_str())) {
                    violations.push(format!("{place}: {operation} on {resource} is not recorded"));
                }
            }
        }
    }
}

/// How many attempts of each state were lost, so that they could not record how they ended.
fn lost_attempts(run: &Run) -> BTreeMap<&str, usize> {
    let (mut lost, mut state) = (BTreeMap::new(), "");
    for event in &run.history {
        if event.enters_state() {
            state = event.details.name.as_deref().unwrap_or_default();
        }
        let errors = ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"];
        let is_lost = match event.event_type.as_str() {
            "LambdaFunctionFailed" => errors.contains(&event.details.error.as_deref().unwrap_or_default()),
            "LambdaFunctionTimedOut" | "ExecutionAborted" | "ExecutionTimedOut" => true,
            _ => false,
        };
        if is_lost {
            *lost.entry(state).or_default() += 1;
        }
    }
    lost
}

/// Takes one of these, if there is one.
fn take<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) -> bool {
    let count = counts.get_mut(key).filter(|count| **count > 0);
    count.map(|count| *count -= 1).is_some()
}

impl Invocation {
    /// It wrote an object of the log.
    fn wrote(&mut self, key: &str, attempt: &Attempt, body: Option<Vec<u8>>) {
        if !key.starts_with("records/") {
            return;
        }
        let body = body.unwrap_or_default();
        let lines = read_lines(&body).unwrap_or_default();
        let is_own = |event: &Event| match event {
            Event::MayChange { state, attempt: number, .. } | Event::Attempt { state, attempt: number, .. } => {
                *state == attempt.state && *number == attempt.retry_count
            }
            _ => false,
        };
        let mut own = lines.iter().map(|(record, _)| &record.draft.event).filter(|event| is_own(event)).peekable();
        if own.peek().is_some() {
            self.objects.insert(key.to_owned());
        }
        self.is_announced |= own.any(|event| matches!(event, Event::MayChange { .. }));
    }
}

/// Whether a call is one to bucket, table or key of the audit log.
#[must_use]
pub fn is_audit_call(record: &CallRecord) -> bool {
    let (operation, resource) = (record.call.name.operation, record.call.name.resource.as_str());
    let is_item = operation.starts_with("dynamodb:") && (resource == "head" || resource.starts_with("entry/"));
    let is_object = operation.starts_with("s3:") && (resource.starts_with("records/") || resource.starts_with("log/"));
    record.call.principal == Principal::Deployer && (is_item || is_object || operation.starts_with("kms:"))
}

/// The records of a chain, whose links are checked.
fn chain(bodies: Vec<Vec<u8>>, violations: &mut Vec<String>) -> Vec<Record> {
    let (mut records, mut previous) = (Vec::new(), None);
    for body in bodies {
        let Ok(lines) = read_lines(&body) else {
            violations.push("an object is not made of records".into());
            continue;
        };
        for (record, line) in lines {
            if record.number != records.len() as u64 + 1 || record.previous != previous {
                violations.push(format!("record {} does not continue the chain", record.number));
            }
            previous = Some(Sha256::of(line));
            records.push(record);
        }
    }
    records
}

/// Whether the log has one start and one end of the execution, which is the one that it had.
fn wrong_entries(run: &Run, records: &[Record], entries: &[LogEntry]) -> Vec<String> {
    let mut violations = Vec::new();
    let is = |kinds: &'static [EntryKind]| move |entry: &&LogEntry| kinds.contains(&entry.kind);
    let started = entries.iter().filter(is(&[EntryKind::Started])).count();
    let has_start = records.iter().any(|record| matches!(record.draft.event, Event::Start { .. }));
    if started != usize::from(has_start) {
        violations.push(format!("the log has {started} starts"));
    }
    let ends: Vec<_> = entries.iter().filter(is(&[EntryKind::Ended, EntryKind::Closed, EntryKind::Refused])).collect();
    let last = ends.last().and_then(|entry| entry.outcome);
    let is_right = match run.path().last() {
        Some(&"Success") => last == Some(Outcome::Success),
        Some(&"FailureClean") => matches!(last, Some(Outcome::FailureClean | Outcome::Refused)),
        Some(&"FailureDirty") => last == Some(Outcome::FailureDirty),
        _ => last == Some(Outcome::Stopped),
    };
    if !is_right {
        violations.push(format!("the execution ended in {:?}, but the log says {last:?}", run.path().last()));
    }
    // An execution that was stopped and redriven has an end for each.
    let redrives = run.history.iter().filter(|event| event.event_type == "ExecutionRedriven").count();
    // A refusal whose answer was lost may be followed by an attempt that goes on.
    let revoked = ends.iter().rev().skip(1).filter(|entry| entry.kind == EntryKind::Refused).count();
    // The last task may have ended the deploy, and recorded it, before its answer was lost.
    let last_task = run.path().iter().rev().nth(1).copied().unwrap_or_default();
    let unanswered = usize::from(lost_attempts(run).contains_key(last_task));
    // A closure with the outcome that is recorded covers what a repeated attempt recorded after the end.
    let covers = |(end, next): &(&&LogEntry, &&LogEntry)| next.kind == EntryKind::Closed && next.outcome == end.outcome;
    let covering = ends.iter().zip(ends.iter().skip(1)).filter(covers).count();
    if ends.len() > 1 + redrives + revoked + unanswered + covering {
        violations.push(format!("the log has {} ends", ends.len()));
    }
    // Attempts that go on after their timeout, or after the end, may be recorded later, and are covered when somebody reconciles.
    let goes_on = run.history.iter().any(|event| event.event_type == "LambdaFunctionTimedOut");
    let is_before_end = |record: &&Record| run.execution.stop_date.is_some_and(|end| record.draft.time < end);
    let covered = ends.last().map_or(0, |entry| entry.number);
    if let Some(record) = records.iter().rfind(is_before_end).filter(|record| !goes_on && record.number > covered) {
        violations.push(format!("no entry covers record {}", record.number));
    }
    violations
}
