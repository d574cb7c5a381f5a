//! Time as the interpreter sees it.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Where the time comes from, and how it passes.
#[async_trait(?Send)]
pub trait Clock {
    /// The present.
    fn now(&self) -> DateTime<Utc>;

    /// Returns when `at` has come; at once if it has passed.
    async fn sleep_until(&self, at: DateTime<Utc>);
}

/// A clock for tests: nothing ever waits, yet everything happens in the right order.
///
/// Inside [`VirtualClock::run`], time stands still while anything can go on, and jumps to the earliest sleeper's end
/// once everything sleeps: branches that run side by side see the order of events that they would see in real time. A
/// sleeper outside of `run` moves the clock on by itself, which is right as long as it is alone.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Timeline>);

#[derive(Debug)]
struct Timeline {
    now: DateTime<Utc>,
    /// By end and order of arrival: no two have the same place.
    sleepers: BTreeMap<(DateTime<Utc>, u64), Waker>,
    arrivals: u64,
    runs: usize,
}

impl VirtualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(Timeline { now, sleepers: BTreeMap::new(), arrivals: 0, runs: 0 }))
    }

    /// Drives a future to its end, passing the time whenever nothing but time can bring it on.
    ///
    /// What waits for the outside world (a socket, a thread) counts as asleep, too: such a future wants a real clock.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        let _running = Running::start(self);
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        let mut future = pin!(future);
        poll_fn(|outer| {
            loop {
                signal.listen(outer.waker());
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Poll::Ready(output);
                }
                if !signal.take() && !self.jump() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Moves on to the earliest sleeper's end and wakes it; false if nobody sleeps.
    fn jump(&self) -> bool {
        let mut timeline = self.timeline();
        let Some(((at, _), waker)) = timeline.sleepers.pop_first() else { return false };
        timeline.now = timeline.now.max(at);
        drop(timeline);
        waker.wake();
        true
    }

    fn timeline(&self) -> MutexGuard<'_, Timeline> {
        // Every change of a timeline is complete before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait(?Send)]
impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        self.timeline().now
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        Sleep { clock: self, at, place: None }.await;
    }
}

/// Counts the futures that `run` drives.
struct Running<'a>(&'a VirtualClock);

impl<'a> Running<'a> {
    fn start(clock: &'a VirtualClock) -> Self {
        clock.timeline().runs += 1;
        Self(clock)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.timeline().runs -= 1;
    }
}

/// Notes a wake-up for `run`, and passes it on to whoever polls `run`.
#[derive(Default)]
struct Signal {
    woken: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Signal {
    fn listen(&self, outer: &Waker) {
        *self.outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(outer.clone());
    }

    fn take(&self) -> bool {
        self.woken.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

struct Sleep<'a> {
    clock: &'a VirtualClock,
    at: DateTime<Utc>,
    place: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut timeline = self.clock.timeline();
        if timeline.runs == 0 {
            timeline.now = timeline.now.max(self.at);
        }
        if timeline.now >= self.at {
            return Poll::Ready(());
        }
        let place = self.place.unwrap_or(timeline.arrivals);
        if self.place.is_none() {
            timeline.arrivals += 1;
        }
        timeline.sleepers.insert((self.at, place), context.waker().clone());
        drop(timeline);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.timeline().sleepers.remove(&(self.at, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use chrono::TimeDelta;
    use futures_util::future::join3;

    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn note(clock: &VirtualClock, log: &RefCell<Vec<(&'static str, i64)>>, name: &'static str, seconds: &[i64]) {
        for pause in seconds {
            clock.sleep_until(clock.now() + TimeDelta::seconds(*pause)).await;
            log.borrow_mut().push((name, clock.now().timestamp()));
        }
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_real_time() {
        let (clock, log) = (VirtualClock::new(start()), RefCell::default());
        let sleepers = join3(
            note(&clock, &log, "slow", &[100]),
            note(&clock, &log, "quick", &[30, 30, 30]),
            note(&clock, &log, "late", &[80, 30]),
        );
        clock.run(sleepers).await;
        let expected = [("quick", 30), ("quick", 60), ("late", 80), ("quick", 90), ("slow", 100), ("late", 110)];
        assert_eq!(*log.borrow(), expected);
    }

    #[tokio::test]
    async fn a_year_takes_no_time_with_or_without_a_run() {
        let clock = VirtualClock::new(start());
        clock.sleep_until(start() + TimeDelta::days(365)).await;
        clock.run(clock.sleep_until(start() + TimeDelta::days(730))).await;
        assert_eq!(clock.now(), start() + TimeDelta::days(730));
    }

    #[tokio::test]
    async fn a_sleeper_that_was_dropped_does_not_move_the_time() {
        let clock = VirtualClock::new(start());
        clock
            .run(async {
                let long = pin!(clock.sleep_until(start() + TimeDelta::days(1)));
                let short = pin!(clock.sleep_until(start() + TimeDelta::seconds(1)));
                futures_util::future::select(long, short).await;
            })
            .await;
        assert_eq!(clock.now(), start() + TimeDelta::seconds(1));
    }
}
