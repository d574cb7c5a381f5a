//! A world in one SQLite file, shared by the processes that open it.

use super::error::StoreError;
use super::world::{Resources, StoredExecution, World};
use bifrost_asl::interpreter::Event;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One world a deployer, so that several deployers may share a file; executions and their events beside it, so that a
/// call does not write them again.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS world (deployer TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS execution (
        number INTEGER PRIMARY KEY, deployer TEXT NOT NULL, name TEXT NOT NULL, running INTEGER NOT NULL,
        value TEXT NOT NULL, UNIQUE (deployer, name)) STRICT;
    CREATE TABLE IF NOT EXISTS event (
        deployer TEXT NOT NULL, execution TEXT NOT NULL, id INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (deployer, execution, id)) STRICT, WITHOUT ROWID;
";

/// How long a process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(20);

pub(super) struct Sqlite<R> {
    path: PathBuf,
    deployer: String,
    connection: Connection,
    cache: Cache<R>,
}

/// The world as this process saw it last, and as text, to tell whether a call changed it.
struct Cache<R> {
    version: i64,
    text: String,
    world: World<R>,
}

impl<R: Resources> Sqlite<R> {
    pub(super) fn open(path: &Path, deployer: &str, new_world: impl FnOnce() -> World<R>) -> Result<Self, StoreError> {
        let here = Here { path };
        let mut connection = connect(here)?;
        let transaction = here.check(connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        let cache = match load(here, &transaction, deployer, None)? {
            Some(cache) => cache,
            None => create(here, &transaction, deployer, new_world())?,
        };
        here.check(transaction.commit())?;
        Ok(Self { path: path.into(), deployer: deployer.into(), connection, cache })
    }

    pub(super) fn transact<T>(&mut self, change: impl FnOnce(&mut World<R>) -> T) -> Result<T, StoreError> {
        let here = Here { path: &self.path };
        let transaction = here.check(self.connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        if let Some(newer) = load(here, &transaction, &self.deployer, Some(self.cache.version))? {
            self.cache = newer;
        }
        // The cache holds only what was committed: a change that panics or is not committed leaves no trace.
        let mut world = self.cache.world.clone();
        let answer = change(&mut world);
        let text = to_text(here, &world)?;
        if text != self.cache.text {
            let version = self.cache.version + 1;
            here.check(transaction.execute(
                "UPDATE world SET version = ?2, value = ?3 WHERE deployer = ?1",
                params![self.deployer, version, text],
            ))?;
            here.check(transaction.commit())?;
            self.cache = Cache { version, text, world };
        }
        Ok(answer)
    }

    pub(super) fn read<T>(&mut self, look: impl FnOnce(&World<R>) -> T) -> Result<T, StoreError> {
        self.refresh()?;
        Ok(look(&self.cache.world))
    }

    pub(super) fn now(&mut self) -> DateTime<Utc> {
        if let Err(error) = self.refresh() {
            tracing::warn!(%error, "the world's clock cannot be read");
        }
        self.cache.world.clock
    }

    fn refresh(&mut self) -> Result<(), StoreError> {
        let here = Here { path: &self.path };
        let transaction = here.check(self.connection.transaction())?;
        if let Some(newer) = load(here, &transaction, &self.deployer, Some(self.cache.version))? {
            self.cache = newer;
        }
        Ok(())
    }

    pub(super) fn file_execution(&mut self, execution: &StoredExecution) -> Result<bool, StoreError> {
        let here = Here { path: &self.path };
        let text = to_text(here, execution)?;
        let rows = here.check(self.connection.execute(
            "INSERT INTO execution (deployer, name, running, value) VALUES (?1, ?2, 1, ?3) ON CONFLICT DO NOTHING",
            params![self.deployer, execution.summary.name, text],
        ))?;
        Ok(rows == 1)
    }

    pub(super) fn execution(&mut self, name: &str) -> Result<Option<StoredExecution>, StoreError> {
        let here = Here { path: &self.path };
        let text = self.connection.query_row(
            "SELECT value FROM execution WHERE deployer = ?1 AND name = ?2",
            params![self.deployer, name],
            |row| row.get::<_, String>(0),
        );
        here.check(text.optional())?.map(|text| from_text(here, &text)).transpose()
    }

    pub(super) fn executions(&mut self, running_only: bool) -> Result<Vec<StoredExecution>, StoreError> {
        self.query(
            "SELECT value FROM execution WHERE deployer = ?1 AND running >= ?2 ORDER BY number DESC",
            params![self.deployer.clone(), running_only],
        )
    }

    pub(super) fn save_execution(&mut self, execution: &StoredExecution, events: &[Event]) -> Result<(), StoreError> {
        let here = Here { path: &self.path };
        let text = to_text(here, execution)?;
        let summary = &execution.summary;
        let running = summary.stop_date.is_none();
        let transaction = here.check(self.connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
        here.check(transaction.execute(
            "UPDATE execution SET running = ?3, value = ?4 WHERE deployer = ?1 AND name = ?2",
            params![self.deployer, summary.name, running, text],
        ))?;
        for event in events {
            here.check(transaction.execute(
                "INSERT OR REPLACE INTO event (deployer, execution, id, value) VALUES (?1, ?2, ?3, ?4)",
                params![self.deployer, summary.name, event.id, to_text(here, event)?],
            ))?;
        }
        here.check(transaction.commit())
    }

    pub(super) fn history(&mut self, name: &str, after: u64) -> Result<Vec<Event>, StoreError> {
        self.query(
            "SELECT value FROM event WHERE deployer = ?1 AND execution = ?2 AND id > ?3 ORDER BY id",
            params![self.deployer.clone(), name, after],
        )
    }

    fn query<T: DeserializeOwned>(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Vec<T>, StoreError> {
        let here = Here { path: &self.path };
        let mut statement = here.check(self.connection.prepare_cached(sql))?;
        let rows = here.check(statement.query_map(parameters, |row| row.get::<_, String>(0)))?;
        rows.map(|text| from_text(here, &here.check(text)?)).collect()
    }
}

fn connect(here: Here<'_>) -> Result<Connection, StoreError> {
    if let Some(folder) = here.path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Io { path: folder.into(), source })?;
    }
    let connection = here.check(Connection::open(here.path))?;
    here.check(connection.busy_timeout(BUSY))?;
    here.check(connection.execute_batch(SCHEMA))?;
    Ok(connection)
}

/// Puts a new world in the place of a deployer's, and forgets its executions, in one transaction.
pub(super) fn renew<R: Resources>(path: &Path, deployer: &str, world: &World<R>) -> Result<(), StoreError> {
    let here = Here { path };
    let mut connection = connect(here)?;
    let transaction = here.check(connection.transaction_with_behavior(TransactionBehavior::Immediate))?;
    for table in ["execution", "event"] {
        let delete = format!("DELETE FROM {table} WHERE deployer = ?1");
        here.check(transaction.execute(&delete, params![deployer]))?;
    }
    // The version goes on: a process that has the old world in its cache must see that there is another.
    let upsert = "INSERT INTO world (deployer, version, value) VALUES (?1, 1, ?2)
        ON CONFLICT (deployer) DO UPDATE SET version = version + 1, value = excluded.value";
    here.check(transaction.execute(upsert, params![deployer, to_text(here, world)?]))?;
    here.check(transaction.commit())
}

fn load<R: Resources>(
    here: Here<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    known: Option<i64>,
) -> Result<Option<Cache<R>>, StoreError> {
    let row = transaction
        .prepare_cached("SELECT version, value FROM world WHERE deployer = ?1 AND version IS NOT ?2")
        .and_then(|mut select| {
            select.query_row(params![deployer, known], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).optional()
        });
    let Some((version, text)) = here.check(row)? else {
        return Ok(None);
    };
    let world = from_text(here, &text)?;
    Ok(Some(Cache { version, text, world }))
}

fn create<R: Resources>(
    here: Here<'_>,
    transaction: &Transaction<'_>,
    deployer: &str,
    world: World<R>,
) -> Result<Cache<R>, StoreError> {
    let text = to_text(here, &world)?;
    let insert = "INSERT INTO world (deployer, version, value) VALUES (?1, 1, ?2)";
    here.check(transaction.execute(insert, params![deployer, text]))?;
    Ok(Cache { version: 1, text, world })
}

/// The file, to be named in every error.
#[derive(Clone, Copy)]
struct Here<'a> {
    path: &'a Path,
}

impl Here<'_> {
    fn check<T>(self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|source| match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => StoreError::Busy { path: self.path.into() },
            _ => StoreError::Sqlite { path: self.path.into(), source },
        })
    }
}

fn to_text(here: Here<'_>, value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| unreadable(here, &error))
}

fn from_text<T: DeserializeOwned>(here: Here<'_>, text: &str) -> Result<T, StoreError> {
    // By way of a `Value`: enums that serde buffers cannot read numbers of arbitrary precision from text.
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| unreadable(here, &error))?;
    serde_json::from_value(value).map_err(|error| unreadable(here, &error))
}

fn unreadable(here: Here<'_>, error: &serde_json::Error) -> StoreError {
    StoreError::Unreadable { path: here.path.into(), reason: error.to_string() }
}
