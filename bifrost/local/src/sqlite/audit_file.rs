//! An audit log in the file of a local cloud, for those who know no deployer: auditors.

use super::file::{FileContext, connect, create_tables, from_text};
use super::parts::{Audits, SHARED, load_audits, version, write_parts};
use crate::audit::LocalAudit;
use crate::changes::{Changed, Changes};
use crate::error::StoreError;
use async_trait::async_trait;
use bifrost_audit::log::TiledLog;
use bifrost_audit::memory::AuditState;
use bifrost_core::audit::AuditPorts;
use bifrost_core::cloud::{
    AuditStore, CHECKPOINT_KEY, CloudError, LogHead, LogSigner, NewEntry, ObjectVersion, PutNew, Sequenced,
    StoredCheckpoint,
};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An audit log in the file of a local cloud: its bucket, table and key.
pub struct AuditFile {
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
    Ok(Some(AuditFile { path: path.into(), origin, inner }))
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

impl AuditFile {
    /// The name of the log: `<prefix>audit/<account>/<region>`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The time of the local cloud: the latest of those of its deployers.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        self.transact(now, TransactionBehavior::Deferred)
    }

    /// The log for someone who writes to it, such as a reviewer.
    #[must_use]
    pub fn ports(self: &Arc<Self>) -> AuditPorts {
        let (store, signer) = (Arc::clone(self), Arc::clone(self));
        AuditPorts { store: store.clone(), log: Arc::new(TiledLog::new(store, signer, self.origin.clone())) }
    }

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

    fn read<T>(
        &self,
        operation: &'static str,
        resource: &str,
        read: impl FnOnce(&AuditState) -> T,
    ) -> Result<T, CloudError> {
        let audit = self.load().map_err(|error| error.into_service_error().at(operation, resource))?;
        Ok(read(audit.state()))
    }

    fn change<T>(
        &self,
        operation: &'static str,
        resource: &str,
        change: impl FnOnce(&mut LocalAudit, DateTime<Utc>) -> T,
    ) -> Result<T, CloudError> {
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
        changed.map_err(|error| error.into_service_error().at(operation, resource))
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
        latest = latest.max(Some(context.json(serde_json::from_value::<DateTime<Utc>>(clock))?));
    }
    Ok(latest.unwrap_or_else(Utc::now))
}

#[async_trait]
impl AuditStore for AuditFile {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.change("s3:PutObject", key, |audit, now| audit.put_new(key, body, now))
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        self.read("s3:GetObject", key, |state| state.get(key, limit_bytes))?
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.read("s3:ListObjectsV2", prefix, |state| state.list(prefix))
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        self.read("s3:GetObject", CHECKPOINT_KEY, AuditState::checkpoint)
    }

    async fn put_checkpoint(&self, body: Vec<u8>, replaces: Option<&str>) -> Result<bool, CloudError> {
        self.change("s3:PutObject", CHECKPOINT_KEY, |audit, now| audit.put_checkpoint(body, replaces, now))
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        self.read("dynamodb:GetItem", "head", AuditState::head)
    }

    async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        self.change("dynamodb:TransactWriteItems", "head", |audit, _| audit.sequence(entry))
    }

    async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        self.read("dynamodb:BatchGetItem", &format!("entry/{from:020}"), |state| state.entries(from, to))?
    }

    async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        self.read("s3:ListObjectVersions", prefix, |state| state.versions(prefix))
    }

    async fn get_version(&self, key: &str, version: &str, limit_bytes: u64) -> Result<Vec<u8>, CloudError> {
        self.read("s3:GetObjectVersion", key, |state| state.get_version(key, version, limit_bytes))?
    }

    /// Transactions of the file come one after the other.
    async fn wait(&self, _: Duration) {}
}

#[async_trait]
impl LogSigner for AuditFile {
    async fn public_key(&self) -> Result<[u8; 32], CloudError> {
        let key = self.change("kms:GetPublicKey", &self.origin, |audit, _| audit.key(&self.origin))??;
        key.public_key().await
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError> {
        let key = self.change("kms:Sign", &self.origin, |audit, _| audit.key(&self.origin))??;
        key.sign(message).await
    }
}
