//! Clears the root locks that deploys left. Stopping an execution does not stop the invocation of its last task, so a lock is
//! cleared only after that invocation must have ended: otherwise it could change what the next deploy changes.

use super::{Address, Client, LockState, RootLock, TaskLimit};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, EndedBy, EndedItem, ExecutionStatus, ExecutionSummary, GiveBack, GivenBack};
use bifrost_core::lifecycle::Freeze;
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
    /// `CloudError` from S3, DynamoDB or Step Functions. An execution may have been stopped: call it again.
    pub async fn prepare_unlock(&self, address: &Address, stop_cause: Option<&str>) -> Result<UnlockPlan, CloudError> {
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
    ) -> Result<UnlockPlan, CloudError> {
        let LockState { freeze, root_locks } = self.lock_state(address).await?;
        let mut plan = UnlockPlan { freeze, ..UnlockPlan::default() };
        for lock in root_locks {
            match (&lock.execution, stop_cause) {
                _ if !lock.running => plan.stale.push(lock),
                (Some(execution), Some(cause)) => {
                    let active_for = self.stop_holder(&mut plan, execution, cause, stopped).await?;
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
    /// no invocation goes on. What an execution that is not in the plan has locked in the meantime is kept. The halt flag is
    /// deleted before a lock is cleared, because it would halt the next deploy.
    ///
    /// # Errors
    /// `CloudError` from S3, DynamoDB or Step Functions. Some locks may have been cleared: it can be called again.
    pub async fn unlock(&self, address: &Address, plan: UnlockPlan) -> Result<Unlocked, CloudError> {
        let UnlockPlan { freeze, stale, kept, .. } = plan;
        let mut unlocked = Unlocked { freeze, kept, ..Unlocked::default() };
        for lock in stale {
            match self.holder_now(address, &lock).await? {
                None => unlocked.free.push(lock),
                Some(other) if other.holder.id != lock.holder.id => unlocked.kept.push(other),
                Some(_) => {
                    // The flag may be meant for the execution that holds the other lock.
                    if unlocked.kept.is_empty() {
                        self.account.objects.delete(&address.bucket, &address.root_dir().halt()).await?;
                    }
                    match self.clear(address, &lock).await? {
                        None => unlocked.cleared.push(lock),
                        Some(other) => unlocked.kept.push(other),
                    }
                }
            }
        }
        Ok(unlocked)
    }

    /// Stops an execution, unless the plan has stopped it: a Go deployer holds two locks. Returns for how long an invocation of
    /// it may go on.
    async fn stop_holder(
        &self,
        plan: &mut UnlockPlan,
        name: &str,
        cause: &str,
        stopped: &mut dyn FnMut(&str),
    ) -> Result<TimeDelta, CloudError> {
        let limit = self.task_limit().await;
        if plan.stopped.iter().any(|known| known == name) {
            return Ok(limit.after_now());
        }
        self.executions.stop(name, cause).await?;
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

    /// Who holds the lock now; `None` if it is free.
    async fn holder_now(&self, address: &Address, lock: &RootLock) -> Result<Option<RootLock>, CloudError> {
        let holder = if lock.is_object {
            self.lock_object(address).await?
        } else {
            self.account.locks.get(&address.root_dir().lock()).await?
        };
        match holder {
            Some(same) if same.id == lock.holder.id => Ok(Some(lock.clone())),
            Some(other) => self.root_lock(address, other, lock.is_object).await.map(Some),
            None => Ok(None),
        }
    }

    /// Clears a lock. Returns the lock of another execution that has taken its place.
    async fn clear(&self, address: &Address, lock: &RootLock) -> Result<Option<RootLock>, CloudError> {
        let (key, owner) = (address.root_dir().lock(), lock.holder.id.clone());
        if lock.is_object {
            return self.account.objects.delete(&address.bucket, &key).await.map(|()| None);
        }
        let ended = EndedItem::new(&owner, EndedBy::Unlock, false, self.account.env.now());
        match self.account.locks.give_back(&GiveBack { key, owner, ended, deployed: None }).await? {
            GivenBack::NotHeld(Some(other)) => Ok(Some(self.root_lock(address, *other, false).await?)),
            GivenBack::Done | GivenBack::NotHeld(None) => Ok(None),
        }
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
