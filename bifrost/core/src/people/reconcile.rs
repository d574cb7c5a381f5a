//! Completes the audit log with what its writers could not write.

use super::ActError;
use crate::account::DeployerAccount;
use crate::audit::{
    ActId, Appended, Audit, AuditLog, AuditPorts, EntryKind, FailStates, LogEntry, Outcome, PEOPLE, append_act,
    close_execution,
};
use crate::cloud::{CloudError, ExecutionPage, ExecutionStatus, ExecutionSummary, Executions, ListedExecution};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// What [`reconcile`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// How many executions it compared with the log.
    pub executions: u64,
    /// How many of them still run.
    pub running: u64,
    /// How many acts of people it compared with the log.
    pub acts: u64,
    /// How many entries the log did not have.
    pub appended: u64,
    /// The executions that ended without recording it, or that recorded something after their end, and are closed now.
    pub closed: Vec<ClosedExecution>,
    /// What could not be completed. Run it again.
    pub failed: Vec<FailedItem>,
    /// Whether it came to its end. If not, its time was over: run it again.
    pub is_complete: bool,
}

/// An execution that [`reconcile`] closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedExecution {
    /// Its name.
    pub execution: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// Something that could not be completed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedItem {
    /// The execution, the record, or `publish`.
    pub item: String,
    /// Why.
    pub error: String,
}

/// Completes the log for executions that started at `since` or later, and for acts since then: appends entries that are missing, closes
/// executions that ended without recording it, and publishes what is not published. It changes nothing if it runs again.
/// `may_continue` says whether there is time for the next execution.
///
/// # Errors
/// [`ActError::NoLog`] if there is no log; [`ActError::Cloud`] if the executions or records cannot be listed.
pub async fn reconcile(
    account: &DeployerAccount,
    executions: &dyn Executions,
    states: &FailStates,
    since: DateTime<Utc>,
    may_continue: &(dyn Fn() -> bool + Sync),
) -> Result<Reconciled, ActError> {
    let counted = CountedAudit::new(account).await?;
    let mut done = Reconciled::default();
    let acts = acts(&counted.ports, since).await?;
    let mut token = None;
    loop {
        if !may_continue() {
            return Ok(counted.finish(done, false));
        }
        let ExecutionPage { executions: mut listed, next_token } = executions.page(token).await?;
        let has_older = listed.last().is_some_and(|oldest| oldest.start_date < since);
        listed.retain(|execution| execution.start_date >= since);
        // They are closed before more are listed, so that each run comes further.
        if !close_all(account, &counted, (executions, states), (listed, may_continue), &mut done).await {
            return Ok(counted.finish(done, false));
        }
        token = next_token.filter(|_| !has_older);
        if token.is_none() {
            break;
        }
    }
    for key in acts {
        if !may_continue() {
            return Ok(counted.finish(done, false));
        }
        done.acts += 1;
        if let Err(error) = append_act(&counted.ports, &key).await {
            done.failed.push(FailedItem { item: key, error: error.to_string() });
        }
    }
    if let Err(error) = counted.ports.log.publish().await {
        done.failed.push(FailedItem { item: "publish".into(), error: error.to_string() });
    }
    Ok(counted.finish(done, true))
}

/// Closes one execution, whose ARN `EventBridge` sends when it has ended. `None` if it still runs.
///
/// # Errors
/// [`ActError::NoLog`] if there is no log; [`ActError::Malformed`] if the deployer has no such execution; [`ActError::Cloud`].
pub async fn close(
    account: &DeployerAccount,
    executions: &dyn Executions,
    states: &FailStates,
    arn: &str,
) -> Result<Option<Outcome>, ActError> {
    if account.audit.ports.is_none() {
        return Err(ActError::NoLog);
    }
    let arns = account.identity.execution_arn("");
    let unknown =
        || ActError::Malformed(format!("{} is not an execution of this deployer", super::request::plain(arn)));
    let name = arn.strip_prefix(&arns).filter(|name| !name.is_empty()).ok_or_else(unknown)?;
    let execution = executions.describe(name).await?.ok_or_else(unknown)?;
    Ok(close_execution(&account.audit, &account.identity, states, &execution, account.now()).await?)
}

/// Closes those of these executions that have ended. Returns `false` if the time was over before the last.
async fn close_all(
    account: &DeployerAccount,
    counted: &CountedAudit,
    (executions, states): (&dyn Executions, &FailStates),
    (listed, may_continue): (Vec<ListedExecution>, &(dyn Fn() -> bool + Sync)),
    done: &mut Reconciled,
) -> bool {
    for execution in listed {
        if !may_continue() {
            return false;
        }
        done.executions += 1;
        if execution.status == ExecutionStatus::Running {
            done.running += 1;
            continue;
        }
        let closed = match executions.describe(&execution.name).await {
            Ok(Some(described)) => close_one(account, counted, states, &described, done).await,
            // Step Functions has just forgotten it.
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = closed {
            done.failed.push(FailedItem { item: execution.name, error: error.to_string() });
        }
    }
    true
}

async fn close_one(
    account: &DeployerAccount,
    counted: &CountedAudit,
    states: &FailStates,
    execution: &ExecutionSummary,
    done: &mut Reconciled,
) -> Result<(), CloudError> {
    let before = counted.log.closures();
    let outcome = close_execution(&counted.audit, &account.identity, states, execution, account.now()).await?;
    if let Some(outcome) = outcome.filter(|_| counted.log.closures() > before) {
        done.closed.push(ClosedExecution { execution: execution.name.clone(), outcome });
    }
    Ok(())
}

/// The keys of the records of people since then, and of their results.
async fn acts(ports: &AuditPorts, since: DateTime<Utc>) -> Result<Vec<String>, CloudError> {
    let first = ActId::new(since, &crate::release::Sha256::from_bytes([0; 32])).key();
    let mut keys = ports.store.list(PEOPLE).await?;
    keys.retain(|key| *key >= first);
    Ok(keys)
}

/// The audit log of an account, which counts what it did not have.
struct CountedAudit {
    audit: Audit,
    ports: AuditPorts,
    log: Arc<CountedLog>,
}

impl CountedAudit {
    async fn new(account: &DeployerAccount) -> Result<Self, ActError> {
        let AuditPorts { store, log } = account.audit.ports.clone().ok_or(ActError::NoLog)?;
        let log = Arc::new(CountedLog { log, size: store.head().await?.size, added: Mutex::default() });
        let ports = AuditPorts { store, log: Arc::<CountedLog>::clone(&log) };
        Ok(Self { audit: Audit { ports: Some(ports.clone()), ..account.audit.clone() }, ports, log })
    }

    fn finish(&self, done: Reconciled, is_complete: bool) -> Reconciled {
        Reconciled { appended: self.log.lock().len() as u64, is_complete, ..done }
    }
}

/// Entries with an index from `size` on were not in the log when it was counted.
struct CountedLog {
    log: Arc<dyn AuditLog>,
    size: u64,
    added: Mutex<std::collections::BTreeMap<u64, EntryKind>>,
}

impl CountedLog {
    fn lock(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<u64, EntryKind>> {
        self.added.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn closures(&self) -> usize {
        self.lock().values().filter(|kind| **kind == EntryKind::Closed).count()
    }
}

#[async_trait]
impl AuditLog for CountedLog {
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError> {
        let appended = self.log.append(entry).await?;
        if appended.index >= self.size {
            self.lock().insert(appended.index, entry.kind);
        }
        Ok(appended)
    }

    async fn publish(&self) -> Result<(), CloudError> {
        self.log.publish().await
    }
}

/// How far back `reconcile` looks by default: longer than a deploy takes, and a weekend.
pub const DEFAULT_WINDOW: TimeDelta = TimeDelta::days(3);
