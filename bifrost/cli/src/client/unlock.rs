//! Clears the root locks that deploys left. Stopping an execution does not stop the invocation of its last task, so a lock is
//! cleared only after that invocation must have ended: otherwise it could change what the next deploy changes.

use super::{Address, Client, LockState, RootLock, TaskLimit};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{ExecutionStatus, ExecutionSummary};
use bifrost_core::lifecycle::Freeze;
use bifrost_core::people::{Act, ActError, ClearedLock, Effect, HeldLock};
use chrono::TimeDelta;

/// The root locks that [`Client::unlock`] will clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnlockPlan {
    /// The freeze, which stays: [`Client::unfreeze`] lifts it.
    pub freeze: Option<Freeze>,
    /// The root locks to clear. Their executions have ended.
    pub stale: Vec<RootLock>,
    /// The root locks to keep: their deploys are running, or it is not known which running deploy holds them.
    pub kept: Vec<RootLock>,
    /// The executions that were stopped.
    pub stopped: Vec<String>,
    /// The executions that had ended when they were to be stopped.
    pub ended_before: Vec<EndedBefore>,
    /// How long a task may take. `None` if that does not matter.
    pub limit: Option<TaskLimit>,
    /// Whether the caller did not wait as long as [`active_for`](Self::active_for) says. Another person must then review the act.
    pub is_early: bool,
}

/// An execution that had ended when it was to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedBefore {
    /// Its name.
    pub execution: String,
    /// How it ended: the name of its error, such as `FailureClean`, or its status.
    pub end: String,
}

impl UnlockPlan {
    /// How long the caller must wait, from the return of the call that made the plan, before the locks may be cleared: an
    /// invocation of an execution that was stopped may go on. Zero if it need not wait.
    #[must_use]
    pub fn active_for(&self) -> TimeDelta {
        self.stale.iter().map(|lock| lock.active_for).max().unwrap_or_default()
    }
}

/// What [`Client::unlock`] cleared, and what still blocks deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unlocked {
    /// The freeze, which stays: [`Client::unfreeze`] lifts it.
    pub freeze: Option<Freeze>,
    /// The root locks that were cleared.
    pub cleared: Vec<RootLock>,
    /// The root locks that were free already: their executions gave them back, or somebody else cleared them.
    pub free: Vec<RootLock>,
    /// The root locks that were kept: their deploys are running, or took the lock in the meantime.
    pub kept: Vec<RootLock>,
}

impl<D: ClientDeployer> Client<D> {
    /// Finds the root locks that can be cleared: those whose execution has ended. With `stop_cause`, executions that run are
    /// stopped first, for this reason. A freeze is kept.
    ///
    /// # Errors
    /// [`ActError`]. An execution may have been stopped: call it again.
    pub async fn prepare_unlock(&self, address: &Address, stop_cause: Option<&str>) -> Result<UnlockPlan, ActError> {
        self.prepare_unlock_reporting(address, stop_cause, &mut |_| {}).await
    }

    /// As [`prepare_unlock`](Self::prepare_unlock). `stopped` gets the name of each execution as soon as it is stopped, also if a
    /// later call fails.
    ///
    /// # Errors
    /// As [`prepare_unlock`](Self::prepare_unlock).
    pub async fn prepare_unlock_reporting(
        &self,
        address: &Address,
        stop_cause: Option<&str>,
        stopped: &mut dyn FnMut(&str),
    ) -> Result<UnlockPlan, ActError> {
        let LockState { freeze, root_locks } = self.lock_state(address).await?;
        let mut plan = UnlockPlan { freeze, ..UnlockPlan::default() };
        for lock in root_locks {
            match (&lock.execution, stop_cause) {
                _ if !lock.running => plan.stale.push(lock),
                (Some(execution), Some(cause)) => {
                    let active_for = self.stop_holder((address, &mut plan), execution, cause, stopped).await?;
                    plan.stale.push(RootLock { running: false, active_for, ..lock });
                }
                _ => plan.kept.push(lock),
            }
        }
        if plan.active_for() > TimeDelta::zero() {
            plan.limit = Some(self.task_limit().await);
        }
        Ok(plan)
    }

    /// Clears the locks of a plan. The caller must have waited as long as [`UnlockPlan::active_for`] says, unless it knows that
    /// no invocation goes on; then the plan [is early](UnlockPlan::is_early). What an execution that is not in the plan has locked in
    /// the meantime is kept. The halt flag is deleted before a lock is cleared, because it would halt the next deploy.
    ///
    /// # Errors
    /// [`ActError`]. Some locks may have been cleared: it can be called again.
    pub async fn unlock(&self, address: &Address, plan: UnlockPlan) -> Result<Unlocked, ActError> {
        let UnlockPlan { freeze, stale, kept, is_early: early, .. } = plan;
        let mut unlocked = Unlocked { freeze, kept, ..Unlocked::default() };
        if stale.is_empty() {
            return Ok(unlocked);
        }
        let locks = stale.iter().map(|lock| HeldLock::of(&lock.holder, lock.is_object)).collect();
        // The flag may be meant for the execution that holds the other lock.
        let keep_halt_flag = !unlocked.kept.is_empty();
        let act = Act::Unlock { config: address.into(), locks, keep_halt_flag, early };
        let Effect::Cleared(results) = self.act(act, None).await?.effect else { return Ok(unlocked) };
        for (lock, result) in stale.into_iter().zip(results) {
            match result {
                ClearedLock::Cleared => unlocked.cleared.push(lock),
                ClearedLock::Free => unlocked.free.push(lock),
                ClearedLock::HeldBy(other) => {
                    unlocked.kept.push(self.root_lock(address, other, lock.is_object).await?);
                }
            }
        }
        Ok(unlocked)
    }

    /// Stops an execution, unless the plan has stopped it: a Go deployer holds two locks. Returns for how long an invocation of
    /// it may go on.
    async fn stop_holder(
        &self,
        (address, plan): (&Address, &mut UnlockPlan),
        name: &str,
        cause: &str,
        stopped: &mut dyn FnMut(&str),
    ) -> Result<TimeDelta, ActError> {
        let limit = self.task_limit().await;
        if plan.stopped.iter().any(|known| known == name) {
            return Ok(limit.after_now());
        }
        let (execution, message) = (name.to_owned(), cause.to_owned());
        self.act(Act::ForcedUnlock { config: address.into(), execution, message }, Some(cause)).await?;
        // An execution that cannot be read counts as stopped now.
        let found = self.executions.describe(name).await.ok().flatten();
        if let Some(execution) = found.filter(|execution| ended_before(execution, cause)) {
            let end = end_of(&execution);
            if plan.ended_before.iter().all(|known| known.execution != name) {
                plan.ended_before.push(EndedBefore { execution: name.to_owned(), end });
            }
            return Ok(limit.after(&execution, self.account.env.now()));
        }
        stopped(name);
        plan.stopped.push(name.to_owned());
        Ok(limit.after_now())
    }
}

/// Whether an execution had ended before it was stopped for this reason. Step Functions may still answer with the status from
/// before the stop.
fn ended_before(execution: &ExecutionSummary, cause: &str) -> bool {
    match execution.status {
        ExecutionStatus::Running => false,
        ExecutionStatus::Aborted => execution.cause.as_deref() != Some(cause),
        ExecutionStatus::Succeeded | ExecutionStatus::Failed | ExecutionStatus::TimedOut => true,
    }
}

/// How an execution ended, as people know it.
fn end_of(execution: &ExecutionSummary) -> String {
    let end = match execution.status {
        ExecutionStatus::Succeeded => "Success",
        ExecutionStatus::Failed => execution.error.as_deref().unwrap_or("Failed"),
        ExecutionStatus::TimedOut => "TimedOut",
        ExecutionStatus::Aborted => "Aborted",
        ExecutionStatus::Running => "Running",
    };
    end.to_owned()
}
