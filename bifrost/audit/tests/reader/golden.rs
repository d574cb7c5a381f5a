//! One record of each kind, with all fields and with as few as possible.

use bifrost_audit::reader::SCHEMA_V1;
use bifrost_core::audit::{
    AttemptOutcome, CallOutcome, Claims, DeployerVersion, Draft, EntryKind, Event, LogEntry, Outcome, Record, SCHEMA,
    Subject, TouchedResource, read_lines,
};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn hash(of: &str) -> Sha256 {
    Sha256::of(of.as_bytes())
}

#[allow(clippy::unnecessary_wraps, reason = "the fields are options")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Every kind, first with all its fields, then with as few as possible.
#[allow(clippy::too_many_lines, reason = "a list of all kinds")]
fn events() -> Vec<(Event, Event)> {
    let (state, attempt) = ("Deploy".to_owned(), 1);
    let (account, region) = ("111111111111".to_owned(), "us-east-1".to_owned());
    let resource = "deploy-test-group".to_owned();
    let operation = "autoscaling:CreateAutoScalingGroup".to_owned();
    let claims =
        Claims { started_by: text("ada"), approved_by: text("grace"), ticket: text("CHG-1"), commit: text("4f2a") };
    let identity = "arn:aws:sts::000000000000:assumed-role/operators/ada".to_owned();
    let touched = TouchedResource {
        operation: operation.clone(),
        resource: resource.clone(),
        account: account.clone(),
        region: region.clone(),
    };
    let change = |full: bool| Event::Change {
        state: state.clone(),
        attempt,
        operation: operation.clone(),
        resource: resource.clone(),
        account: account.clone(),
        region: region.clone(),
        outcome: if full { CallOutcome::Refused } else { CallOutcome::Done },
        code: text("AlreadyExists").filter(|_| full),
        request_id: text("b1946ac9-2492-4d23-8f6b-2a1d7a5b1c11").filter(|_| full),
        untagged: full,
    };
    let ended = |full: bool| Event::Attempt {
        state: state.clone(),
        attempt,
        duration_ms: 1234,
        outcome: if full { AttemptOutcome::Failed } else { AttemptOutcome::Succeeded },
        error: text("DeployError").filter(|_| full),
        code: text("aws/refused").filter(|_| full),
        cause: text("ec2:DescribeImages failed: Throttling").filter(|_| full),
        cause_sha256: full.then(|| hash("cause")),
    };
    let act = |full: bool| Event::Act {
        action: "unlock".into(),
        identity: identity.clone(),
        confirmed: true,
        reason: text("the deploy hangs").filter(|_| full),
        ticket: text("INC-7").filter(|_| full),
        break_glass: true,
        request_id: text("6f1c").filter(|_| full),
    };
    let review = |full: bool| Event::Review {
        act: "20261130T120000Z-0123456789abcdef".into(),
        identity: identity.clone(),
        confirmed: true,
        note: "agreed in INC-7".into(),
        ticket: text("INC-7").filter(|_| full),
        request_id: text("6f1c").filter(|_| full),
    };
    let may_change = Event::MayChange {
        state: state.clone(),
        attempt,
        account: account.clone(),
        region: region.clone(),
        operations: vec![operation.clone()],
    };
    let freed = Event::LockFreed { lock: "111111111111/acme/web/development/lock".into(), deployed: true };
    let taken = Event::LockTaken { lock: "111111111111/acme/web/development/lock".into() };
    let plan = Event::Plan { sha256: hash("plan") };
    vec![
        (
            Event::Start { release_sha256: Some(hash("release")), definition_sha256: Some(hash("definition")), claims },
            Event::Start { release_sha256: None, definition_sha256: None, claims: Claims::default() },
        ),
        (may_change.clone(), may_change),
        (change(true), change(false)),
        (ended(true), ended(false)),
        (
            Event::Refusal { state: "Lock".into(), error: "LockExistsError".into(), code: text("lock/held") },
            Event::Refusal { state: "Lock".into(), error: "LockExistsError".into(), code: None },
        ),
        (taken.clone(), taken),
        (freed.clone(), freed),
        (plan.clone(), plan),
        (
            Event::End { outcome: Outcome::Success, release_sha256: Some(hash("release")) },
            Event::End { outcome: Outcome::FailureClean, release_sha256: None },
        ),
        (
            Event::Closure {
                outcome: Outcome::FailureDirty,
                status: "FAILED".into(),
                error: text("FailureDirty"),
                left_over: vec![touched],
            },
            Event::Closure { outcome: Outcome::Stopped, status: "ABORTED".into(), error: None, left_over: Vec::new() },
        ),
        (act(true), act(false)),
        (
            Event::ActResult {
                act: "20261130T120000Z-0123456789abcdef".into(),
                done: false,
                code: text("lock/changed"),
            },
            Event::ActResult { act: "20261130T120000Z-0123456789abcdef".into(), done: true, code: None },
        ),
        (review(true), review(false)),
    ]
}

/// The name of a kind. A new kind does not compile here, until it is among the golden records.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Start { .. } => "start",
        Event::MayChange { .. } => "may_change",
        Event::Change { .. } => "change",
        Event::Attempt { .. } => "attempt",
        Event::Refusal { .. } => "refusal",
        Event::LockTaken { .. } => "lock_taken",
        Event::LockFreed { .. } => "lock_freed",
        Event::Plan { .. } => "plan",
        Event::End { .. } => "end",
        Event::Closure { .. } => "closure",
        Event::Act { .. } => "act",
        Event::ActResult { .. } => "act_result",
        Event::Review { .. } => "review",
        Event::Unknown => "unknown",
    }
}

/// The records of all kinds as a chain: of each kind the whole one, then the smallest.
fn records() -> Vec<Record> {
    let time: DateTime<Utc> = "2026-11-30T12:00:00.123456789Z".parse().unwrap();
    let subject = Subject {
        execution: text("arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:deploy-acme-web-1"),
        release_id: text("release-1"),
        project_name: text("acme/web"),
        config_name: text("development"),
        aws_account_id: text("111111111111"),
        aws_region: text("us-east-1"),
    };
    let deployer =
        DeployerVersion { name: "coinbase-odin".into(), version: text("0.1.0"), code_sha256: Some(hash("code")) };
    let small = DeployerVersion { name: "coinbase-odin".into(), ..Default::default() };
    let drafts = events().into_iter().flat_map(|(whole, smallest)| {
        let whole = Draft { time, deployer: deployer.clone(), subject: subject.clone(), event: whole };
        [whole, Draft { time, deployer: small.clone(), subject: Subject::default(), event: smallest }]
    });
    let mut previous = None;
    let mut records = Vec::new();
    for (number, draft) in (1..).zip(drafts) {
        let record = Record { schema: SCHEMA, number, previous, draft };
        previous = Some(Sha256::of(&serde_json::to_vec(&record).unwrap()));
        records.push(record);
    }
    records
}

fn lines<T: serde::Serialize>(values: &[T]) -> String {
    values.iter().map(|value| serde_json::to_string(value).unwrap() + "\n").collect()
}

fn entries() -> Vec<LogEntry> {
    let entry = |record: &Record| {
        let line = serde_json::to_vec(record).unwrap();
        LogEntry::for_record("records/coinbase-odin/deploy-acme-web-1", record, &line)
    };
    records().iter().filter_map(entry).collect()
}

/// Compares with the file of this version's golden values. `UPDATE_FIXTURES=1` writes it; files of released versions never change.
fn check_fixture(name: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{}", path.display());
}

#[test]
fn records_of_version_1_are_read_and_written() {
    let expected = lines(&records());
    check_fixture("records-v1.jsonl", &expected);
    let read: Vec<Record> = read_lines(expected.as_bytes()).unwrap().into_iter().map(|(record, _)| record).collect();
    assert_eq!(read, records());
}

#[test]
fn entries_of_version_1_are_read_and_written() {
    let expected = lines(&entries());
    check_fixture("entries-v1.jsonl", &expected);
    let read: Vec<LogEntry> = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, entries());
}

#[test]
fn every_kind_has_a_golden_record() {
    let schema: Value = serde_json::from_str(SCHEMA_V1).unwrap();
    let refs = schema["$defs"]["record"]["oneOf"].as_array().unwrap();
    let described: BTreeSet<&str> =
        refs.iter().map(|it| it["$ref"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    let golden: BTreeSet<&str> = events().iter().flat_map(|(whole, smallest)| [kind(whole), kind(smallest)]).collect();
    assert_eq!(described, golden);
    let kinds: BTreeSet<EntryKind> = entries().iter().map(|entry| entry.kind).collect();
    let kinds: Vec<EntryKind> = kinds.into_iter().collect();
    assert_eq!(schema["$defs"]["entry"]["properties"]["kind"]["enum"], serde_json::to_value(kinds).unwrap());
}

/// Compares what is serialized with what the schema describes: all fields of a whole value, and the required ones of the smallest.
fn check_fields(definition: &Value, whole: &Value, smallest: &Value, others: &BTreeSet<String>) {
    let keys = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let own = |value: &Value| -> BTreeSet<String> { keys(value).difference(others).cloned().collect() };
    assert_eq!(keys(&definition["properties"]), own(whole), "properties of {definition:#}");
    let required: BTreeSet<String> =
        definition["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    assert_eq!(required, own(smallest), "required fields of {definition:#}");
}

#[test]
fn schema_has_exactly_the_fields_of_records() {
    let schema: Value = serde_json::from_str(SCHEMA_V1).unwrap();
    let defs = &schema["$defs"];
    let common: BTreeSet<String> = defs["record"]["properties"].as_object().unwrap().keys().cloned().collect();
    let values: Vec<Value> = records().iter().map(|record| serde_json::to_value(record).unwrap()).collect();
    for pair in values.chunks(2) {
        let [whole, smallest] = pair else { panic!("a pair") };
        check_fields(&defs[whole["kind"].as_str().unwrap()], whole, smallest, &common);
    }
    let first = values[2].as_object().unwrap();
    let kinds: BTreeSet<&String> = defs["may_change"]["properties"].as_object().unwrap().keys().collect();
    let found: BTreeSet<String> = first.keys().filter(|key| !kinds.contains(key)).cloned().collect();
    assert_eq!(found, common);
    let claims = &values[0]["claims"];
    assert_eq!(claims.as_object().unwrap().len(), defs["claims"]["properties"].as_object().unwrap().len());
    check_fields(&defs["deployer"], &values[0]["deployer"], &values[1]["deployer"], &BTreeSet::new());
    let closure = values.iter().find(|value| value["kind"] == "closure").unwrap();
    let left = &closure["left_over"][0];
    check_fields(&defs["touched_resource"], left, left, &BTreeSet::new());
}

#[test]
fn schema_has_exactly_the_fields_of_entries() {
    let schema: Value = serde_json::from_str(SCHEMA_V1).unwrap();
    let mut whole = BTreeMap::new();
    let mut smallest: Option<BTreeSet<String>> = None;
    for entry in entries() {
        let value = serde_json::to_value(entry).unwrap();
        let keys: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
        smallest = Some(smallest.map_or(keys.clone(), |found| found.intersection(&keys).cloned().collect()));
        whole.extend(value.as_object().unwrap().clone());
    }
    let smallest: serde_json::Map<String, Value> =
        smallest.unwrap().into_iter().map(|key| (key, Value::Null)).collect();
    let whole = Value::Object(whole.into_iter().collect());
    check_fields(&schema["$defs"]["entry"], &whole, &Value::Object(smallest), &BTreeSet::new());
}

#[test]
fn schema_has_all_outcomes() {
    let schema: Value = serde_json::from_str(SCHEMA_V1).unwrap();
    let all = [Outcome::Success, Outcome::FailureClean, Outcome::FailureDirty, Outcome::Refused, Outcome::Stopped];
    assert_eq!(schema["$defs"]["outcome"]["enum"], serde_json::to_value(all).unwrap());
}
