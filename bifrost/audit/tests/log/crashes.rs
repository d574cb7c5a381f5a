//! Writers that crash between two calls, and answers that are lost.

use crate::check::{assert_complete, assert_written_once, bytes, entry, log, published};
use crate::store::{Fault, TestStore};
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_core::audit::AuditLog;
use std::sync::Arc;

/// Sizes before the append: an empty log, one entry, a tile that becomes complete, a complete one, and a second level.
const SIZES: [u64; 6] = [0, 1, 5, 255, 256, 511];

/// Lets a writer append an entry with a fault at each of its calls in turn, then calls `then` with what is stored. Returns the
/// number of calls of an append without a fault.
async fn at_each_call<F: Future>(
    size: u64,
    unpublished: u64,
    fault: Fault,
    then: impl Fn(Arc<MemoryStore>) -> F,
) -> u64 {
    for call in 1.. {
        let memory = published(size).await;
        memory.with(|state, _| state.extend((size..size + unpublished).map(bytes)).unwrap());
        let store = Arc::new(TestStore::with_fault(&memory, call, fault));
        let (writer, entry) = (log(store.clone()), entry(size + unpublished));
        tokio::select! {
            result = writer.append(&entry) => {
                if store.total() < call {
                    assert_eq!(result.unwrap().unpublished, None);
                    return store.total();
                }
            }
            () = store.crashed.notified() => {}
        }
        then(memory).await;
    }
    unreachable!("an append ends")
}

#[tokio::test(start_paused = true)]
async fn crash_at_any_call_is_completed_by_the_next_append() {
    for size in SIZES {
        for unpublished in [0, 2] {
            for fault in [Fault::CrashBefore, Fault::CrashAfter] {
                let next = size + unpublished;
                let calls = at_each_call(size, unpublished, fault, |memory| async move {
                    let is_sequenced = memory.state().head.size > next;
                    let other = log(memory.clone());
                    assert_eq!(other.append(&entry(next + 1)).await.unwrap().unpublished, None);
                    let expected = (0..next).chain(is_sequenced.then_some(next)).chain([next + 1]);
                    assert_complete(&memory.state(), expected);
                    // The crashed task runs again.
                    assert_eq!(other.append(&entry(next)).await.unwrap().unpublished, None);
                    assert_complete(&memory.state(), 0..next + 2);
                    assert_written_once(&memory.state());
                });
                assert!(calls.await >= 6);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn crash_at_any_call_is_completed_by_publish() {
    for size in SIZES {
        at_each_call(size, 1, Fault::CrashAfter, |memory| async move {
            log(memory.clone()).publish().await.unwrap();
            let state = memory.state();
            assert_complete(&state, 0..state.head.size);
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn failed_or_lost_call_is_repeated_without_a_second_entry() {
    for size in SIZES {
        for fault in [Fault::Fail, Fault::LostAnswer] {
            at_each_call(size, 1, fault, |memory| async move {
                let again = log(memory.clone()).append(&entry(size + 1)).await.unwrap();
                assert_eq!((again.index, again.unpublished), (size + 1, None));
                assert_complete(&memory.state(), 0..size + 2);
                assert_written_once(&memory.state());
            })
            .await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failure_after_the_transaction_is_no_error() {
    let (mut errors, mut unpublished) = (0, 0);
    for call in 1..20 {
        let memory = published(5).await;
        let store = Arc::new(TestStore::with_fault(&memory, call, Fault::Fail));
        match log(store.clone()).append(&entry(5)).await {
            Err(_) => {
                errors += 1;
                assert_eq!(memory.state().head.size, 5);
            }
            Ok(appended) => {
                unpublished += u32::from(appended.unpublished.is_some());
                assert_eq!(memory.state().head.size, 6);
            }
        }
    }
    // Checkpoint, head and transaction; entries, two edge tiles, two new ones and the checkpoint.
    assert_eq!((errors, unpublished), (3, 6));
}

#[tokio::test(start_paused = true)]
async fn crashes_of_many_writers_in_a_row_are_completed() {
    let memory = Arc::new(MemoryStore::new(AuditState::default()));
    for number in 0..300 {
        let store = Arc::new(TestStore::with_fault(&memory, number % 11 + 1, Fault::CrashAfter));
        let (writer, entry) = (log(store.clone()), entry(number));
        tokio::select! {
            _ = writer.append(&entry) => {}
            () = store.crashed.notified() => {}
        }
    }
    for number in 0..300 {
        log(memory.clone()).append(&entry(number)).await.unwrap();
    }
    assert_complete(&memory.state(), 0..300);
    assert_written_once(&memory.state());
}
