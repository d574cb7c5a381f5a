//! A local cloud in one SQLite file, shared by the processes that open it.

use super::changes::{Changed, insert};
use super::error::StoreError;
use super::state::{LocalState, Resources, StoredExecution};
use bifrost_asl::interpreter::Event;
use bifrost_core::cloud::{ExecutionFilter, ExecutionStatus};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the tables; a file with another one is refused.
const LAYOUT: i64 = 3;

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

pub(super) struct Sqlite<R> {
    path: PathBuf,
    deployer: String,
    connection: Connection,
    /// `None` after a call that panicked or could not be committed: it must leave no trace, so the state is loaded
    /// again.
    cache: Option<Cache<R>>,
    /// The last time that could be read.
    clock: DateTime<Utc>,
}

/// The state as it was last loaded or saved, and a copy for the next call to change.
struct Cache<R> {
    version: i64,
    saved: LocalState<R>,
    working: LocalState<R>,
}

impl<R: Resources> Sqlite<R> {
    pub(super) fn open(
        path: &Path,
        deployer: &str,
        new_state: impl FnOnce() -> LocalState<R>,
    ) -> Result<Self, StoreError> {
        let context = FileContext { path };
        let mut connection = connect(context)?;
        let transaction = context.check(connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        create_tables(context, &transaction)?;
        if version(context, &transaction, deployer)?.is_none() {
            write_all(context, &transaction, deployer, &new_state())?;
        }
        let cache = load(context, &transaction, deployer, None)?;
        context.check(transaction.commit())?;
        let clock = cache.saved.clock;
        Ok(Self { path: path.into(), deployer: deployer.into(), connection, cache: Some(cache), clock })
    }

    pub(super) fn transact<T>(&mut self, change: impl FnOnce(&mut LocalState<R>) -> T) -> Result<T, StoreError> {
        let context = FileContext { path: &self.path };
        let transaction = context.check(self.connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        let mut cache = load(context, &transaction, &self.deployer, self.cache.take())?;
        let answer = change(&mut cache.working);
        let changed = context.json(cache.working.save(&mut cache.saved))?;
        if !changed.is_empty() {
            cache.version = write(context, &transaction, &self.deployer, &changed)?;
            context.check(transaction.commit())?;
        }
        self.cache = Some(cache);
        Ok(answer)
    }

    pub(super) fn read<T>(&mut self, read: impl FnOnce(&LocalState<R>) -> T) -> Result<T, StoreError> {
        let context = FileContext { path: &self.path };
        let transaction = context.check(self.connection.transaction())?;
        let cache = load(context, &transaction, &self.deployer, self.cache.take())?;
        Ok(read(&self.cache.insert(cache).saved))
    }

    pub(super) fn now(&mut self) -> DateTime<Utc> {
        match self.read_clock() {
            Ok(clock) => self.clock = clock,
            Err(error) => tracing::warn!(%error, "cannot read the clock of the local cloud"),
        }
        self.clock
    }

    /// Reads only the clock: it changes many times a second while a deploy runs.
    fn read_clock(&self) -> Result<DateTime<Utc>, StoreError> {
        let context = FileContext { path: &self.path };
        let select =
            self.connection.prepare_cached("SELECT value FROM part WHERE deployer = ?1 AND pointer = '/clock'");
        let text =
            select.and_then(|mut select| select.query_row(params![self.deployer], |row| row.get::<_, String>(0)));
        from_text(context, &context.check(text)?)
    }

    pub(super) fn insert_execution(&mut self, execution: &StoredExecution) -> Result<bool, StoreError> {
        let context = FileContext { path: &self.path };
        let text = to_text(context, execution)?;
        let rows = context.check(self.connection.execute(
            "INSERT INTO execution (deployer, name, running, value) VALUES (?1, ?2, 1, ?3) ON CONFLICT DO NOTHING",
            params![self.deployer, execution.summary.name, text],
        ))?;
        Ok(rows == 1)
    }

    pub(super) fn execution(&mut self, name: &str) -> Result<Option<StoredExecution>, StoreError> {
        let context = FileContext { path: &self.path };
        let text = self.connection.query_row(
            "SELECT value FROM execution WHERE deployer = ?1 AND name = ?2",
            params![self.deployer, name],
            |row| row.get::<_, String>(0),
        );
        context.check(text.optional())?.map(|text| from_text(context, &text)).transpose()
    }

    /// Executions, newest first. Parses only those that can match.
    pub(super) fn executions(
        &mut self,
        filter: &ExecutionFilter,
        limit: usize,
    ) -> Result<Vec<StoredExecution>, StoreError> {
        let context = FileContext { path: &self.path };
        let running = if filter.status == Some(ExecutionStatus::Running) { "AND running" } else { "" };
        let select = format!("SELECT name, value FROM execution WHERE deployer = ?1 {running} ORDER BY number DESC");
        let mut statement = context.check(self.connection.prepare_cached(&select))?;
        let mut rows = context.check(statement.query(params![self.deployer]))?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = context.check(rows.next())?
        {
            if filter.may_include(&context.check(row.get::<_, String>(0))?) {
                let execution: StoredExecution = from_text(context, &context.check(row.get::<_, String>(1))?)?;
                found.extend(Some(execution).filter(|execution| execution.matches(filter)));
            }
        }
        Ok(found)
    }

    /// Saves an execution that is still running; returns `false` if it is not.
    pub(super) fn save_execution(&mut self, execution: &StoredExecution, events: &[Event]) -> Result<bool, StoreError> {
        let context = FileContext { path: &self.path };
        let transaction = context.check(self.connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        let running = "SELECT 1 FROM execution WHERE deployer = ?1 AND name = ?2 AND running";
        let found = transaction.query_row(running, params![self.deployer, execution.summary.name], |_| Ok(()));
        if context.check(found.optional())?.is_none() {
            return Ok(false);
        }
        write_execution(context, &transaction, &self.deployer, execution, events)?;
        context.check(transaction.commit())?;
        Ok(true)
    }

    pub(super) fn change_execution<T>(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut StoredExecution, u64) -> (T, Option<Event>),
    ) -> Result<Option<T>, StoreError> {
        let context = FileContext { path: &self.path };
        let transaction = context.check(self.connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        let key = params![self.deployer, name];
        let select = "SELECT value FROM execution WHERE deployer = ?1 AND name = ?2";
        let text = context.check(transaction.query_row(select, key, |row| row.get::<_, String>(0)).optional())?;
        let Some(text) = text else { return Ok(None) };
        let mut execution: StoredExecution = from_text(context, &text)?;
        let select = "SELECT COALESCE(MAX(id), 0) FROM event WHERE deployer = ?1 AND execution = ?2";
        let last_event = context.check(transaction.query_row(select, key, |row| row.get(0)))?;
        let (answer, event) = change(&mut execution, last_event);
        write_execution(context, &transaction, &self.deployer, &execution, event.as_slice())?;
        context.check(transaction.commit())?;
        Ok(Some(answer))
    }

    pub(super) fn history(&mut self, name: &str, after: u64) -> Result<Vec<Event>, StoreError> {
        let context = FileContext { path: &self.path };
        let select = "SELECT value FROM event WHERE deployer = ?1 AND execution = ?2 AND id > ?3 ORDER BY id";
        let mut statement = context.check(self.connection.prepare_cached(select))?;
        let rows = statement.query_map(params![self.deployer, name, after], |row| row.get::<_, String>(0));
        context.check(rows)?.map(|text| from_text(context, &context.check(text)?)).collect()
    }
}

/// Writes an execution that exists, and adds events to its history.
fn write_execution(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    execution: &StoredExecution,
    events: &[Event],
) -> Result<(), StoreError> {
    let name = &execution.summary.name;
    context.check(transaction.execute(
        "UPDATE execution SET running = ?3, value = ?4 WHERE deployer = ?1 AND name = ?2",
        params![deployer, name, execution.is_running(), to_text(context, execution)?],
    ))?;
    for event in events {
        context.check(transaction.execute(
            "INSERT OR REPLACE INTO event (deployer, execution, id, value) VALUES (?1, ?2, ?3, ?4)",
            params![deployer, name, event.id, to_text(context, event)?],
        ))?;
    }
    Ok(())
}

fn connect(context: FileContext<'_>) -> Result<Connection, StoreError> {
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
fn create_tables(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<(), StoreError> {
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
fn drop_other_layout(context: FileContext<'_>, transaction: &Transaction<'_>) -> Result<(), StoreError> {
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

/// Replaces a deployer's local cloud and deletes its executions, in one transaction.
pub(super) fn replace<R: Resources>(path: &Path, deployer: &str, state: &LocalState<R>) -> Result<(), StoreError> {
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

/// Writes the whole state of a deployer that has none in the file.
fn write_all<R: Resources>(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    state: &LocalState<R>,
) -> Result<(), StoreError> {
    write(context, transaction, deployer, &context.json(state.parts())?).map(drop)
}

/// Writes the changed parts and returns the new version. Versions only grow, also when a local cloud is replaced: a
/// process with the old state in its cache must notice.
fn write(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    changed: &[Changed],
) -> Result<i64, StoreError> {
    for Changed { pointer, json } in changed {
        let written = match json {
            Some(json) => transaction
                .prepare_cached("INSERT OR REPLACE INTO part (deployer, pointer, value) VALUES (?1, ?2, ?3)")
                .and_then(|mut insert| insert.execute(params![deployer, pointer, json])),
            // The parts below it begin with its pointer and `/`; `0` is the character after `/`.
            None => transaction
                .prepare_cached(
                    "DELETE FROM part WHERE deployer = ?1
                     AND (pointer = ?2 OR pointer >= ?2 || '/' AND pointer < ?2 || '0')",
                )
                .and_then(|mut delete| delete.execute(params![deployer, pointer])),
        };
        context.check(written)?;
    }
    let upsert = "INSERT INTO world (deployer, version) VALUES (?1, 1)
        ON CONFLICT (deployer) DO UPDATE SET version = version + 1 RETURNING version";
    context
        .check(transaction.prepare_cached(upsert).and_then(|mut upsert| upsert.query_one([deployer], |row| row.get(0))))
}

fn version(context: FileContext<'_>, transaction: &Transaction<'_>, deployer: &str) -> Result<Option<i64>, StoreError> {
    let select = transaction.prepare_cached("SELECT version FROM world WHERE deployer = ?1");
    context.check(select.and_then(|mut select| select.query_row([deployer], |row| row.get(0)).optional()))
}

/// The state in the file: from the cache, unless another process changed it.
fn load<R: Resources>(
    context: FileContext<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    cache: Option<Cache<R>>,
) -> Result<Cache<R>, StoreError> {
    let version = version(context, transaction, deployer)?.unwrap_or_default();
    if let Some(cache) = cache.filter(|cache| cache.version == version) {
        return Ok(cache);
    }
    // Each part sorts after the parts that contain it.
    let select = "SELECT pointer, value FROM part WHERE deployer = ?1 ORDER BY pointer";
    let mut statement = context.check(transaction.prepare_cached(select))?;
    let mut rows = context.check(statement.query([deployer]))?;
    let mut whole = Value::Null;
    while let Some(row) = context.check(rows.next())? {
        let (pointer, value): (String, String) = context.check(row.try_into())?;
        insert(&mut whole, &pointer, context.json(serde_json::from_str(&value))?);
    }
    let saved: LocalState<R> = context.json(serde_json::from_value(whole))?;
    Ok(Cache { version, working: saved.clone(), saved })
}

/// The file that every error names.
#[derive(Clone, Copy)]
struct FileContext<'a> {
    path: &'a Path,
}

impl FileContext<'_> {
    fn check<T>(self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => StoreError::Busy { path: self.path.into() },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                StoreError::NotADatabase { path: self.path.into(), source }
            }
            _ => StoreError::Sqlite { path: self.path.into(), source },
        })
    }

    fn json<T>(self, result: serde_json::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| StoreError::Content { path: self.path.into(), source })
    }
}

fn to_text(context: FileContext<'_>, value: &impl Serialize) -> Result<String, StoreError> {
    context.json(serde_json::to_string(value))
}

fn from_text<T: DeserializeOwned>(context: FileContext<'_>, text: &str) -> Result<T, StoreError> {
    // Through a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    context.json(serde_json::from_str(text).and_then(serde_json::from_value::<T>))
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
