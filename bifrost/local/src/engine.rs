//! The engine runs the executions that clients start, and moves the clock. One process at a time holds its lease.

use super::attempt::{Invoked, Zombies, direct};
use super::cloud::{LocalCloud, LocalDeployer};
use super::error::{EngineError, StoreError};
use super::run::ExecutionRun;
use bifrost_asl::StateMachine;
use bifrost_core::cloud::{ExecutionFilter, Names};
use bifrost_core::deployer;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable, LocalBoxFuture, abortable};
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Runs the executions of deployer `D` in a local cloud. Only the process that holds the [`Lease`] may run one.
pub struct Engine<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    pace: Pace,
    definition: StateMachine,
    zombies: Zombies,
}

impl<D: LocalDeployer> Engine<D> {
    /// Creates an engine.
    ///
    /// # Errors
    /// [`EngineError::Definition`] if the deployer's state machine is not valid.
    pub fn new(cloud: LocalCloud<D>, pace: Pace) -> Result<Self, EngineError> {
        let definition = StateMachine::parse(&deployer::definition::<D>(&cloud.identity().function_arn()))?;
        Ok(Self { cloud, pace, definition, zombies: Zombies::default() })
    }

    /// Runs all executions, including those that start meanwhile, until none is left or `done` returns `true`. Calls
    /// `done` only while every execution waits. The next engine continues executions that still run.
    ///
    /// An attempt that goes on after its task timed out ([`FaultKind::ZombieSeconds`](super::FaultKind::ZombieSeconds))
    /// runs beside the executions, and to its end. Only this engine can continue it.
    ///
    /// # Errors
    /// [`EngineError`] if the progress cannot be saved, or if executions wait for something other than time.
    pub async fn run(&self, mut done: impl FnMut() -> bool) -> Result<(), EngineError> {
        let mut executions = Executions::default();
        self.cloud.store().timeline().advance(self.cloud.store().now());
        loop {
            self.follow_store(&mut executions)?;
            if let Some(failure) = poll_until_all_wait(&mut executions.futures, &self.zombies) {
                return Err(failure);
            }
            if (executions.futures.is_empty() && self.zombies.is_empty()) || done() {
                return Ok(());
            }
            self.advance_clock(executions.futures.len()).await?;
        }
    }

    /// Adds the executions that were started, and drops those that were stopped.
    fn follow_store<'e>(&'e self, executions: &mut Executions<'e>) -> Result<(), EngineError> {
        let running = self.cloud.store().executions(&ExecutionFilter::running(Names::Any), None, usize::MAX)?;
        let names: BTreeSet<&str> = running.iter().map(|execution| execution.summary.name.as_str()).collect();
        executions.handles.retain(|name, handle| {
            let runs = names.contains(name.as_str());
            if !runs {
                handle.abort();
            }
            runs
        });
        // Oldest first: the execution that started first gets the lock.
        for execution in running.into_iter().rev() {
            if let Entry::Vacant(entry) = executions.handles.entry(execution.summary.name.clone()) {
                let run = ExecutionRun::new(&self.cloud, &self.definition, &self.zombies, execution).run();
                let run: LocalBoxFuture<'e, Result<(), EngineError>> = Box::pin(run);
                let (run, handle) = abortable(run);
                entry.insert(handle);
                executions.futures.push(run);
            }
        }
        Ok(())
    }

    /// Invokes the function once, outside of any execution, and moves the clock while it waits. `payload` is what a task
    /// sends. Executions do not run meanwhile.
    ///
    /// # Errors
    /// [`EngineError`] if the clock cannot be moved.
    pub(super) async fn invoke(&self, payload: Value) -> Result<Invoked, EngineError> {
        let mut invocation = direct(self.cloud.clone(), payload);
        let woken = Arc::new(WakeFlag::default());
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(invoked) = invocation.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Ok(invoked);
            }
            if !woken.0.load(Ordering::Relaxed) {
                self.advance_clock(1).await?;
            }
        }
    }

    async fn advance_clock(&self, waiting: usize) -> Result<(), EngineError> {
        let store = self.cloud.store();
        let due = store.timeline().next_due().ok_or(EngineError::Stuck(waiting))?;
        if self.pace != Pace::Virtual {
            tokio::time::sleep(TICK).await;
        }
        let now = store.transact(|state| {
            let now = self.pace.step(state.clock, due, TICK);
            state.advance(now);
            state.clock
        })?;
        store.timeline().advance(now);
        Ok(())
    }
}

/// The executions that an engine runs.
#[derive(Default)]
struct Executions<'e> {
    futures: ExecutionFutures<'e>,
    /// By name, to drop those that are stopped.
    handles: BTreeMap<String, AbortHandle>,
}

type ExecutionFutures<'e> = FuturesUnordered<Abortable<LocalBoxFuture<'e, Result<(), EngineError>>>>;

/// Polls the executions and zombies until each waits for the clock, or an execution fails.
fn poll_until_all_wait(executions: &mut ExecutionFutures<'_>, zombies: &Zombies) -> Option<EngineError> {
    let woken = Arc::new(WakeFlag::default());
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        woken.0.store(false, Ordering::Relaxed);
        let mut context = Context::from_waker(&waker);
        let an_execution_ended = match executions.poll_next_unpin(&mut context) {
            Poll::Ready(Some(Ok(Err(failure)))) => return Some(failure),
            Poll::Ready(ended) => ended.is_some(),
            Poll::Pending => false,
        };
        let ended = an_execution_ended || zombies.poll(&mut context);
        if !ended && !woken.0.load(Ordering::Relaxed) {
            return None;
        }
    }
}

/// Records whether a future asked to be polled again while it was polled.
#[derive(Default)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How fast the engine moves the clock of the local cloud while every execution waits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Jumps to the next event that is due: a year takes no time.
    Virtual,
    /// Seconds of the local cloud for each real second; 1 is real time.
    Speed(f64),
}

/// How often the clock moves at [`Pace::Speed`].
const TICK: Duration = Duration::from_millis(40);

impl Pace {
    /// The time after a tick of real time. Never later than `due`, the time of the next event.
    fn step(self, now: DateTime<Utc>, due: DateTime<Utc>, tick: Duration) -> DateTime<Utc> {
        match self {
            Self::Virtual => due,
            Self::Speed(speed) => {
                #[allow(clippy::cast_possible_truncation, reason = "saturates, and a tick is short")]
                let millis = (tick.as_secs_f64() * speed * 1000.0).max(1.0) as i64;
                let step = TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX);
                now.checked_add_signed(step).map_or(due, |then| then.min(due))
            }
        }
    }
}

/// Held by the process that is the engine of a local cloud. The operating system releases it when the process ends,
/// even after a crash.
#[derive(Debug)]
pub struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the lease of the local cloud in that file; `None` while another process holds it.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the lock file `<cloud>.engine` cannot be created.
    pub fn take(cloud: &Path) -> Result<Option<Self>, StoreError> {
        let path = Self::path(cloud);
        let failed = |source| StoreError::Io { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    fn path(cloud: &Path) -> PathBuf {
        let mut name = cloud.as_os_str().to_owned();
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
    fn clock_stops_at_the_next_event() {
        let tick = Duration::from_millis(100);
        assert_eq!(Pace::Virtual.step(at(0), at(500), tick), at(500));
        assert_eq!(Pace::Speed(10.0).step(at(0), at(500), tick), at(1));
        assert_eq!(Pace::Speed(10_000.0).step(at(0), at(500), tick), at(500));
        assert_eq!(Pace::Speed(f64::INFINITY).step(at(0), at(500), tick), at(500));
    }
}
