//! Tiles of logs of any size agree with the library of the formats.

use crate::check::{
    assert_complete, assert_consistent, assert_proof, assert_written_once, bytes, checkpoint, entry, log, published,
};
use crate::store::TestStore;
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_core::audit::AuditLog;
use proptest::prelude::*;
use std::sync::Arc;

#[tokio::test]
async fn log_that_grows_by_one_is_complete_at_each_size() {
    let memory = Arc::new(MemoryStore::default());
    let store = Arc::new(TestStore::new(&memory));
    for size in 1..=260 {
        log(store.clone()).append(&entry(size - 1)).await.unwrap();
        if [1, 2, 255, 256, 257, 260].contains(&size) {
            assert_complete(&memory.state(), 0..size);
        }
    }
    let state = memory.state();
    assert_consistent(&state, &store.checkpoints.lock().unwrap());
    assert_written_once(&state);
    let tiles: Vec<_> =
        state.list("log/").into_iter().filter(|key| !key.contains(".p/") || key.ends_with("/1")).collect();
    insta::assert_snapshot!(tiles.join("\n"));
}

#[tokio::test]
async fn third_level_begins_at_65536_entries() {
    let memory = published(65_536).await;
    assert_eq!(checkpoint(&memory.state()).size, 65_536);
    log(memory.clone()).append(&entry(65_536)).await.unwrap();
    let state = memory.state();
    let entries = assert_complete(&state, 0..65_537);
    for index in [0, 255, 256, 65_535, 65_536] {
        assert_proof(&state, index, &entries[usize::try_from(index).unwrap()]);
    }
    let first = |key: &str| state.get(key, 8192).unwrap().map(|tile| tile.len() / 32);
    assert_eq!(
        (first("log/tile/2/000.p/1"), first("log/tile/1/000"), first("log/tile/0/256.p/1")),
        (Some(1), Some(256), Some(1))
    );
    assert_written_once(&state);
}

/// Too many entries to be kept are read again, and the result is the same.
#[tokio::test]
async fn published_at_once_or_one_by_one_has_the_same_tiles() {
    let (at_once, one_by_one) = (published(1500).await, Arc::new(MemoryStore::default()));
    for number in 0..1500 {
        log(one_by_one.clone()).append(&entry(number)).await.unwrap();
    }
    let (at_once, one_by_one) = (at_once.state(), one_by_one.state());
    for key in at_once.list("") {
        assert_eq!(at_once.get(&key, u64::MAX).unwrap(), one_by_one.get(&key, u64::MAX).unwrap(), "{key}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn log_that_grows_by_any_steps_is_complete(steps in prop::collection::vec(1_u64..400, 1..8)) {
        let memory = Arc::new(MemoryStore::new(AuditState::default()));
        let store = Arc::new(TestStore::new(&memory));
        let mut size = 0;
        for step in steps {
            memory.with(|state, _| state.extend((size..size + step).map(bytes)).unwrap());
            size += step;
            futures_util::future::FutureExt::now_or_never(log(store.clone()).publish()).unwrap().unwrap();
        }
        let entries = assert_complete(&memory.state(), 0..size);
        assert_eq!(entries, (0..size).map(bytes).collect::<Vec<_>>());
        assert_consistent(&memory.state(), &store.checkpoints.lock().unwrap());
        assert_written_once(&memory.state());
    }

    #[test]
    fn state_is_the_same_after_json(steps in 0_u64..300) {
        let mut state = AuditState::default();
        state.extend((0..steps).map(bytes)).unwrap();
        state.put("log/tile/0/000", vec![0xff; 32], chrono::DateTime::UNIX_EPOCH);
        state.delete("log/tile/0/000", chrono::DateTime::UNIX_EPOCH);
        let json = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<AuditState>(&json).unwrap(), state);
    }
}
