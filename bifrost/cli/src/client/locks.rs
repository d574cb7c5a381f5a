//! What blocks deploys: a freeze, and the root lock of another deploy.

use super::{Address, Client};
use crate::client::ClientDeployer;
use bifrost_core::cloud::{
    CloudError, Encryption, ExecutionFilter, ExecutionStatus, ExecutionSummary, LockItem, Names, PutNew, limit_bytes,
};
use bifrost_core::error_code::Coded;
use bifrost_core::lifecycle::{Freeze, current_freeze};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

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
    #[error("already frozen by {freeze}; to replace the freeze, lift it first with {unfreeze}")]
    #[code("freeze/exists", "agree with the person who froze it, lift the freeze with `unfreeze`, then freeze again")]
    Frozen {
        /// The existing freeze.
        freeze: Freeze,
        /// The command that lifts it.
        unfreeze: String,
    },
    /// S3 refused the request or did not answer.
    #[error(transparent)]
    #[code(source)]
    Cloud(#[from] CloudError),
}

/// Errors of invocations whose answer Step Functions did not get, although they may go on.
const LOST: [&str; 5] = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "States.Timeout",
];

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
        let (bucket, key) = (&address.bucket, address.root_dir().freeze());
        let body = json!(freeze).to_string().into_bytes();
        if self.account.objects.put_new(bucket, &key, body.clone()).await? == PutNew::Written {
            return Ok(());
        }
        match current_freeze(self.account.objects.as_ref(), bucket, &address.root_dir()).await? {
            Some(freeze) => {
                let unfreeze = self.hint(&format!("unfreeze {}", address.arguments(&self.account.defaults)));
                Err(FreezeFailure::Frozen { freeze, unfreeze })
            }
            // Go deployers lift a freeze by writing `{}`.
            None => Ok(self.account.objects.put(bucket, &key, body, Encryption::Bucket).await?),
        }
    }

    /// Lifts the freeze, and returns it. Without one there is nothing to do.
    ///
    /// # Errors
    /// `CloudError` from S3.
    pub async fn unfreeze(&self, address: &Address) -> Result<Option<Freeze>, CloudError> {
        let (objects, dir) = (self.account.objects.as_ref(), address.root_dir());
        let freeze = current_freeze(objects, &address.bucket, &dir).await?;
        if freeze.is_some() {
            objects.delete(&address.bucket, &dir.freeze()).await?;
        }
        Ok(freeze)
    }

    /// The root lock that a Go deployer wrote into the bucket. One that cannot be read still blocks deploys, and can be
    /// cleared. One that is too large to be a lock counts as written now.
    pub(super) async fn lock_object(&self, address: &Address) -> Result<Option<LockItem>, CloudError> {
        let key = address.root_dir().lock();
        let (content, time) = match self.account.objects.get(&address.bucket, &key, limit_bytes::LOCK).await {
            Err(error) if error.is_too_large() => (Value::Null, self.account.env.now()),
            read => match read? {
                Some(object) => (serde_json::from_slice(&object.body).unwrap_or_default(), object.last_modified),
                None => return Ok(None),
            },
        };
        let id = content.get("uuid").and_then(Value::as_str).unwrap_or("(unreadable)").to_owned();
        Ok(Some(LockItem { key: key.to_string(), id, time, execution: None, release_id: None, started_by: None }))
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
            Some(execution) if self.may_be_active(execution).await => {
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

    /// Whether an invocation of an execution that has ended may go on: the execution was stopped, timed out, or lost an
    /// invocation. If its history cannot be read, it may.
    async fn may_be_active(&self, execution: &ExecutionSummary) -> bool {
        if execution.status != ExecutionStatus::Failed {
            return execution.status != ExecutionStatus::Succeeded;
        }
        let Ok(history) = self.executions.history(&execution.name, 0).await else { return true };
        history.iter().any(|event| {
            let error = event.details.error.as_deref().unwrap_or_default();
            event.event_type == "LambdaFunctionTimedOut" || LOST.contains(&error)
        })
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
