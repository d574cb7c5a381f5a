//! The clock of the interpreter.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::timeline::Timeline;

/// A source of time.
#[async_trait(?Send)]
pub trait Clock {
    /// The current time.
    fn now(&self) -> DateTime<Utc>;

    /// Waits until `at`; returns immediately if it has passed.
    async fn sleep_until(&self, at: DateTime<Utc>);
}

/// A clock for tests: no real time passes, but events happen in the order of real time.
///
/// Inside [`VirtualClock::run`], the time does not change while any future can make progress, and jumps to the end of
/// the earliest sleep when all of them sleep. Concurrent branches see the same order of events as in real time. A sleep
/// outside of `run` moves the clock itself, which is correct if it is the only one.
#[derive(Debug)]
pub struct VirtualClock {
    timeline: Timeline,
    /// Number of futures that `run` polls.
    runs: AtomicUsize,
}

impl VirtualClock {
    /// A clock at `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { timeline: Timeline::new(now), runs: AtomicUsize::new(0) }
    }

    /// Polls a future to its end, and moves the time whenever the future waits for it.
    ///
    /// A future that waits for something else (a socket, a thread) also counts as asleep; it needs a real clock.
    pub async fn run<F: Future>(&self, future: F) -> F::Output {
        let _running = ActiveRunGuard::start(self);
        let signal = Arc::new(Signal::default());
        let waker = Waker::from(Arc::clone(&signal));
        let mut future = pin!(future);
        poll_fn(|outer| {
            loop {
                signal.listen(outer.waker());
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Poll::Ready(output);
                }
                if !signal.take() && !self.timeline.wake_next() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

#[async_trait(?Send)]
impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        self.timeline.now()
    }

    async fn sleep_until(&self, at: DateTime<Utc>) {
        if self.runs.load(Ordering::Acquire) == 0 {
            self.timeline.advance(at);
        }
        self.timeline.sleep_until(at).await;
    }
}

/// Counts the futures that `run` polls.
struct ActiveRunGuard<'a>(&'a VirtualClock);

impl<'a> ActiveRunGuard<'a> {
    fn start(clock: &'a VirtualClock) -> Self {
        clock.runs.fetch_add(1, Ordering::AcqRel);
        Self(clock)
    }
}

impl Drop for ActiveRunGuard<'_> {
    fn drop(&mut self) {
        self.0.runs.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Records a wake-up for `run`, and wakes the task that polls `run`.
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use chrono::TimeDelta;
    use futures_util::future::join3;

    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    async fn record(
        clock: &VirtualClock,
        log: &RefCell<Vec<(&'static str, i64)>>,
        name: &'static str,
        seconds: &[i64],
    ) {
        for pause in seconds {
            clock.sleep_until(clock.now() + TimeDelta::seconds(*pause)).await;
            log.borrow_mut().push((name, clock.now().timestamp()));
        }
    }

    #[tokio::test]
    async fn sleepers_wake_in_order() {
        let (clock, log) = (VirtualClock::new(start()), RefCell::default());
        let sleepers = join3(
            record(&clock, &log, "slow", &[100]),
            record(&clock, &log, "quick", &[30, 30, 30]),
            record(&clock, &log, "late", &[80, 30]),
        );
        clock.run(sleepers).await;
        let expected = [("quick", 30), ("quick", 60), ("late", 80), ("quick", 90), ("slow", 100), ("late", 110)];
        assert_eq!(*log.borrow(), expected);
    }

    #[tokio::test]
    async fn year_takes_no_real_time() {
        let clock = VirtualClock::new(start());
        clock.sleep_until(start() + TimeDelta::days(365)).await;
        clock.run(clock.sleep_until(start() + TimeDelta::days(730))).await;
        assert_eq!(clock.now(), start() + TimeDelta::days(730));
    }

    #[tokio::test]
    async fn dropped_sleeper_does_not_move_the_time() {
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
