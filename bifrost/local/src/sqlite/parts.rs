//! The parts of the state, each in a row: those of a deployer, and those that all deployers of the file share.

use super::file::{FileContext, connect, create_tables, drop_other_layout};
use crate::audit::LocalAudit;
use crate::changes::{Changed, insert};
use crate::error::StoreError;
use crate::state::{LocalState, Resources};
use bifrost_core::json;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What stands in the place of a deployer's name for parts that all deployers share: the audit logs. It is no name of a deployer.
pub(super) const SHARED: &str = "/shared";

/// What the pointers of shared parts begin with.
const AUDIT: &str = "/audit/";

/// The audit logs of a file, by name.
pub(super) type Audits = BTreeMap<String, Arc<LocalAudit>>;

/// The state as it was last loaded or saved, and a copy for the next call to change.
pub(super) struct Cache<R> {
    pub(super) versions: Versions,
    pub(super) saved: LocalState<R>,
    pub(super) working: LocalState<R>,
}

/// The versions of a deployer's parts and of the shared parts. They only grow, also when a local cloud is replaced: a process with the
/// old state in its cache must notice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Versions {
    own: i64,
    shared: i64,
}

/// Replaces a deployer's local cloud and deletes its executions, in one transaction.
pub(crate) fn replace<R: Resources>(path: &Path, deployer: &str, state: &LocalState<R>) -> Result<(), StoreError> {
    let context = FileContext { path };
    let mut connection = connect(context)?;
    let transaction = context.check(connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
    drop_other_layout(context, &transaction)?;
    create_tables(context, &transaction)?;
    for table in ["execution", "event", "part"] {
        let delete = format!("DELETE FROM {table} WHERE deployer = ?1");
        context.check(transaction.execute(&delete, params![deployer]))?;
    }
    write_all(context, &transaction, deployer, state)?;
    context.check(transaction.commit())
}

/// Writes the whole state of a deployer that has none in the file. Audit logs that the file has stay as they are, except their modes:
/// nobody deletes them.
pub(super) fn write_all<R: Resources>(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    state: &LocalState<R>,
) -> Result<(), StoreError> {
    let (mut state, mut stored) = (state.clone(), load_audits(context, transaction)?);
    for (name, audit) in &mut state.audit {
        if let Some(mut kept) = stored.remove(name) {
            Arc::make_mut(&mut kept).mode = audit.mode;
            *audit = kept;
        }
    }
    write(context, transaction, deployer, &context.json(state.parts())?, Versions::default()).map(drop)
}

/// Writes the changed parts and returns the new versions.
pub(super) fn write(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    changed: &[Changed],
    versions: Versions,
) -> Result<Versions, StoreError> {
    let (shared, own): (Vec<_>, Vec<_>) = changed.iter().partition(|part| part.pointer.starts_with(AUDIT));
    Ok(Versions {
        own: write_parts(context, transaction, deployer, &own)?.unwrap_or(versions.own),
        shared: write_parts(context, transaction, SHARED, &shared)?.unwrap_or(versions.shared),
    })
}

/// Writes parts of one owner, and returns their new version. `None` if there are none.
pub(super) fn write_parts(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    owner: &str,
    changed: &[&Changed],
) -> Result<Option<i64>, StoreError> {
    if changed.is_empty() {
        return Ok(None);
    }
    for Changed { pointer, json } in changed {
        let written = match json {
            Some(json) => transaction
                .prepare_cached("INSERT OR REPLACE INTO part (deployer, pointer, value) VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| insert.execute(params![owner, pointer, json])),
            // The parts below it begin with its pointer and `/`; `0` is the character after `/`.
            None => transaction
                .prepare_cached(
                    "DELETE FROM part WHERE deployer = ?1
                     AND (pointer = ?2 OR pointer >= ?2 || '/' AND pointer < ?2 || '0')",
                )
                .and_then(|mut delete| delete.execute(params![owner, pointer])),
        };
        context.check(written)?;
    }
    let upsert = "INSERT INTO world (deployer, version) VALUES (?1, 1)
        ON CONFLICT (deployer) DO UPDATE SET version = version + 1 RETURNING version";
    let version = transaction.prepare_cached(upsert).and_then(|mut upsert| upsert.query_one([owner], |row| row.get(0)));
    context.check(version).map(Some)
}

pub(super) fn version(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    owner: &str,
) -> Result<Option<i64>, StoreError> {
    let select = transaction.prepare_cached("SELECT version FROM world WHERE deployer = ?1");
    context.check(select.and_then(|mut select| select.query_row([owner], |row| row.get(0)).optional()))
}

/// The state in the file: from the cache, unless another process changed it.
pub(super) fn load<R: Resources>(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    cache: Option<Cache<R>>,
) -> Result<Cache<R>, StoreError> {
    let version = |owner| version(context, transaction, owner).map(Option::unwrap_or_default);
    let versions = Versions { own: version(deployer)?, shared: version(SHARED)? };
    let mut cache = match cache.filter(|cache| cache.versions.own == versions.own) {
        Some(cache) if cache.versions == versions => return Ok(cache),
        Some(cache) => cache,
        None => {
            let saved: LocalState<R> = context.json(json::from_value(read_parts(context, transaction, deployer)?))?;
            Cache { versions, working: saved.clone(), saved }
        }
    };
    cache.versions = versions;
    cache.saved.audit = load_audits(context, transaction)?;
    cache.working.audit.clone_from(&cache.saved.audit);
    Ok(cache)
}

/// The audit logs of the file.
pub(super) fn load_audits(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<Audits, StoreError> {
    let mut whole = read_parts(context, transaction, SHARED)?;
    let Some(audits) = whole.get_mut("audit").map(Value::take) else { return Ok(Audits::new()) };
    let mut audits: BTreeMap<String, LocalAudit> = context.json(json::from_value(audits))?;
    audits.values_mut().for_each(LocalAudit::set_saved);
    Ok(audits.into_iter().map(|(name, audit)| (name, Arc::new(audit))).collect())
}

/// The JSON of all parts of an owner.
fn read_parts(context: FileContext<'_>, transaction: &Transaction<'_>, owner: &str) -> Result<Value, StoreError> {
    // Each part sorts after the parts that contain it.
    let select = "SELECT pointer, value FROM part WHERE deployer = ?1 ORDER BY pointer";
    let mut statement = context.check(transaction.prepare_cached(select))?;
    let mut rows = context.check(statement.query([owner]))?;
    let mut whole = Value::Null;
    while let Some(row) = context.check(rows.next())? {
        let (pointer, value): (String, String) = context.check(row.try_into())?;
        insert(&mut whole, &pointer, context.json(json::from_slice(value.as_bytes()))?);
    }
    Ok(whole)
}
