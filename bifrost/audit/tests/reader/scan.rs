//! The index has what a scan of the entries finds.

use super::fixture::{ORIGIN, at, key};
use bifrost_audit::log::{SignedCheckpoint, TILE_WIDTH, encode_bundle, next_head, root, tile_key};
use bifrost_audit::memory::MemoryStore;
use bifrost_audit::reader::{Deploy, Filter, Index, OutcomeFilter};
use bifrost_audit::source::StoreSource;
use bifrost_core::audit::{EntryKind, LogEntry, Outcome, SCHEMA};
use bifrost_core::cloud::{CHECKPOINT_KEY, LogHead, LogSigner};
use bifrost_core::release::Sha256;
use proptest::prelude::*;
use signed_note::{Note, Signature};
use std::sync::Arc;
use tlog_tiles::Tile;

/// A log with these bytes as entries, made at once.
pub(super) fn log_of(entries: &[Vec<u8>]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let head = entries.iter().fold(LogHead::default(), |head, entry| next_head(&head, entry).unwrap());
    let text = SignedCheckpoint::text(ORIGIN, head.size, &root(&head).unwrap());
    let signature = futures_executor_block_on(key().sign(&text));
    let signature = Signature::new(ORIGIN.to_owned(), 7, signature.to_vec()).unwrap();
    let note = Note::new(&text, &[signature]).unwrap().to_bytes();
    store.with(|state, now| {
        state.put(CHECKPOINT_KEY, note, now);
        for (number, chunk) in (0..).zip(entries.chunks(256)) {
            let tile = Tile::new(8, 0, number, u32::try_from(chunk.len()).unwrap(), true);
            state.put(&tile_key(&tile), encode_bundle(chunk).unwrap(), now);
        }
    });
    assert_eq!(TILE_WIDTH, 256);
    store
}

fn futures_executor_block_on<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work).unwrap()
}

fn index_of(entries: &[Vec<u8>]) -> Index {
    let source = StoreSource::new(log_of(entries));
    futures_executor_block_on(Index::open(None, &source))
}

fn entry() -> impl Strategy<Value = LogEntry> {
    let kind = prop_oneof![
        Just((EntryKind::Started, None)),
        Just((EntryKind::Ended, Some(Outcome::Success))),
        Just((EntryKind::Ended, Some(Outcome::FailureClean))),
        Just((EntryKind::Refused, Some(Outcome::Refused))),
        Just((EntryKind::Closed, Some(Outcome::FailureDirty))),
        Just((EntryKind::Closed, Some(Outcome::Stopped))),
    ];
    let name = prop_oneof![Just(None), Just(Some("a".to_owned())), Just(Some("b".to_owned()))];
    (kind, 0..12u8, 1..9u64, -5..5i64, name.clone(), name.clone(), name).prop_map(
        |((kind, outcome), execution, number, seconds, project, config, who)| LogEntry {
            schema: SCHEMA,
            kind,
            time: at(seconds),
            records: format!("records/odin/{execution}"),
            number,
            sha256: Sha256::of(&[execution]),
            deployer: "odin".into(),
            execution: None,
            release_id: Some(execution.to_string()),
            release_sha256: None,
            project_name: project,
            config_name: config,
            aws_account_id: None,
            aws_region: None,
            started_by: who.filter(|_| kind == EntryKind::Started),
            outcome,
            code: (kind == EntryKind::Refused).then(|| "lock/held".to_owned()),
            action: None,
            identity: None,
        },
    )
}

/// What the entries of one execution say, without an index.
fn scan_one(records: &str, entries: &[(u64, LogEntry)]) -> Deploy {
    let of = || entries.iter().filter(|(_, entry)| entry.records == records);
    let first = |field: fn(&LogEntry) -> Option<String>| of().find_map(|(_, entry)| field(entry));
    let start = of().find(|(_, entry)| entry.kind == EntryKind::Started);
    let (mut end, mut outcome): (Option<&(u64, LogEntry)>, _) = (None, None);
    // The end as it is shown: a closure with the same outcome only covers later records.
    let mut shown = None;
    for it in of().filter(|(_, entry)| entry.kind != EntryKind::Started) {
        if end.is_none_or(|(_, end)| it.1.number > end.number) {
            if !(it.1.kind == EntryKind::Closed && it.1.outcome == outcome) {
                shown = Some(&it.1);
            }
            let stays = outcome == Some(Outcome::Refused) && it.1.outcome == Some(Outcome::FailureClean);
            outcome = if stays { outcome } else { it.1.outcome };
            end = Some(it);
        }
    }
    Deploy {
        records: records.to_owned(),
        deployer: "odin".into(),
        execution: None,
        release_id: first(|entry| entry.release_id.clone()),
        release_sha256: None,
        project_name: first(|entry| entry.project_name.clone()),
        config_name: first(|entry| entry.config_name.clone()),
        aws_account_id: None,
        aws_region: None,
        started_by: first(|entry| entry.started_by.clone()),
        time: start.or(of().next()).unwrap().1.time,
        started: start.map(|(_, entry)| entry.time),
        ended: shown.map(|entry| entry.time),
        outcome,
        code: first(|entry| entry.code.clone()).filter(|_| outcome == Some(Outcome::Refused)),
        closed: shown.is_some_and(|entry| entry.kind == EntryKind::Closed),
        start_entry: start.map(|(number, _)| *number),
        end_entry: end.map(|(number, _)| *number),
        record_count: of().map(|(_, entry)| entry.number).max().unwrap(),
    }
}

fn scan(entries: &[LogEntry], filter: &Filter) -> Vec<Deploy> {
    let entries: Vec<(u64, LogEntry)> = (0..).zip(entries.iter().cloned()).collect();
    let mut dirs: Vec<&str> = Vec::new();
    for (_, entry) in &entries {
        if !dirs.contains(&entry.records.as_str()) {
            dirs.push(&entry.records);
        }
    }
    let mut all: Vec<Deploy> = dirs.into_iter().rev().map(|dir| scan_one(dir, &entries)).collect();
    all.sort_by_key(|deploy| std::cmp::Reverse(deploy.time));
    let same = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    all.retain(|deploy| {
        same(&filter.project, &deploy.project_name)
            && same(&filter.config, &deploy.config_name)
            && same(&filter.person, &deploy.started_by)
            && filter.since.is_none_or(|since| deploy.time >= since)
            && filter.until.is_none_or(|until| deploy.time < until)
            && filter.outcome.is_none_or(|outcome| match outcome {
                OutcomeFilter::Is(outcome) => deploy.outcome == Some(outcome),
                OutcomeFilter::NotEnded => deploy.outcome.is_none(),
            })
    });
    all.truncate(filter.limit.unwrap_or(usize::MAX));
    all
}

fn filter() -> impl Strategy<Value = Filter> {
    let name = || prop_oneof![3 => Just(None), 1 => Just(Some("a".to_owned())), 1 => Just(Some("c".to_owned()))];
    let time = || prop_oneof![2 => Just(None), 1 => (-5..5i64).prop_map(|seconds| Some(at(seconds)))];
    let outcome = prop::option::weighted(0.3, prop::sample::select(&OutcomeFilter::ALL));
    (name(), name(), name(), outcome, time(), time(), prop::option::weighted(0.3, 0..5usize)).prop_map(
        |(project, config, person, outcome, since, until, limit)| Filter {
            project,
            config,
            person,
            outcome,
            since,
            until,
            limit,
            ..Filter::default()
        },
    )
}

proptest! {
    #[test]
    fn index_equals_a_scan(entries in prop::collection::vec(entry(), 0..40), filters in prop::collection::vec(filter(), 6)) {
        let bytes: Vec<Vec<u8>> = entries.iter().map(|entry| serde_json::to_vec(entry).unwrap()).collect();
        let index = index_of(&bytes);
        for filter in filters {
            prop_assert_eq!(index.deploys(&filter).unwrap(), scan(&entries, &filter), "{:?}", filter);
        }
    }

    #[test]
    fn any_bytes_are_an_entry_or_a_notice(entries in prop::collection::vec(any::<Vec<u8>>(), 1..9)) {
        let index = index_of(&entries);
        prop_assert_eq!(index.notices().unwrap().len(), entries.len());
    }
}

#[test]
fn entries_of_later_versions_are_named() {
    let known = serde_json::json!({"schema": 1, "kind": "started", "time": "1970-01-01T00:00:00Z", "records": "records/odin/a",
        "number": 1, "sha256": "0".repeat(64), "deployer": "odin"});
    let mut later = known.clone();
    (later["schema"], later["kind"]) = (2.into(), "paused".into());
    let mut huge = known.clone();
    huge["number"] = u64::MAX.into();
    let mut newer_field = known.clone();
    (newer_field["schema"], newer_field["weather"]) = (2.into(), "fine".into());
    newer_field["records"] = "records/odin/b".into();
    let bytes: Vec<Vec<u8>> =
        [&known, &later, &huge, &newer_field].iter().map(|it| it.to_string().into_bytes()).collect();
    let index = index_of(&bytes);
    assert_eq!(index.deploy_count().unwrap(), 2);
    let notices = index.notices().unwrap();
    insta::assert_json_snapshot!(notices);
}
