//! The current states of all branches of an execution, so that the history can show which were aborted.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::event::{EventDetails, EventType};
use super::failure::Stop;
use super::run::Run;
use crate::{State, StateKind, StateName};

/// The position of one branch: the state that it is in, and the branches inside of that state.
#[derive(Debug, Default)]
pub(super) struct Position {
    entered: RefCell<Option<Entered>>,
    branches: RefCell<Vec<Rc<Position>>>,
    /// The `Map` and the index, if this is an iteration.
    iteration: Option<(StateName, u64)>,
    is_over: Cell<bool>,
}

/// A state that can be aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entered {
    Task,
    Wait,
    Parallel,
    Map,
}

impl Position {
    pub(super) fn enter(&self, state: &State) {
        *self.entered.borrow_mut() = match state.kind {
            StateKind::Task(_) => Some(Entered::Task),
            StateKind::Wait(_) => Some(Entered::Wait),
            StateKind::Parallel(_) => Some(Entered::Parallel),
            StateKind::Map(_) => Some(Entered::Map),
            StateKind::Pass(_) | StateKind::Choice(_) | StateKind::Succeed | StateKind::Fail(_) => None,
        };
    }

    /// Call it when the state has ended, or has recorded its failure with an event of its own.
    pub(super) fn leave(&self) {
        self.entered.borrow_mut().take();
    }

    /// Call it when the branch has ended.
    pub(super) fn end(&self) {
        self.is_over.set(true);
    }

    /// Adds a branch of the current state.
    pub(super) fn branch(&self, iteration: Option<(StateName, u64)>) -> Rc<Self> {
        let branch = Rc::new(Self { iteration, ..Self::default() });
        self.branches.borrow_mut().push(Rc::clone(&branch));
        branch
    }

    /// Records that the event `failure` aborted the branches, and removes them.
    pub(super) fn abort_branches(&self, run: &Run<'_>, failure: u64) -> Result<(), Stop> {
        let branches = std::mem::take(&mut *self.branches.borrow_mut());
        branches.iter().filter(|branch| !branch.is_over.get()).try_for_each(|branch| branch.abort(run, failure))
    }

    /// Records that this branch was aborted.
    fn abort(&self, run: &Run<'_>, failure: u64) -> Result<(), Stop> {
        if let Some((name, index)) = &self.iteration {
            let details = EventDetails { name: Some(name.clone()), index: Some(*index), ..EventDetails::default() };
            run.record(failure, EventType::MapIterationAborted, details)?;
        }
        self.abort_state(run, failure)
    }

    /// Records that the current state was aborted.
    pub(super) fn abort_state(&self, run: &Run<'_>, failure: u64) -> Result<(), Stop> {
        self.abort_branches(run, failure)?;
        let aborted = match self.entered.borrow_mut().take() {
            Some(Entered::Task) => EventType::TaskStateAborted,
            Some(Entered::Wait) => EventType::WaitStateAborted,
            Some(Entered::Parallel) => EventType::ParallelStateAborted,
            Some(Entered::Map) => EventType::MapStateAborted,
            None => return Ok(()),
        };
        run.record(failure, aborted, EventDetails::default())?;
        Ok(())
    }
}
