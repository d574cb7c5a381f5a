//! What blocks deploys: a freeze, and the root lock of another deploy.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{CloudError, ExecutionFilter, ExecutionStatus, ExecutionSummary, LockItem, Names};
use bifrost_core::error_code::Coded;
use bifrost_core::lifecycle::{Freeze, current_freeze};
use bifrost_core::people::{self, Act, ActError, AlreadyFrozen, Effect};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// How many executions of each status are searched for one that left a lock. Some may be of other projects with a similar name.
const RECENT: usize = 20;

/// What blocks deploys of a project's config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockState {
    /// The freeze, if there is one.
    pub freeze: Option<Freeze>,
    /// The root locks that are held: at most the table's item, and an object that a Go deployer wrote.
    pub root_locks: Vec<RootLock>,
}

/// A root lock that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootLock {
    /// Who holds it.
    #[serde(flatten)]
    pub holder: LockItem,
    /// Whether it is the S3 object that Go deployers write beside the item.
    pub is_object: bool,
    /// Whether the execution that holds it is running. If not, it ended without giving the lock back.
    pub running: bool,
    /// The name of that execution, as far as it is known: Go deployers do not record it.
    #[serde(skip)]
    pub execution: Option<String>,
    /// The running executions of which each may hold it, if it is not known which one does: the lock names none.
    #[serde(skip)]
    pub candidates: Vec<String>,
    /// If the execution has ended: for how long from now an invocation of one of its tasks may still go on. Zero if none can.
    #[serde(skip)]
    pub active_for: TimeDelta,
}

/// [`Client::freeze`] failed.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum FreezeFailure {
    /// The project and config are already frozen. The existing freeze is kept, because its reason may still hold.
    #[error("{source}; to replace the freeze, lift it first with {unfreeze}")]
    #[code(source)]
    Frozen {
        /// The existing freeze.
        freeze: Freeze,
        /// The command that lifts it.
        unfreeze: String,
        /// Why nothing was done.
        source: AlreadyFrozen,
    },
    /// The act was refused or failed.
    #[error(transparent)]
    #[code(source)]
    Act(#[from] ActError),
}

impl<D: ClientDeployer> Client<D> {
    /// What blocks deploys of a project's config.
    ///
    /// # Errors
    /// `CloudError` from S3, DynamoDB or Step Functions.
    pub async fn lock_state(&self, address: &Address) -> Result<LockState, CloudError> {
        let freeze = current_freeze(self.account.objects.as_ref(), &address.bucket, &address.root_dir()).await?;
        let key = address.root_dir().lock();
        let mut root_locks = Vec::new();
        if let Some(holder) = self.account.locks.get(&key).await? {
            root_locks.push(self.root_lock(address, holder, false).await?);
        }
        if let Some(holder) = self.lock_object(address).await? {
            root_locks.push(self.root_lock(address, holder, true).await?);
        }
        Ok(LockState { freeze, root_locks })
    }

    /// Freezes a project's config: every deploy is refused, with this name and reason, until [`unfreeze`](Self::unfreeze).
    ///
    /// # Errors
    /// [`FreezeFailure`].
    pub async fn freeze(&self, address: &Address, freeze: &Freeze) -> Result<(), FreezeFailure> {
        let (user, message) = (freeze.user.clone(), freeze.lock_reason.clone());
        let act = Act::Freeze { config: address.into(), user, message };
        match self.act(act, Some(&freeze.lock_reason)).await {
            Ok(_) => Ok(()),
            Err(ActError::Frozen(source)) => {
                let unfreeze = self.hint(&format!("unfreeze {}", address.arguments(&self.account.defaults)));
                Err(FreezeFailure::Frozen { freeze: source.freeze.clone(), unfreeze, source })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lifts the freeze, and returns it. Without one there is nothing to do.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn unfreeze(&self, address: &Address) -> Result<Option<Freeze>, ActError> {
        let freeze = current_freeze(self.account.objects.as_ref(), &address.bucket, &address.root_dir()).await?;
        if freeze.is_none() {
            return Ok(None);
        }
        match self.act(Act::Unfreeze { config: address.into() }, None).await?.effect {
            Effect::Unfrozen(lifted) => Ok(lifted),
            // Another effect would be a bug of the function; the freeze is lifted.
            _ => Ok(freeze),
        }
    }

    /// The root lock that a Go deployer wrote into the bucket.
    async fn lock_object(&self, address: &Address) -> Result<Option<LockItem>, CloudError> {
        people::lock_object(&self.account, &address.bucket, &address.root_dir()).await
    }

    pub(super) async fn root_lock(
        &self,
        address: &Address,
        holder: LockItem,
        is_object: bool,
    ) -> Result<RootLock, CloudError> {
        let mut running = Vec::new();
        let mut ended = None;
        if let Some(name) = holder.execution.as_deref().and_then(|arn| arn.rsplit(':').next()) {
            match self.executions.describe(name).await? {
                Some(execution) if execution.status == ExecutionStatus::Running => running.push(execution.name),
                found => ended = found,
            }
        } else {
            running = self.may_hold(address, holder.time).await?;
            ended = if running.is_empty() { self.last_to_end(address, holder.time).await? } else { None };
        }
        let active_for = match &ended {
            Some(execution) if people::may_be_active(self.executions.as_ref(), execution).await => {
                self.task_limit().await.after(execution, self.account.env.now())
            }
            _ => TimeDelta::zero(),
        };
        let (is_running, candidates) =
            (!running.is_empty(), if running.len() > 1 { running.clone() } else { Vec::new() });
        let known = if candidates.is_empty() { running.pop() } else { None };
        let execution = known.or_else(|| ended.map(|execution| execution.name));
        Ok(RootLock { holder, is_object, running: is_running, execution, candidates, active_for })
    }

    /// The running executions that may hold a lock which was taken at this time.
    async fn may_hold(&self, address: &Address, taken: DateTime<Utc>) -> Result<Vec<String>, CloudError> {
        let running = self.executions.list(&ExecutionFilter::running(Names::Any), usize::MAX).await?;
        let defaults = &self.account.defaults;
        let of_address = running.into_iter().filter(|execution| {
            Address::read(&execution.input, defaults).is_ok_and(|found| found.names_the_same(address))
        });
        let holders = of_address.filter(|execution| started_before(execution, taken));
        Ok(holders.map(|execution| execution.name).collect())
    }

    /// The execution that ended last of those that may have left a lock which was taken at this time.
    async fn last_to_end(
        &self,
        address: &Address,
        taken: DateTime<Utc>,
    ) -> Result<Option<ExecutionSummary>, CloudError> {
        let mut found: Option<ExecutionSummary> = None;
        for status in [ExecutionStatus::Aborted, ExecutionStatus::TimedOut, ExecutionStatus::Failed] {
            let filter = ExecutionFilter { status: Some(status), names: Names::Any };
            let ended = self.latest(address, filter, RECENT).await?;
            let ended = ended.into_iter().filter(|execution| started_before(execution, taken));
            found = found.into_iter().chain(ended).max_by_key(|execution| execution.stop_date);
        }
        Ok(found)
    }
}

/// Whether an execution had started when a lock was taken. S3 gives the time of an object in whole seconds.
fn started_before(execution: &ExecutionSummary, taken: DateTime<Utc>) -> bool {
    execution.start_date <= taken + TimeDelta::seconds(1)
}
