//! Stores a local cloud and its executions: in memory, or in one SQLite file.

use super::error::StoreError;
use super::sqlite::Sqlite;
use super::state::{LocalState, Resources, StoredExecution};
use bifrost_asl::interpreter::{Event, Redrive, Timeline};
use bifrost_core::cloud::{Call, ExecutionFilter, ExecutionSummary};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The effect of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The call took effect and returned its result.
    Done,
    /// The call took effect, but returned an error, or its caller crashed.
    DoneUnreported,
    /// The call had no effect and returned this AWS error code.
    Refused(String),
}

/// A call and its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call: Call,
    /// Its effect.
    pub effect: Effect,
}

/// A function that sees each call, with the state before and after it. Tests add one to a [`Store`] to check what must
/// hold at every call.
pub type CallWatcher<R> = Box<dyn Fn(&CallRecord, &LocalState<R>, &LocalState<R>) + Send>;

/// A local cloud that clients and engine share.
pub struct Store<R> {
    backend: Mutex<StoreBackend<R>>,
    watchers: Mutex<Vec<CallWatcher<R>>>,
    /// Futures that wait for the clock of the local cloud. The state holds the clock; only the engine moves it.
    timeline: Timeline,
}

enum StoreBackend<R> {
    Memory { state: Box<LocalState<R>>, executions: IndexMap<String, (StoredExecution, Vec<Event>)> },
    File(Box<Sqlite<R>>),
}

impl<R: Resources> Store<R> {
    /// A local cloud in the memory of this process.
    #[must_use]
    pub fn in_memory(state: LocalState<R>) -> Arc<Self> {
        Self::new(StoreBackend::Memory { state: Box::new(state), executions: IndexMap::new() })
    }

    /// Opens the local cloud of `deployer`, by its name in AWS, in an SQLite file. Creates the file and the local cloud if they do not
    /// exist.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read or written, or is not a local cloud of this version.
    pub fn open(
        path: &Path,
        deployer: &str,
        new_state: impl FnOnce() -> LocalState<R>,
    ) -> Result<Arc<Self>, StoreError> {
        Ok(Self::new(StoreBackend::File(Box::new(Sqlite::open(path, deployer, new_state)?))))
    }

    /// Moves a local cloud without executions from memory to an SQLite file. It replaces the local cloud of `deployer`,
    /// by its name in AWS, in that file, and deletes its executions; other deployers keep theirs. Does nothing if the local cloud is
    /// already in a file.
    ///
    /// # Errors
    /// [`StoreError`] if the file is not an SQLite database, belongs to another program, or cannot be written. The
    /// local cloud is then still in memory.
    pub fn move_to(&self, path: &Path, deployer: &str) -> Result<(), StoreError> {
        let mut backend = self.backend();
        let StoreBackend::Memory { state, .. } = &*backend else { return Ok(()) };
        if path.exists() {
            super::sqlite::replace(path, deployer, state)?;
        }
        let file = Sqlite::open(path, deployer, || LocalState::clone(state))?;
        *backend = StoreBackend::File(Box::new(file));
        Ok(())
    }

    fn new(backend: StoreBackend<R>) -> Arc<Self> {
        Arc::new(Self {
            backend: Mutex::new(backend),
            watchers: Mutex::default(),
            timeline: Timeline::new(DateTime::<Utc>::MIN_UTC),
        })
    }

    /// Adds a watcher, which sees each call from now on.
    pub fn watch(&self, watcher: CallWatcher<R>) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Changes the state in one transaction.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read or written. The state is then unchanged.
    pub fn transact<T>(&self, change: impl FnOnce(&mut LocalState<R>) -> T) -> Result<T, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { state, .. } => Ok(change(state)),
            StoreBackend::File(file) => file.transact(change),
        }
    }

    /// Reads the state.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be read.
    pub fn read<T>(&self, read: impl FnOnce(&LocalState<R>) -> T) -> Result<T, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { state, .. } => Ok(read(state)),
            StoreBackend::File(file) => file.read(read),
        }
    }

    /// The time of the local cloud. While the file cannot be read, the last time that could be read.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match &mut *self.backend() {
            StoreBackend::Memory { state, .. } => state.clock,
            StoreBackend::File(file) => file.now(),
        }
    }

    pub(super) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// [`transact`](Self::transact) for a call that watchers see when it has ended: when `change` returns an
    /// [`Effect`].
    pub(super) fn transact_watched<T>(
        &self,
        change: impl FnOnce(&mut LocalState<R>) -> (T, Option<Effect>),
        call: impl FnOnce() -> Call,
    ) -> Result<T, StoreError> {
        let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        if watchers.is_empty() {
            return self.transact(|state| change(state).0);
        }
        self.transact(|state| {
            let before = state.clone();
            let (answer, effect) = change(state);
            if let Some(effect) = effect {
                let record = CallRecord { call: call(), effect };
                watchers.iter().for_each(|watch| watch(&record, &before, state));
            }
            answer
        })
    }

    fn backend(&self) -> MutexGuard<'_, StoreBackend<R>> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts a new execution; returns `false` if an execution of that name exists.
    pub(super) fn insert_execution(&self, summary: ExecutionSummary) -> Result<bool, StoreError> {
        let execution = StoredExecution { summary, checkpoint: None, redrive: Redrive::default() };
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                let name = execution.summary.name.clone();
                let new = !executions.contains_key(&name);
                if new {
                    executions.insert(name, (execution, Vec::new()));
                }
                Ok(new)
            }
            StoreBackend::File(file) => file.insert_execution(&execution),
        }
    }

    pub(super) fn execution(&self, name: &str) -> Result<Option<StoredExecution>, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => Ok(executions.get(name).map(|(execution, _)| execution.clone())),
            StoreBackend::File(file) => file.execution(name),
        }
    }

    /// Executions, newest first: all, or those that started before the one with the name `before`.
    pub(super) fn executions(
        &self,
        filter: &ExecutionFilter,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredExecution>, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                let end = before.and_then(|name| executions.get_index_of(name)).unwrap_or(executions.len());
                let found = executions.values().take(end).rev().map(|(execution, _)| execution);
                Ok(found.filter(|execution| execution.matches(filter)).take(limit).cloned().collect())
            }
            StoreBackend::File(file) => file.executions(filter, before, limit),
        }
    }

    /// Saves the progress of an execution, with the events since it was last saved, in one transaction. Returns `false`
    /// and saves nothing if it is no longer running: somebody stopped it.
    pub(super) fn save_execution(&self, execution: StoredExecution, events: Vec<Event>) -> Result<bool, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                let found = executions.get_mut(&execution.summary.name);
                let Some((stored, history)) = found.filter(|(stored, _)| stored.is_running()) else { return Ok(false) };
                *stored = execution;
                history.extend(events);
                Ok(true)
            }
            StoreBackend::File(file) => file.save_execution(&execution, &events),
        }
    }

    /// Changes an execution in one transaction, and adds the event that `change` returns. `change` receives the id of the
    /// last event. Returns `None` if the execution does not exist.
    pub(super) fn change_execution<T>(
        &self,
        name: &str,
        change: impl FnOnce(&mut StoredExecution, u64) -> (T, Option<Event>),
    ) -> Result<Option<T>, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => Ok(executions.get_mut(name).map(|(stored, history)| {
                let (answer, event) = change(stored, history.last().map_or(0, |event| event.id));
                history.extend(event);
                answer
            })),
            StoreBackend::File(file) => file.change_execution(name, change),
        }
    }

    /// The events of an execution with ids greater than `after`, oldest first.
    pub(super) fn history(&self, name: &str, after: u64) -> Result<Vec<Event>, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                Ok(executions.get(name).map_or_else(Vec::new, |(_, history)| {
                    history.iter().filter(|event| event.id > after).cloned().collect()
                }))
            }
            StoreBackend::File(file) => file.history(name, after),
        }
    }
}
