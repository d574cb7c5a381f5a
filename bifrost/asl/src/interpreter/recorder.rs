//! Recorders of histories.

use std::cell::RefCell;

use super::event::Event;
use super::execution::Checkpoint;

/// Stores the history and the progress of a running execution.
pub trait Recorder {
    /// Stores the next event.
    fn record(&self, event: Event);

    /// Saves the progress after a state of the machine's own flow was entered and its event recorded.
    ///
    /// # Errors
    /// [`RecorderError`] if the progress cannot be saved. The execution then stops as after a crash.
    fn checkpoint(&self, progress: &Checkpoint) -> Result<(), RecorderError>;
}

/// The progress of an execution cannot be saved.
#[derive(Debug, thiserror::Error)]
#[error("cannot save the progress of the execution: {0}")]
pub struct RecorderError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Stores events and checkpoint in memory.
#[derive(Debug, Default)]
pub struct MemoryRecorder {
    events: RefCell<Vec<Event>>,
    checkpoint: RefCell<Option<Checkpoint>>,
}

impl MemoryRecorder {
    /// The events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// The last checkpoint, if a state was entered.
    #[must_use]
    pub fn last_checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint.borrow().clone()
    }
}

impl Recorder for MemoryRecorder {
    fn record(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn checkpoint(&self, progress: &Checkpoint) -> Result<(), RecorderError> {
        self.checkpoint.replace(Some(progress.clone()));
        Ok(())
    }
}

/// Stores nothing. Child executions use it, as their histories are not available.
pub(super) struct NullRecorder;

impl Recorder for NullRecorder {
    fn record(&self, _event: Event) {}

    fn checkpoint(&self, _at: &Checkpoint) -> Result<(), RecorderError> {
        Ok(())
    }
}
