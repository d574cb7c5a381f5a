//! The file: its connection, its tables, and errors that name it.

use crate::error::StoreError;
use bifrost_core::json;
use rusqlite::{Connection, ErrorCode, Transaction};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use std::time::Duration;

/// The version of the tables; a file with another one is refused.
pub(super) const LAYOUT: i64 = 4;

/// One local cloud for each deployer (table `world`), so that several deployers may share a file. It is stored in
/// parts, so that a call writes only what it changed.
const SCHEMA: &str = "
    CREATE TABLE world (deployer TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
    CREATE TABLE part (
        deployer TEXT NOT NULL, pointer TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (deployer, pointer)) STRICT, WITHOUT ROWID;
    CREATE TABLE execution (
        number INTEGER PRIMARY KEY, deployer TEXT NOT NULL, name TEXT NOT NULL, running INTEGER NOT NULL,
        value TEXT NOT NULL, UNIQUE (deployer, name)) STRICT;
    CREATE INDEX running ON execution (deployer) WHERE running;
    CREATE TABLE event (
        deployer TEXT NOT NULL, execution TEXT NOT NULL, id INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (deployer, execution, id)) STRICT, WITHOUT ROWID;
";

/// The tables of every layout so far.
const TABLES: [&str; 4] = ["event", "execution", "part", "world"];

/// How long a process waits for the transaction of another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) fn connect(context: FileContext<'_>) -> Result<Connection, StoreError> {
    if let Some(folder) = context.path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Io { path: folder.into(), source })?;
    }
    let connection = context.check(Connection::open(context.path))?;
    context.check(connection.busy_timeout(BUSY_TIMEOUT))?;
    context.check(connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"))?;
    Ok(connection)
}

/// Creates the tables of a new file.
///
/// # Errors
/// [`StoreError::Layout`] for a file with another layout.
pub(super) fn create_tables(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let layout: i64 = context.check(transaction.pragma_query_value(None, "user_version", |row| row.get(0)))?;
    if layout == LAYOUT {
        return Ok(());
    }
    if !tables(context, transaction)?.is_empty() {
        return Err(StoreError::Layout { path: context.path.into(), found: layout, expected: LAYOUT });
    }
    context.check(transaction.execute_batch(SCHEMA))?;
    context.check(transaction.pragma_update(None, "user_version", LAYOUT))
}

/// Drops the tables of a file with another layout: this version cannot read them.
pub(super) fn drop_other_layout(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let layout: i64 = context.check(transaction.pragma_query_value(None, "user_version", |row| row.get(0)))?;
    if layout == LAYOUT {
        return Ok(());
    }
    for name in tables(context, transaction)? {
        context.check(transaction.execute_batch(&format!("DROP TABLE \"{name}\"")))?;
    }
    Ok(())
}

/// The tables of a file.
///
/// # Errors
/// [`StoreError::Foreign`] for a file of another program, whose tables must not be dropped.
fn tables(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<Vec<String>, StoreError> {
    let mut select = context.check(transaction.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'"))?;
    let names: Vec<String> = context.check(select.query_map([], |row| row.get(0)).and_then(|names| names.collect()))?;
    match names.iter().find(|name| !TABLES.contains(&name.as_str())) {
        Some(table) => Err(StoreError::Foreign { path: context.path.into(), table: table.clone() }),
        None => Ok(names),
    }
}

/// The file that every error names.
#[derive(Clone, Copy)]
pub(super) struct FileContext<'a> {
    pub(super) path: &'a Path,
}

impl FileContext<'_> {
    pub(super) fn check<T>(self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => StoreError::Busy { path: self.path.into() },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StoreError::NotADatabase { path: self.path.into(), source }
            }
            _ => StoreError::Sqlite { path: self.path.into(), source },
        })
    }

    pub(super) fn json<T>(self, result: serde_json::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| StoreError::Content { path: self.path.into(), source })
    }
}

pub(super) fn to_text(context: FileContext<'_>, value: &impl Serialize) -> Result<String, StoreError> {
    context.json(serde_json::to_string(value))
}

pub(super) fn from_text<T: DeserializeOwned>(context: FileContext<'_>, text: &str) -> Result<T, StoreError> {
    // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    context.json(json::from_slice(text.as_bytes()).and_then(json::from_value::<T>))
}
