//! The world's clock: it stands in the world, sleepers wait for it, and only the engine moves it.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

/// How fast the engine moves the world's clock while every execution waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// At once to the next thing that is due: a year takes no time.
    Virtual,
    /// This many seconds of the world in a second of the wall; 1 is real time.
    Speed(f64),
}

/// How often a paced clock moves.
pub(super) const FRAME: Duration = Duration::from_millis(40);

impl Pace {
    /// How far the clock may go in a frame of wall time, when `due` is next.
    pub(super) fn step(self, now: DateTime<Utc>, due: DateTime<Utc>, frame: Duration) -> DateTime<Utc> {
        match self {
            Self::Virtual => due,
            Self::Speed(speed) => {
                #[allow(clippy::cast_possible_truncation, reason = "saturates, and a frame is short")]
                let millis = (frame.as_secs_f64() * speed * 1000.0).max(1.0) as i64;
                let step = TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX);
                now.checked_add_signed(step).map_or(due, |then| then.min(due))
            }
        }
    }
}

/// Those who wait for the world's clock, by what they wait for.
#[derive(Debug, Default)]
pub struct WorldClock {
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    waiting: BTreeMap<(DateTime<Utc>, u64), Waker>,
    /// How far the engine says the clock has come.
    now: DateTime<Utc>,
}

impl WorldClock {
    /// Sleeps until the engine has moved the clock to `until`.
    pub(super) async fn sleep(&self, until: DateTime<Utc>) {
        let seat = Seat { clock: self, key: (until, self.new_key()) };
        poll_fn(|context| {
            let mut sleepers = self.lock();
            if sleepers.now >= until {
                return Poll::Ready(());
            }
            sleepers.waiting.insert(seat.key, context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// When the next sleeper is due.
    pub(super) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.lock().waiting.keys().next().map(|(due, _)| *due)
    }

    /// Wakes those who are due by `now`.
    pub(super) fn advance(&self, now: DateTime<Utc>) {
        let mut sleepers = self.lock();
        sleepers.now = sleepers.now.max(now);
        while let Some(first) = sleepers.waiting.first_entry() {
            if first.key().0 > now {
                break;
            }
            first.remove().wake();
        }
    }

    fn new_key(&self) -> u64 {
        let mut sleepers = self.lock();
        sleepers.next += 1;
        sleepers.next
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sleeper's place in the queue, given up when the sleeper is dropped: a task that timed out wakes nobody.
struct Seat<'a> {
    clock: &'a WorldClock,
    key: (DateTime<Utc>, u64),
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.clock.lock().waiting.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_sleeper_wakes_when_the_clock_has_come_to_it_and_not_before() {
        let clock = WorldClock::default();
        let mut sleeper = Box::pin(clock.sleep(at(90)));
        assert!(sleeper.as_mut().now_or_never().is_none());
        assert_eq!(clock.next_due(), Some(at(90)));
        clock.advance(at(89));
        assert!(sleeper.as_mut().now_or_never().is_none());
        clock.advance(at(90));
        assert!(sleeper.as_mut().now_or_never().is_some());
        assert_eq!(clock.next_due(), None);
    }

    #[test]
    fn a_sleeper_that_gave_up_is_not_waited_for() {
        let clock = WorldClock::default();
        let mut sleeper = Box::pin(clock.sleep(at(90)));
        assert!(sleeper.as_mut().now_or_never().is_none());
        drop(sleeper);
        assert_eq!(clock.next_due(), None);
    }

    #[test]
    fn a_paced_clock_goes_no_further_than_what_is_due() {
        let frame = Duration::from_millis(100);
        assert_eq!(Pace::Virtual.step(at(0), at(500), frame), at(500));
        assert_eq!(Pace::Speed(10.0).step(at(0), at(500), frame), at(1));
        assert_eq!(Pace::Speed(10_000.0).step(at(0), at(500), frame), at(500));
        assert_eq!(Pace::Speed(f64::INFINITY).step(at(0), at(500), frame), at(500));
    }
}
