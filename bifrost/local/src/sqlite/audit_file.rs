//! An audit log in the file of a local cloud, for those who know no deployer: auditors.

use super::file::{FileContext, connect, create_tables, from_text};
use super::parts::{Audits, SHARED, load_audits, version, write_parts};
use crate::audit::{AuditAccess, LocalAudit, LocalAuditStore};
use crate::changes::{Changed, Changes};
use crate::error::StoreError;
use bifrost_audit::log::TiledLog;
use bifrost_audit::memory::AuditState;
use bifrost_core::audit::AuditPorts;
use bifrost_core::cloud::CloudError;
use bifrost_core::json;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::Value;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// An audit log in the file of a local cloud: its bucket, table and key.
pub type AuditFile = LocalAuditStore<FileAudit>;

/// The place of an audit log in the file of a local cloud.
pub struct FileAudit {
    path: PathBuf,
    origin: String,
    inner: Mutex<Inner>,
}

struct Inner {
    connection: Connection,
    cache: Option<(i64, Arc<LocalAudit>)>,
}

/// Opens the audit log with that name in the file of a local cloud; without a name, the only one. `None` if the file has none, or, without a
/// name, if it has several.
///
/// # Errors
/// [`StoreError`] if the file does not exist, cannot be read, or is not a local cloud of this version.
pub fn open_audit(path: &Path, origin: Option<&str>) -> Result<Option<AuditFile>, StoreError> {
    let context = FileContext { path };
    let mut connection = open(context)?;
    let audits = {
        let transaction = context.check(connection.transaction())?;
        load_audits(context, &transaction)?
    };
    let mut found = audits.into_keys().filter(|name| origin.is_none_or(|origin| origin == name));
    let (Some(origin), None) = (found.next(), found.next()) else { return Ok(None) };
    let inner = Mutex::new(Inner { connection, cache: None });
    Ok(Some(LocalAuditStore(FileAudit { path: path.into(), origin, inner })))
}

/// The names of the audit logs in the file of a local cloud.
///
/// # Errors
/// As [`open_audit`].
pub fn audit_logs(path: &Path) -> Result<Vec<String>, StoreError> {
    let context = FileContext { path };
    let mut connection = open(context)?;
    let transaction = context.check(connection.transaction())?;
    Ok(load_audits(context, &transaction)?.into_keys().collect())
}

/// Opens a file that exists.
fn open(context: FileContext<'_>) -> Result<Connection, StoreError> {
    std::fs::metadata(context.path).map_err(|source| StoreError::Io { path: context.path.into(), source })?;
    let mut connection = connect(context)?;
    let transaction = context.check(connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
    create_tables(context, &transaction)?;
    context.check(transaction.commit())?;
    Ok(connection)
}

impl LocalAuditStore<FileAudit> {
    /// The name of the log: `<prefix>audit/<account>/<region>`.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.origin()
    }

    /// The time of the local cloud: the latest of those of its deployers.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.0.transact(now, TransactionBehavior::Deferred)
    }

    /// The log for someone who writes to it, such as a reviewer.
    #[must_use]
    pub fn ports(self: &Arc<Self>) -> AuditPorts {
        let (store, signer) = (Arc::clone(self), Arc::clone(self));
        AuditPorts { store: store.clone(), log: Arc::new(TiledLog::new(store, signer, self.origin().to_owned())) }
    }
}

impl FileAudit {
    fn transact<T>(
        &self,
        work: impl FnOnce(FileContext<'_>, &Transaction<'_>) -> Result<T, StoreError>,
        behavior: TransactionBehavior,
    ) -> Result<T, StoreError> {
        let context = FileContext { path: &self.path };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = context.check(inner.connection.transaction_with_behavior(behavior))?;
        let result = work(context, &transaction)?;
        context.check(transaction.commit())?;
        Ok(result)
    }

    /// The log as it is in the file.
    fn load(&self) -> Result<Arc<LocalAudit>, StoreError> {
        let context = FileContext { path: &self.path };
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { connection, cache } = &mut *inner;
        let transaction = context.check(connection.transaction())?;
        let version = version(context, &transaction, SHARED)?.unwrap_or_default();
        if let Some((_, audit)) = cache.as_ref().filter(|(cached, _)| *cached == version) {
            return Ok(Arc::clone(audit));
        }
        let audit = load_audits(context, &transaction)?.remove(&self.origin).unwrap_or_default();
        *cache = Some((version, Arc::clone(&audit)));
        Ok(audit)
    }
}

impl AuditAccess for FileAudit {
    fn origin(&self) -> &str {
        &self.origin
    }

    fn read<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        read: impl Fn(&AuditState) -> T + Send + Sync,
    ) -> impl Future<Output = Result<T, CloudError>> + Send {
        let audit = self.load().map(|audit| read(audit.state()));
        ready(audit.map_err(|error| error.into_service_error().at(operation, resource)))
    }

    fn change<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        change: impl FnOnce(&mut LocalAudit, DateTime<Utc>) -> T + Send,
    ) -> impl Future<Output = Result<T, CloudError>> + Send {
        let changed = self.transact(
            |context, transaction| {
                let mut audits = load_audits(context, transaction)?;
                let mut saved = audits.clone();
                let answer =
                    change(Arc::make_mut(audits.entry(self.origin.clone()).or_default()), now(context, transaction)?);
                let parts = context.json(save(&audits, &mut saved))?;
                write_parts(context, transaction, SHARED, &parts.iter().collect::<Vec<_>>())?;
                Ok(answer)
            },
            TransactionBehavior::Immediate,
        );
        ready(changed.map_err(|error| error.into_service_error().at(operation, resource)))
    }
}

/// The parts that changed.
fn save(audits: &Audits, saved: &mut Audits) -> serde_json::Result<Vec<Changed>> {
    let mut changes = Changes::default();
    changes.nested("audit", audits, saved, |changes, new, saved| new.save(Arc::make_mut(saved), changes));
    changes.finish()
}

/// The latest time of a deployer's local cloud in the file. It is a part of its own once the clock has moved; a clock never goes back.
fn now(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<DateTime<Utc>, StoreError> {
    let select = "SELECT value FROM part WHERE pointer IN ('', '/clock')";
    let mut select = context.check(transaction.prepare_cached(select))?;
    let mut rows = context.check(select.query([]))?;
    let mut latest = None;
    while let Some(row) = context.check(rows.next())? {
        let mut part: Value = from_text(context, &context.check(row.get::<_, String>(0))?)?;
        let clock = part.get_mut("clock").map(Value::take).unwrap_or(part);
        latest = latest.max(Some(context.json(json::from_value::<DateTime<Utc>>(clock))?));
    }
    Ok(latest.unwrap_or_else(Utc::now))
}
