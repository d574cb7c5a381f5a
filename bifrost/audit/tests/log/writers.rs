//! 2, 10 and 50 writers at once.

use crate::check::{assert_complete, assert_consistent, assert_written_once, bytes, entry, log, published};
use crate::store::{Interference, TestStore};
use bifrost_audit::memory::MemoryStore;
use bifrost_core::audit::{Appended, AuditLog};
use std::fmt::Write as _;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;

fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(test)
}

/// Each writer is a process of its own and appends one entry.
async fn write(store: &Arc<TestStore>, numbers: impl Iterator<Item = u64>) -> Vec<Appended> {
    let mut writers = JoinSet::new();
    for number in numbers {
        let log = log(store.clone());
        writers.spawn(async move { log.append(&entry(number)).await.unwrap() });
    }
    writers.join_all().await
}

#[test]
fn writers_at_once_add_each_entry_once() {
    for writers in [2, 10, 50] {
        for seed in 0..20 {
            in_virtual_time(async {
                let before = 240 + seed;
                let memory = published(before).await;
                let store = Arc::new(TestStore::slow(&memory, seed));
                let appended = write(&store, before..before + writers).await;
                assert!(appended.iter().all(|appended| appended.unpublished.is_none()), "{appended:?}");
                let state = memory.state();
                assert_complete(&state, 0..before + writers);
                assert_consistent(&state, &store.checkpoints.lock().unwrap());
                assert_written_once(&state);
            });
        }
    }
}

#[test]
fn first_writers_at_once_begin_one_log() {
    for seed in 0..20 {
        in_virtual_time(async {
            let memory = Arc::new(MemoryStore::default());
            let store = Arc::new(TestStore::slow(&memory, seed));
            write(&store, 0..10).await;
            assert_complete(&memory.state(), 0..10);
            assert_consistent(&memory.state(), &store.checkpoints.lock().unwrap());
        });
    }
}

#[test]
fn same_entry_from_ten_writers_is_added_once() {
    for seed in 0..20 {
        in_virtual_time(async {
            let memory = published(3).await;
            let store = Arc::new(TestStore::slow(&memory, seed));
            let appended = write(&store, std::iter::repeat_n(3, 10)).await;
            assert!(
                appended.iter().all(|appended| appended.index == 3 && appended.unpublished.is_none()),
                "{appended:?}"
            );
            assert_complete(&memory.state(), 0..4);
        });
    }
}

/// While a writer reads the checkpoint, others publish its entry and more than it has seen.
#[test]
fn entry_that_others_publish_meanwhile_is_published() {
    in_virtual_time(async {
        let mut later = published(300).await.state();
        later.extend([bytes(999), bytes(300), bytes(301), bytes(302)]).unwrap();
        let others = Arc::new(MemoryStore::new(later));
        log(others.clone()).publish().await.unwrap();
        let later = others.state();
        let memory = published(300).await;
        let store = Arc::new(TestStore::with_interferences(
            &memory,
            vec![
                // The first transaction loses, the second one adds the entry.
                (3, Box::new(|state| state.extend([bytes(999)]).unwrap())),
                (6, Box::new(move |state| state.clone_from(&later))),
            ],
        ));
        let appended = log(store.clone()).append(&entry(300)).await.unwrap();
        assert_eq!(appended, Appended { index: 301, unpublished: None });
        // It reads the checkpoint, and then the head again, which the checkpoint must not exceed.
        assert_eq!(store.total(), 7);
        assert_complete(&memory.state(), (0..303).chain([999]));
    });
}

/// Another writer adds the same entry after the head was read, and crashes: first after it, or after one more.
#[test]
fn entry_that_another_writer_added_meanwhile_is_published() {
    for before in [&[][..], &[999]] {
        in_virtual_time(async {
            let memory = published(300).await;
            let add: Interference =
                Box::new(|state| state.extend(before.iter().chain([&300]).map(|n| bytes(*n))).unwrap());
            let store = Arc::new(TestStore::with_interferences(&memory, vec![(3, add)]));
            let appended = log(store).append(&entry(300)).await.unwrap();
            assert_eq!(appended, Appended { index: 300 + before.len() as u64, unpublished: None });
            assert_complete(&memory.state(), (0..301).chain(before.iter().copied()));
        });
    }
}

#[test]
fn entry_that_is_in_the_log_is_found() {
    in_virtual_time(async {
        let memory = published(300).await;
        let store = Arc::new(TestStore::new(&memory));
        let appended = log(store.clone()).append(&entry(7)).await.unwrap();
        assert_eq!(appended, Appended { index: 7, unpublished: None });
        assert_complete(&memory.state(), 0..300);
        assert!(store.checkpoints.lock().unwrap().is_empty());
    });
}

/// The figures of the README: with calls that take 4 to 40 ms, 22 on average.
#[test]
fn calls_of_writers() {
    let mut table = String::from(
        "writers | calls an entry | lost transactions an entry | most of one writer | checkpoints an entry | slowest, s\n",
    );
    for writers in [1, 2, 10, 50] {
        let (mut calls, mut lost, mut most, mut checkpoints, mut slowest) = (0, 0, 0, 0, 0.0_f64);
        let seeds = 10;
        for seed in 0..seeds {
            in_virtual_time(async {
                let memory = published(1000).await;
                let store = Arc::new(TestStore::slow(&memory, seed));
                let begin = Instant::now();
                write(&store, 1000..1000 + writers).await;
                slowest = slowest.max(begin.elapsed().as_secs_f64());
                calls += store.total();
                lost += store.lost.lock().unwrap().values().sum::<u64>();
                most = most.max(store.lost.lock().unwrap().values().copied().max().unwrap_or_default());
                checkpoints += store.checkpoints.lock().unwrap().len() as u64;
            });
        }
        // In hundredths.
        let per = |count: u64| format!("{}.{:02}", count / (seeds * writers), count * 100 / (seeds * writers) % 100);
        let (calls, lost, checkpoints) = (per(calls), per(lost), per(checkpoints));
        writeln!(table, "{writers} | {calls} | {lost} | {most} | {checkpoints} | {slowest:.1}").unwrap();
    }
    insta::assert_snapshot!(table);
}
