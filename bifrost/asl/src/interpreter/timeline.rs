//! A manually moved time, and the futures that wait for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use chrono::{DateTime, Utc};

/// A time that changes only when it is moved, and then wakes its sleepers in order.
#[derive(Debug)]
pub struct Timeline(Mutex<State>);

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    /// By end and order of arrival, so that each position is unique.
    sleepers: BTreeMap<QueuePosition, Waker>,
    arrivals: u64,
}

type QueuePosition = (DateTime<Utc>, u64);

impl Timeline {
    /// A timeline at `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(State { now, sleepers: BTreeMap::new(), arrivals: 0 }))
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    /// Sleeps until the time is `at`. A dropped sleeper is removed.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        let ticket = QueueTicket { timeline: self, position: (at, self.next_arrival()) };
        poll_fn(|context| {
            let mut state = self.state();
            if state.now >= at {
                return Poll::Ready(());
            }
            state.sleepers.insert(ticket.position, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// When the earliest sleeper ends.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.state().sleepers.keys().next().map(|(due, _)| *due)
    }

    /// Moves the time to `now`, never back, and wakes all sleepers that end by then.
    pub fn advance(&self, now: DateTime<Utc>) {
        let mut state = self.state();
        let now = state.now.max(now);
        state.now = now;
        let later = state.sleepers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// Moves the time to the end of the earliest sleeper and wakes only that one; `false` if there is no sleeper.
    pub fn wake_next(&self) -> bool {
        let mut state = self.state();
        let Some(((at, _), waker)) = state.sleepers.pop_first() else { return false };
        state.now = state.now.max(at);
        drop(state);
        waker.wake();
        true
    }

    fn next_arrival(&self) -> u64 {
        let mut state = self.state();
        state.arrivals += 1;
        state.arrivals
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sleeper's position in the queue, which it leaves when it is dropped: a task that timed out must not move the time.
struct QueueTicket<'a> {
    timeline: &'a Timeline,
    position: QueuePosition,
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        self.timeline.state().sleepers.remove(&self.position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn sleeper_wakes_at_its_time() {
        let timeline = Timeline::new(at(0));
        let mut sleeper = Box::pin(timeline.sleep_until(at(90)));
        assert!(sleeper.as_mut().now_or_never().is_none());
        assert_eq!(timeline.next_due(), Some(at(90)));
        timeline.advance(at(89));
        assert!(sleeper.as_mut().now_or_never().is_none());
        timeline.advance(at(90));
        assert_eq!(timeline.next_due(), None);
        assert!(sleeper.as_mut().now_or_never().is_some());
    }

    #[test]
    fn dropped_sleeper_is_removed() {
        let timeline = Timeline::new(at(0));
        let mut sleeper = Box::pin(timeline.sleep_until(at(90)));
        assert!(sleeper.as_mut().now_or_never().is_none());
        drop(sleeper);
        assert_eq!(timeline.next_due(), None);
        assert!(!timeline.wake_next());
    }

    #[test]
    fn time_never_goes_back() {
        let timeline = Timeline::new(at(90));
        timeline.advance(at(10));
        assert_eq!(timeline.now(), at(90));
        assert!(timeline.sleep_until(at(80)).now_or_never().is_some());
    }
}
