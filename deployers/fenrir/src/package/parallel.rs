//! Parallel map with a limit.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter, thread};

/// Applies `work` to each item, in at most `jobs` threads. The results are in the order of the items.
pub(super) fn map<T: Sync, R: Send>(jobs: NonZeroUsize, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let index = next.fetch_add(1, Ordering::Relaxed);
        items.get(index).map(|item| (index, work(item)))
    };
    let worker = || iter::from_fn(take).collect::<Vec<_>>();
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.get().min(items.len())).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn jobs(jobs: usize) -> NonZeroUsize {
        NonZeroUsize::new(jobs).unwrap()
    }

    #[test]
    fn results_are_in_order() {
        let items: Vec<_> = (0..100).collect();
        assert_eq!(map(jobs(7), &items, |item| item * 2), (0..100).map(|item| item * 2).collect::<Vec<_>>());
        assert!(map(jobs(7), &[], |item: &u8| *item).is_empty());
    }

    #[test]
    fn all_jobs_run_concurrently() {
        // Hangs unless three threads run at once.
        let barrier = Barrier::new(3);
        map(jobs(3), &[(); 3], |()| barrier.wait().is_leader());
    }
}
