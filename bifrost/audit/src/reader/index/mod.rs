//! The index of a log in SQLite: fast lists, made from the entries at will, and never the truth.

mod fill;
mod people;
mod query;

use super::chain::BundledDay;
use super::error::IndexError;
use crate::log::{self, SignedCheckpoint};
use crate::source::LogSource;
use bifrost_core::cloud::{CHECKPOINT_KEY, LogHead};
use bifrost_core::json;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks a file as an index of an audit log: `bfAI`.
const APPLICATION_ID: i32 = 0x6266_4149;

/// The version of the tables. An index of another version is made again.
const LAYOUT: i32 = 2;

/// How long to wait for another process that updates the same file.
const BUSY: Duration = Duration::from_secs(20);

const SCHEMA: &str = include_str!("schema.sql");

/// The index of an audit log.
///
/// It holds exactly the entries to which the checkpoint commits, because it computes their root. It does not check signatures, nor
/// whether the log is consistent with an earlier checkpoint: `verify` does.
#[derive(Debug)]
pub struct Index {
    db: Connection,
    path: Option<PathBuf>,
    state: State,
    bundles: BundledDay,
}

/// Which log is in the index.
#[derive(Debug, Clone, Default)]
struct State {
    origin: String,
    head: LogHead,
}

/// What the log has that the index cannot show.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// The index of the log entry.
    pub entry: u64,
    /// What is wrong with it, and what to do.
    pub text: String,
}

impl Index {
    /// Opens the index in a file, or makes one in memory, and brings it to the state of the log: reads entries that it does not have, or
    /// all, if the log does not extend what it has. A log without a checkpoint is empty.
    ///
    /// # Errors
    /// [`IndexError`].
    pub async fn open(path: Option<&Path>, source: &dyn LogSource) -> Result<Self, IndexError> {
        let path = path.map(Path::to_owned);
        let sqlite = |source| IndexError::Sqlite { path: path.clone(), source };
        let db = match &path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        };
        let db = db.map_err(sqlite)?;
        db.busy_timeout(BUSY).map_err(sqlite)?;
        let mut index = Self { db, path, state: State::default(), bundles: BundledDay::default() };
        if !index.is_ours()? {
            return Err(IndexError::Foreign(index.path.unwrap_or_default()));
        }
        index.refresh(source).await?;
        Ok(index)
    }

    /// Brings the index to the state of the log.
    ///
    /// # Errors
    /// [`IndexError`]; the index is as before.
    pub async fn refresh(&mut self, source: &dyn LogSource) -> Result<(), IndexError> {
        let checkpoint = source.get(CHECKPOINT_KEY).await?;
        let checkpoint = checkpoint.map(|body| SignedCheckpoint::parse(&body)).transpose();
        let checkpoint = checkpoint.map_err(|error| IndexError::Checkpoint(error.to_string()))?;
        self.sql(|db| db.execute_batch("BEGIN IMMEDIATE"))?;
        let updated = self.update(source, checkpoint.as_ref()).await;
        let end = if updated.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.sql(|db| db.execute_batch(end));
        self.state = updated?;
        self.bundles = BundledDay::default();
        ended
    }

    /// Bundles of records that were read.
    pub(super) fn bundles(&mut self) -> &mut BundledDay {
        &mut self.bundles
    }

    /// The origin of the log, `<prefix>audit/<account>/<region>`. Empty if the log is.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.state.origin
    }

    /// How many entries the log has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.state.head.size
    }

    /// The root of the entries, in base64, as the checkpoint has it.
    #[must_use]
    pub fn root(&self) -> String {
        log::root(&self.state.head).map(|root| root.to_string()).unwrap_or_default()
    }

    /// Entries that the index cannot show: of a later version, or garbage.
    ///
    /// # Errors
    /// [`IndexError::Sqlite`].
    pub fn notices(&self) -> Result<Vec<Notice>, IndexError> {
        self.sql(|db| {
            let mut found = db.prepare_cached("SELECT entry, text FROM notice ORDER BY entry")?;
            let rows = found.query_map([], |row| Ok(Notice { entry: row.get(0)?, text: row.get(1)? }))?;
            rows.collect()
        })
    }

    async fn update(&mut self, source: &dyn LogSource, to: Option<&SignedCheckpoint>) -> Result<State, IndexError> {
        let found = self.load()?;
        let Some(to) = to else {
            self.clear()?;
            return Ok(State::default());
        };
        let extends = found.filter(|state| state.origin == to.origin && state.head.size <= to.size);
        if let Some(state) = extends {
            match fill::extend(self, source, state.head, to).await {
                // The log does not extend what the index has: somebody replaced the log, and `verify` says so.
                Err(IndexError::RootDiffers { .. }) => {}
                result => return self.store(to, result?),
            }
        }
        self.clear()?;
        let head = fill::extend(self, source, LogHead::default(), to).await?;
        self.store(to, head)
    }

    /// What the file has. `None` if it is empty or has another layout.
    fn load(&self) -> Result<Option<State>, IndexError> {
        self.sql(|db| {
            let layout: i32 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if layout != LAYOUT {
                return Ok(None);
            }
            let row =
                db.query_row("SELECT origin, head FROM state", [], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
            let Some((origin, head)) = row.optional()? else { return Ok(None) };
            let head = json::from_slice(head.as_bytes()).ok().filter(|head| log::root(head).is_ok());
            Ok(head.map(|head| State { origin, head }))
        })
    }

    fn store(&self, to: &SignedCheckpoint, head: LogHead) -> Result<State, IndexError> {
        let text = serde_json::to_string(&head).unwrap_or_default();
        let sql = "INSERT OR REPLACE INTO state (one, origin, head) VALUES (1, ?, ?)";
        self.sql(|db| db.execute(sql, params![to.origin, text]))?;
        Ok(State { origin: to.origin.clone(), head })
    }

    /// Empties the index.
    fn clear(&self) -> Result<(), IndexError> {
        self.sql(|db| {
            let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
            let tables: Vec<String> =
                db.prepare(tables)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for table in tables {
                db.execute_batch(&format!("DROP TABLE \"{}\"", table.replace('"', "\"\"")))?;
            }
            db.execute_batch(SCHEMA)?;
            db.pragma_update(None, "application_id", APPLICATION_ID)?;
            db.pragma_update(None, "user_version", LAYOUT)
        })
    }

    /// Whether the file is an index, or empty. Nothing else is overwritten.
    fn is_ours(&self) -> Result<bool, IndexError> {
        let found = self.db.query_row("PRAGMA application_id", [], |row| row.get::<_, i32>(0)).and_then(|id| {
            let tables = self.db.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))?;
            Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
        });
        match found {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Ok(false),
            found => found.map_err(|source| IndexError::Sqlite { path: self.path.clone(), source }),
        }
    }

    fn sql<T>(&self, run: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, IndexError> {
        run(&self.db).map_err(|source| IndexError::Sqlite { path: self.path.clone(), source })
    }
}
