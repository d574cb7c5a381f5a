//! The engine: runs the executions that clients file, and moves the world's clock.

use super::cloud::LocalCloud;
use super::deployer::LocalDeployer;
use super::pace::{FRAME, Pace};
use super::run::Running;
use super::store::StoreError;
use bifrost_asl::interpreter::RecorderError;
use bifrost_asl::{InvalidDefinition, StateMachine};
use bifrost_core::machine::Machine;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// The engine cannot go on. Executions that run stay as they were last saved.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The deployer's own definition is not legal.
    #[error("the definition of the state machine is refused: {0}")]
    Definition(#[from] InvalidDefinition),
    /// The world cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What an execution came to could not be saved.
    #[error(transparent)]
    Recorder(RecorderError),
    /// Executions wait for something that is not time.
    #[error(
        "{0} executions wait for something that never comes; the embedded world cannot run tasks that await a callback"
    )]
    Stuck(usize),
}

/// Runs executions of deployer `D` in an embedded world. One at a time: it takes a [`Lease`](super::Lease) to become one.
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
            for execution in store.executions(true)?.into_iter().rev() {
                if known.insert(execution.summary.name.clone()) {
                    let running = Running::new(&self.cloud, &self.definition, execution);
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
        let now = store.transact(|world| {
            let now = self.pace.step(world.clock, due, FRAME);
            world.advance(now);
            world.clock
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
