//! A time that somebody moves, and those who wait for it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use chrono::{DateTime, Utc};

/// A time that stands still until it is moved, and wakes its sleepers in the order of their ends.
#[derive(Debug)]
pub struct Timeline(Mutex<State>);

#[derive(Debug)]
struct State {
    now: DateTime<Utc>,
    /// By end and order of arrival: no two have the same place.
    sleepers: BTreeMap<QueuePosition, Waker>,
    arrivals: u64,
}

type QueuePosition = (DateTime<Utc>, u64);

impl Timeline {
    /// A timeline that shows `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(State { now, sleepers: BTreeMap::new(), arrivals: 0 }))
    }

    /// How far the time has come.
    pub fn now(&self) -> DateTime<Utc> {
        self.state().now
    }

    /// Sleeps until the time has come to `at`. A sleeper that is dropped is not waited for.
    pub async fn sleep_until(&self, at: DateTime<Utc>) {
        let seat = QueueTicket { timeline: self, place: (at, self.arrive()) };
        poll_fn(|context| {
            let mut state = self.state();
            if state.now >= at {
                return Poll::Ready(());
            }
            state.sleepers.insert(seat.place, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The end of the earliest sleeper.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        self.state().sleepers.keys().next().map(|(due, _)| *due)
    }

    /// Moves on to `now`, never back, and wakes all who are due by then.
    pub fn advance(&self, now: DateTime<Utc>) {
        let mut state = self.state();
        let now = state.now.max(now);
        state.now = now;
        let later = state.sleepers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut state.sleepers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// Moves on to the end of the earliest sleeper and wakes that one alone; false if nobody sleeps.
    pub fn wake_next(&self) -> bool {
        let mut state = self.state();
        let Some(((at, _), waker)) = state.sleepers.pop_first() else { return false };
        state.now = state.now.max(at);
        drop(state);
        waker.wake();
        true
    }

    fn arrive(&self) -> u64 {
        let mut state = self.state();
        state.arrivals += 1;
        state.arrivals
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sleeper's place in the queue, given up when the sleeper is dropped: a task that timed out wakes nobody.
struct QueueTicket<'a> {
    timeline: &'a Timeline,
    place: QueuePosition,
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        self.timeline.state().sleepers.remove(&self.place);
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
    fn a_sleeper_wakes_when_the_time_has_come_to_it_and_not_before() {
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
    fn a_sleeper_that_gave_up_is_not_waited_for() {
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
