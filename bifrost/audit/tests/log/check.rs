//! Entries, keys, and whether a log is complete, as the library of the formats judges it.

use bifrost_audit::key::LocalKey;
use bifrost_audit::log::{SignedCheckpoint, TiledLog, decode_bundle, tile_key};
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_core::audit::{EntryKind, LogEntry};
use bifrost_core::cloud::{AuditStore, CHECKPOINT_KEY};
use bifrost_core::release::Sha256;
use chrono::{TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tlog_tiles::{
    Error, Hash, HashReader, Tile, TileHashReader, TileReader, check_record, check_tree, prove_record, prove_tree,
    record_hash, stored_hash_index, tree_hash,
};

pub(crate) const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";

pub(crate) fn key() -> LocalKey {
    LocalKey::generate(ORIGIN, [7; 32])
}

pub(crate) fn log(store: Arc<dyn AuditStore>) -> TiledLog {
    TiledLog::new(store, Arc::new(key()), ORIGIN.to_owned())
}

/// The `number`th entry. All differ.
pub(crate) fn entry(number: u64) -> LogEntry {
    LogEntry {
        schema: 1,
        kind: EntryKind::Started,
        time: Utc.timestamp_opt(1_767_225_600 + i64::try_from(number).unwrap(), 0).unwrap(),
        records: format!("records/coinbase-odin/deploy-{number}"),
        number: 1,
        sha256: Sha256::of(&number.to_be_bytes()),
        deployer: "coinbase-odin".into(),
        execution: None,
        release_id: None,
        release_sha256: None,
        project_name: Some("coinbase/deploy-test".into()),
        config_name: None,
        aws_account_id: None,
        aws_region: None,
        started_by: None,
        outcome: None,
        code: None,
        action: None,
        identity: None,
    }
}

pub(crate) fn bytes(number: u64) -> Vec<u8> {
    serde_json::to_vec(&entry(number)).unwrap()
}

/// A store whose log has this many entries, all published at once.
pub(crate) async fn published(entries: u64) -> Arc<MemoryStore> {
    // Hundreds of tests begin with the same few logs.
    static LOGS: Mutex<BTreeMap<u64, AuditState>> = Mutex::new(BTreeMap::new());
    let known = LOGS.lock().unwrap().get(&entries).cloned();
    if let Some(state) = known {
        return Arc::new(MemoryStore::new(state));
    }
    let mut state = AuditState::default();
    state.extend((0..entries).map(bytes)).unwrap();
    let store = Arc::new(MemoryStore::new(state));
    log(store.clone()).publish().await.unwrap();
    LOGS.lock().unwrap().insert(entries, store.state());
    store
}

/// The tiles of a state, as the library reads them.
pub(crate) struct Tiles<'a>(pub(crate) &'a AuditState);

impl TileReader for Tiles<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            self.0.get(&tile_key(tile), 8192).unwrap().unwrap_or_else(|| panic!("no tile {}", tile_key(tile)))
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

pub(crate) fn checkpoint(state: &AuditState) -> SignedCheckpoint {
    let checkpoint = SignedCheckpoint::parse(&state.checkpoint().unwrap().body).unwrap();
    assert!(checkpoint.is_signed_by(&key().public_bytes()));
    assert_eq!(checkpoint.origin, ORIGIN);
    checkpoint
}

/// The entries in the bundles of a log of this size.
fn bundles(state: &AuditState, size: u64) -> Vec<Vec<u8>> {
    let width = |number: u64| u32::try_from((size - number * 256).min(256)).unwrap();
    let key = |number| tile_key(&Tile::new(8, 0, number, width(number), true));
    (0..size.div_ceil(256))
        .flat_map(|number| decode_bundle(&state.get(&key(number), u64::MAX).unwrap().unwrap()).unwrap())
        .collect()
}

/// Checks that the log has exactly these entries, each once, and that the library reads all of them from its tiles. Returns the
/// entries in their order.
pub(crate) fn assert_complete(state: &AuditState, expected: impl IntoIterator<Item = u64>) -> Vec<Vec<u8>> {
    let checkpoint = checkpoint(state);
    assert_eq!(checkpoint.size, state.head.size, "all is published");
    let reader = Tiles(state);
    let hashes = TileHashReader::new(checkpoint.size, checkpoint.root, &reader);
    assert_eq!(tree_hash(checkpoint.size, &hashes).unwrap(), checkpoint.root);
    let entries = bundles(state, checkpoint.size);
    let leaves: Vec<_> = (0..checkpoint.size).map(|index| stored_hash_index(0, index)).collect();
    let found: Vec<Hash> = entries.iter().map(|entry| record_hash(entry)).collect();
    assert_eq!(hashes.read_hashes(&leaves).unwrap(), found, "leaves are those of the entries");
    let expected: BTreeSet<_> = expected.into_iter().map(bytes).collect();
    assert_eq!(
        (entries.len(), entries.iter().cloned().collect()),
        (expected.len(), expected),
        "each entry is there once"
    );
    assert_eq!(state.index.len(), entries.len());
    entries
}

/// Checks that each checkpoint grew from the one before it: that there was no fork, and no way back.
pub(crate) fn assert_consistent(state: &AuditState, checkpoints: &[Vec<u8>]) {
    let last = checkpoint(state);
    let reader = Tiles(state);
    let hashes = TileHashReader::new(last.size, last.root, &reader);
    let mut size = 0;
    for stored in checkpoints {
        let stored = SignedCheckpoint::parse(stored).unwrap();
        assert!(stored.size >= size, "{} after {size}", stored.size);
        let proof = prove_tree(last.size, stored.size, &hashes).unwrap();
        check_tree(&proof, last.size, last.root, stored.size, stored.root).unwrap();
        size = stored.size;
    }
    assert_eq!(size, last.size);
}

/// Checks the proof of one entry.
pub(crate) fn assert_proof(state: &AuditState, index: u64, entry: &[u8]) {
    let last = checkpoint(state);
    let reader = Tiles(state);
    let proof = prove_record(last.size, index, &TileHashReader::new(last.size, last.root, &reader)).unwrap();
    check_record(&proof, last.size, last.root, index, record_hash(entry)).unwrap();
}

/// Every object but the checkpoint has one version.
pub(crate) fn assert_written_once(state: &AuditState) {
    for (key, versions) in &state.objects {
        assert_eq!(versions.len(), 1, "{key}");
        assert!(key == CHECKPOINT_KEY || versions.iter().all(|version| version.id == 1), "{key}");
    }
}
