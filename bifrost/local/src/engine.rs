//! The engine: runs the executions that clients start, and moves the clock. One process at a time holds its lease.

use super::cloud::{LocalCloud, LocalDeployer};
use super::error::{EngineError, StoreError};
use super::run::ExecutionRun;
use bifrost_asl::StateMachine;
use bifrost_core::cloud::{ExecutionFilter, Names};
use bifrost_core::machine::Machine;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Runs executions of deployer `D` in an embedded world. One at a time: it takes a [`Lease`] to become one.
pub struct Engine<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    pace: Pace,
    definition: StateMachine,
}

type Executions<'e> = FuturesUnordered<LocalBoxFuture<'e, Result<(), EngineError>>>;

impl<D: LocalDeployer> Engine<D> {
    /// An engine of that pace.
    ///
    /// # Errors
    /// [`EngineError::Definition`].
    pub fn new(cloud: LocalCloud<D>, pace: Pace) -> Result<Self, EngineError> {
        let definition = StateMachine::parse(&D::Machine::definition(&cloud.identity().function_arn()))?;
        Ok(Self { cloud, pace, definition })
    }

    /// Runs all executions there are, and those that are filed meanwhile, until none is left or `done` says so. It asks
    /// `done` only while every execution waits. What still runs then, the next engine goes on with.
    ///
    /// # Errors
    /// [`EngineError`].
    pub async fn run(&self, mut done: impl FnMut() -> bool) -> Result<(), EngineError> {
        let store = self.cloud.store();
        let mut executions = Executions::new();
        let mut known = BTreeSet::new();
        store.timeline().advance(store.now());
        loop {
            // Oldest first: who was filed first gets the lock.
            for execution in store.executions(&ExecutionFilter::running(Names::Any), usize::MAX)?.into_iter().rev() {
                if known.insert(execution.summary.name.clone()) {
                    let running = ExecutionRun::new(&self.cloud, &self.definition, execution);
                    executions.push(Box::pin(running.run()));
                }
            }
            if let Some(failure) = poll_until_all_wait(&mut executions) {
                return Err(failure);
            }
            if executions.is_empty() || done() {
                return Ok(());
            }
            self.let_time_pass(executions.len()).await?;
        }
    }

    async fn let_time_pass(&self, waiting: usize) -> Result<(), EngineError> {
        let store = self.cloud.store();
        let due = store.timeline().next_due().ok_or(EngineError::Stuck(waiting))?;
        if self.pace != Pace::Virtual {
            tokio::time::sleep(FRAME).await;
        }
        let now = store.transact(|state| {
            let now = self.pace.step(state.clock, due, FRAME);
            state.advance(now);
            state.clock
        })?;
        store.timeline().advance(now);
        Ok(())
    }
}

/// Polls the executions until each waits for the clock, or one gives up.
fn poll_until_all_wait(executions: &mut Executions<'_>) -> Option<EngineError> {
    let again = Arc::new(Again::default());
    let waker = Waker::from(Arc::clone(&again));
    loop {
        again.0.store(false, Ordering::Relaxed);
        match executions.poll_next_unpin(&mut Context::from_waker(&waker)) {
            Poll::Ready(Some(Err(failure))) => return Some(failure),
            Poll::Ready(Some(Ok(()))) => {}
            Poll::Pending if again.0.load(Ordering::Relaxed) => {}
            Poll::Ready(None) | Poll::Pending => return None,
        }
    }
}

/// Tells whether a future asked to be polled again while it was polled.
#[derive(Default)]
struct Again(AtomicBool);

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How fast the engine moves the world's clock while every execution waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// At once to the next thing that is due: a year takes no time.
    Virtual,
    /// This many seconds of the world in a second of the wall; 1 is real time.
    Speed(f64),
}

/// How often a paced clock moves.
const FRAME: Duration = Duration::from_millis(40);

impl Pace {
    /// How far the clock may go in a frame of wall time, when `due` is next.
    fn step(self, now: DateTime<Utc>, due: DateTime<Utc>, frame: Duration) -> DateTime<Utc> {
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

/// Held by the process that is the engine of a world. The system gives it up when the process ends, however it ends.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease of the world in that file; `None` while another process holds it.
    ///
    /// # Errors
    /// If the lock file beside the world cannot be made.
    pub fn take(state: &Path) -> Result<Option<Self>, StoreError> {
        let path = Self::path(state);
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn path(state: &Path) -> PathBuf {
        let mut name = state.as_os_str().to_owned();
        name.push(".engine");
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
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
