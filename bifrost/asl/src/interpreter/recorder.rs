//! Where a history goes.

use std::cell::RefCell;

use super::event::Event;
use super::execution::Checkpoint;

/// Keeps the history and the progress of an execution, as it runs.
pub trait Recorder {
    /// Takes the next event.
    fn record(&self, event: Event);

    /// Saves the progress: a state of the machine's own flow was entered, and that event has been recorded.
    ///
    /// # Errors
    /// When it could not be saved. The execution goes no further, as after the death of its process.
    fn checkpoint(&self, at: &Checkpoint) -> Result<(), RecorderError>;
}

/// The progress of an execution could not be saved.
#[derive(Debug, thiserror::Error)]
#[error("the progress of the execution could not be saved: {0}")]
pub struct RecorderError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Keeps everything in memory.
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

    fn checkpoint(&self, at: &Checkpoint) -> Result<(), RecorderError> {
        self.checkpoint.replace(Some(at.clone()));
        Ok(())
    }
}

/// Keeps nothing. Child executions use it, as nobody reads their histories.
pub(super) struct NullRecorder;

impl Recorder for NullRecorder {
    fn record(&self, _event: Event) {}

    fn checkpoint(&self, _at: &Checkpoint) -> Result<(), RecorderError> {
        Ok(())
    }
}
