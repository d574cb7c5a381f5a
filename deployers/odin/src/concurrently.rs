//! Concurrent calls.

use futures_util::stream::{self, StreamExt};

/// The maximum number of concurrent calls: enough for every release we know, and few enough not to be throttled.
const MAX_CONCURRENT_CALLS: usize = 8;

/// Does `work` for each item, several at a time, and returns the results in the order of the items.
///
/// All work is done, even if some of it fails: a call that is cancelled half-way may still take effect later,
/// unnoticed.
pub(crate) async fn each<I, T>(items: impl IntoIterator<Item = I>, work: impl AsyncFn(I) -> T) -> Vec<T> {
    stream::iter(items).map(|item| work(item)).buffered(MAX_CONCURRENT_CALLS).collect().await
}

/// As [`each`], for work that can fail.
///
/// # Errors
/// All errors, in the items' order.
pub(crate) async fn try_each<I, T, E>(
    items: impl IntoIterator<Item = I>,
    work: impl AsyncFn(I) -> Result<T, E>,
) -> Result<Vec<T>, Vec<E>> {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for outcome in each(items, work).await {
        match outcome {
            Ok(value) => done.push(value),
            Err(error) => failed.push(error),
        }
    }
    if failed.is_empty() { Ok(done) } else { Err(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn all_work_is_done_in_spite_of_errors() {
        let (under_way, most, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
        let outcome = try_each(0..20_u32, async |n: u32| {
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            for _ in 0..(20 - n) {
                tokio::task::yield_now().await;
            }
            under_way.set(under_way.get() - 1);
            done.set(done.get() + 1);
            if n.is_multiple_of(7) { Err(n) } else { Ok(n) }
        });
        assert_eq!(outcome.await, Err(vec![0, 7, 14]));
        assert_eq!((most.get(), done.get()), (MAX_CONCURRENT_CALLS, 20));
        assert_eq!(each(0..3, async |n: u32| n * 2).await, [0, 2, 4]);
    }
}
