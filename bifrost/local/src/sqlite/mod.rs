//! A local cloud in one SQLite file, shared by the processes that open it.

mod audit_file;
mod file;
mod parts;

pub use audit_file::{AuditFile, audit_logs, open_audit};
pub(super) use parts::replace;

use super::error::StoreError;
use super::state::{LocalState, Resources, StoredExecution};
use bifrost_asl::interpreter::Event;
use bifrost_core::cloud::{ExecutionFilter, ExecutionStatus};
use chrono::{DateTime, Utc};
use file::{FileContext, connect, create_tables, from_text, to_text};
use parts::{Cache, load, version, write, write_all};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::path::{Path, PathBuf};

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
            cache.versions = write(context, &transaction, &self.deployer, &changed, cache.versions)?;
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

    /// Executions, newest first: all, or those that started before the one with the name `before`. Parses only those that can match.
    pub(super) fn executions(
        &mut self,
        filter: &ExecutionFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredExecution>, StoreError> {
        let context = FileContext { path: &self.path };
        let running = if filter.status == Some(ExecutionStatus::Running) { "AND running" } else { "" };
        let select = format!(
            "SELECT name, value FROM execution WHERE deployer = ?1 {running}
             AND (?2 IS NULL OR number < (SELECT number FROM execution WHERE deployer = ?1 AND name = ?2))
             ORDER BY number DESC"
        );
        let mut statement = context.check(self.connection.prepare_cached(&select))?;
        let mut rows = context.check(statement.query(params![self.deployer, before]))?;
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

#[cfg(test)]
mod tests;
