//! Where the world and its executions are kept: in memory, or in one SQLite file.

use super::error::StoreError;
use super::sqlite::Sqlite;
use super::state::{LocalState, Resources, StoredExecution};
use bifrost_asl::interpreter::{Event, Timeline};
use bifrost_core::cloud::{Call, ExecutionFilter, ExecutionSummary};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a call had its effect, and what it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It did what it was asked.
    Done,
    /// It had its effect, yet its caller was told of an error, or died.
    DoneUnseen,
    /// It had no effect, with this AWS error code.
    Refused(String),
}

/// A call that passed the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call: Call,
    /// What became of it.
    pub effect: Effect,
}

/// Sees each call with the world before and after it. Tests put one into a [`Store`] to check what
/// must hold at every step.
pub type CallWatcher<R> = Box<dyn Fn(&CallRecord, &LocalState<R>, &LocalState<R>) + Send>;

/// A world that clients and engine share.
pub struct Store<R> {
    backend: Mutex<StoreBackend<R>>,
    watchers: Mutex<Vec<CallWatcher<R>>>,
    /// Those who wait for the world's clock. It stands in the world, and only the engine moves it.
    timeline: Timeline,
}

enum StoreBackend<R> {
    Memory { state: Box<LocalState<R>>, executions: IndexMap<String, (StoredExecution, Vec<Event>)> },
    File(Box<Sqlite<R>>),
}

impl<R: Resources> Store<R> {
    /// Keeps the world in memory, for this process alone.
    #[must_use]
    pub fn in_memory(state: LocalState<R>) -> Arc<Self> {
        Self::new(StoreBackend::Memory { state: Box::new(state), executions: IndexMap::new() })
    }

    /// Opens the world of `deployer` in a SQLite file, and makes file and world if they are not there.
    ///
    /// # Errors
    /// If the file is no SQLite file, or holds another kind of world.
    pub fn open(
        path: &Path,
        deployer: &str,
        new_world: impl FnOnce() -> LocalState<R>,
    ) -> Result<Arc<Self>, StoreError> {
        Ok(Self::new(StoreBackend::File(Box::new(Sqlite::open(path, deployer, new_world)?))))
    }

    /// Keeps a world that is in memory, and has no executions yet, in a SQLite file from now on, in the place of
    /// `deployer`'s there, whose executions are forgotten. Those of other deployers stay. A world that is kept in a file
    /// already stays in it.
    ///
    /// # Errors
    /// If the file is no SQLite file, or cannot be written; the world stays in memory then.
    pub fn move_to(&self, path: &Path, deployer: &str) -> Result<(), StoreError> {
        let mut backend = self.backend();
        let StoreBackend::Memory { state, .. } = &*backend else { return Ok(()) };
        if path.exists() {
            super::sqlite::renew(path, deployer, state)?;
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

    /// Lets `watcher` see each call from now on.
    pub fn watch(&self, watcher: CallWatcher<R>) {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Changes the world in one transaction.
    ///
    /// # Errors
    /// If the file cannot be read or written; nothing is changed then.
    pub fn transact<T>(&self, change: impl FnOnce(&mut LocalState<R>) -> T) -> Result<T, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { state, .. } => Ok(change(state)),
            StoreBackend::File(file) => file.transact(change),
        }
    }

    /// Looks at the world.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read<T>(&self, look: impl FnOnce(&LocalState<R>) -> T) -> Result<T, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { state, .. } => Ok(look(state)),
            StoreBackend::File(file) => file.read(look),
        }
    }

    /// The world's time. While the file cannot be read, the last time that could.
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

    /// [`transact`](Self::transact) for a call that the watchers shall see when it is done with. `name` names it for them.
    pub(super) fn transact_watched<T>(
        &self,
        change: impl FnOnce(&mut LocalState<R>) -> (T, Option<Effect>),
        name: impl FnOnce() -> Call,
    ) -> Result<T, StoreError> {
        let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        if watchers.is_empty() {
            return self.transact(|state| change(state).0);
        }
        self.transact(|state| {
            let before = state.clone();
            let (answer, effect) = change(state);
            if let Some(effect) = effect {
                let record = CallRecord { call: name(), effect };
                watchers.iter().for_each(|watch| watch(&record, &before, state));
            }
            answer
        })
    }

    fn backend(&self) -> MutexGuard<'_, StoreBackend<R>> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts a new execution; `false` if its name exists.
    pub(super) fn insert_execution(&self, summary: ExecutionSummary) -> Result<bool, StoreError> {
        let execution = StoredExecution { summary, checkpoint: None };
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

    /// Executions, newest first.
    pub(super) fn executions(
        &self,
        which: &ExecutionFilter,
        at_most: usize,
    ) -> Result<Vec<StoredExecution>, StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                let found = executions.values().rev().map(|(execution, _)| execution);
                Ok(found.filter(|execution| execution.is_one_of(which)).take(at_most).cloned().collect())
            }
            StoreBackend::File(file) => file.executions(which, at_most),
        }
    }

    /// Saves where an execution has come to, with the events since it was last saved, in one transaction.
    pub(super) fn save_execution(&self, execution: StoredExecution, events: Vec<Event>) -> Result<(), StoreError> {
        match &mut *self.backend() {
            StoreBackend::Memory { executions, .. } => {
                let name = execution.summary.name.clone();
                match executions.get_mut(&name) {
                    Some((kept, history)) => {
                        *kept = execution;
                        history.extend(events);
                    }
                    None => drop(executions.insert(name, (execution, events))),
                }
                Ok(())
            }
            StoreBackend::File(file) => file.save_execution(&execution, &events),
        }
    }

    /// The events of an execution after the one of that id, oldest first.
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
