//! One attempt of a task: an invocation of the deployer's function, which may be lost, or outlive its task.

use super::cloud::{LocalCloud, LocalDeployer};
use super::fault::Lost;
use bifrost_core::audit::ChangeLog;
use bifrost_core::cloud::{Attempt, CallCounter};
use bifrost_core::machine;
use bifrost_core::task::FunctionError;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use std::cell::RefCell;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio::task::coop::unconstrained;

/// State that all sessions of one attempt of a task share.
#[derive(Debug, Default)]
pub(super) struct AttemptScope {
    pub(super) attempt: Attempt,
    pub(super) calls: CallCounter,
    /// The changes in target accounts, for the audit log.
    pub(super) changes: Arc<ChangeLog>,
    /// Receives what faults do to the attempt as a whole.
    pub(super) signal: Arc<AttemptSignal>,
}

impl AttemptScope {
    pub(super) fn new(attempt: Attempt, signal: Arc<AttemptSignal>) -> Arc<Self> {
        Arc::new(Self { attempt, signal, calls: CallCounter::default(), changes: Arc::default() })
    }
}

/// What faults do to an attempt as a whole.
#[derive(Debug, Default)]
pub(crate) struct AttemptSignal {
    lost: OnceLock<Lost>,
    is_zombie: AtomicBool,
    /// Whether nobody waits for the attempt any more.
    is_abandoned: AtomicBool,
    changed: Notify,
}

impl AttemptSignal {
    /// Ends the attempt: the call that lost it never returns.
    pub(super) fn lose(&self, lost: Lost) {
        // The first loss ends the attempt; a call beside it may want to lose it as well.
        let _ = self.lost.set(lost);
        self.changed.notify_one();
    }

    /// The attempt goes on after its task has timed out.
    pub(super) fn become_zombie(&self) {
        self.is_zombie.store(true, Ordering::Relaxed);
    }

    fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
        self.changed.notify_one();
    }

    async fn wait_until_lost(&self) -> Lost {
        loop {
            match self.lost.get() {
                Some(lost) => return *lost,
                None => self.changed.notified().await,
            }
        }
    }

    async fn wait_until_abandoned(&self) {
        while !self.is_abandoned.load(Ordering::Relaxed) {
            self.changed.notified().await;
        }
    }
}

/// How an invocation ended: what the function returned, or how it was lost.
pub(super) type Invoked = Result<Result<Value, FunctionError>, Lost>;

/// Invokes the function once.
async fn invoke<D: LocalDeployer>(cloud: LocalCloud<D>, payload: Arc<Value>, signal: Arc<AttemptSignal>) -> Invoked {
    let context = |attempt, sent| cloud.context(attempt, sent, Arc::clone(&signal));
    let lost = tokio::select! {
        biased;
        result = machine::dispatch::<D::Machine>(payload, context) => return Ok(result),
        lost = signal.wait_until_lost() => lost,
    };
    if lost == Lost::StatesTimeout {
        // It hangs until its caller gives up.
        signal.wait_until_abandoned().await;
    }
    Err(lost)
}

/// Invokes the function once, without tokio's budget: all that happens at one time is one poll of tokio's task, after a number of
/// operations of which its primitives would wait for the next poll, and the engine would take them for waiting forever.
fn invocation<D: LocalDeployer>(
    cloud: LocalCloud<D>,
    payload: Arc<Value>,
    signal: Arc<AttemptSignal>,
) -> LocalBoxFuture<'static, Invoked> {
    Box::pin(unconstrained(invoke(cloud, payload, signal)))
}

/// An invocation that nobody gives up.
pub(super) fn direct<D: LocalDeployer>(cloud: LocalCloud<D>, payload: Value) -> LocalBoxFuture<'static, Invoked> {
    let signal = Arc::<AttemptSignal>::default();
    signal.abandon();
    invocation(cloud, payload.into(), signal)
}

/// One attempt, as its task waits for it. A zombie that is dropped goes on among the [`Zombies`].
pub(super) struct AttemptRun<'z> {
    invocation: Option<LocalBoxFuture<'static, Invoked>>,
    signal: Arc<AttemptSignal>,
    zombies: &'z Zombies,
}

impl<'z> AttemptRun<'z> {
    pub(super) fn new<D: LocalDeployer>(cloud: LocalCloud<D>, payload: Arc<Value>, zombies: &'z Zombies) -> Self {
        let signal = Arc::<AttemptSignal>::default();
        let invocation = invocation(cloud, payload, Arc::clone(&signal));
        Self { invocation: Some(invocation), signal, zombies }
    }
}

impl Future for AttemptRun<'_> {
    type Output = Invoked;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Invoked> {
        let Some(invocation) = &mut self.invocation else { return Poll::Pending };
        let polled = invocation.as_mut().poll(context);
        if polled.is_ready() {
            self.invocation = None;
        }
        polled
    }
}

impl Drop for AttemptRun<'_> {
    fn drop(&mut self) {
        if let Some(invocation) = self.invocation.take()
            && self.signal.is_zombie.load(Ordering::Relaxed)
        {
            self.signal.abandon();
            self.zombies.0.borrow().push(invocation);
        }
    }
}

/// Invocations whose tasks have timed out, or whose executions have ended. Their results are ignored.
#[derive(Default)]
pub(super) struct Zombies(RefCell<FuturesUnordered<LocalBoxFuture<'static, Invoked>>>);

impl Zombies {
    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Lets each run until it waits. Returns whether one has ended.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> bool {
        matches!(self.0.borrow_mut().poll_next_unpin(context), Poll::Ready(Some(_)))
    }
}
