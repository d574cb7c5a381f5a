//! Checks that nothing changes before the lock is taken, and that the lock is given back after the last change.

use crate::graph::Graph;
use crate::model::{Catch, Kind, Machine, Mark, On, State, Task};
use std::collections::{HashSet, VecDeque};
use syn::{Error, Ident};

/// The variant of an error that promises that the lock is not held.
const REFUSED: &str = "LockExists";

/// Every task but those that validate and lock needs the lock, and so does `Success`.
pub(super) fn needed(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let early = graph.closure(vec![&machine.start], before_the_lock);
    let early = machine.states.iter().filter(|state| early.contains(&state.name) && needs_lock(state));
    early
        .map(|State { name, .. }| {
            let fault =
                if name == "Success" { "can be reached without the lock" } else { "can run before the lock is taken" };
            let kind = if name == "Success" { "state" } else { "task" };
            Error::new(name.span(), format!("{kind} `{name}` {fault}"))
        })
        .collect()
}

/// A task that cleans up must not run for a release that was refused: another execution may have deployed it.
fn needs_lock(state: &State) -> bool {
    let is_task = state.task().is_some() && !state.is(Mark::Validates) && !state.is(Mark::Locks);
    is_task || matches!(state.kind, Kind::Succeed)
}

/// The states that may follow without the lock. A task that needs the lock is reported itself, so the states after it are not.
fn before_the_lock(state: &State) -> Vec<&Ident> {
    match &state.kind {
        Kind::Task(task) if task.marks.has(Mark::Locks) => {
            task.catches.iter().filter(|catch| is_refused(catch)).map(|catch| &catch.next).collect()
        }
        _ if needs_lock(state) => vec![],
        _ => state.targets(),
    }
}

fn is_refused(catch: &Catch) -> bool {
    match &catch.on {
        On::All(_) => false,
        On::Error(path) => path.segments.last().is_some_and(|variant| variant.ident == REFUSED),
    }
}

/// A deploy that took the lock gives it back before it ends, except in `FailureDirty`, and changes nothing after that.
pub(super) fn kept(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let mut walk = Walk::from(machine);
    let mut errors = Vec::new();
    while let Some(index) = walk.todo.pop_front() {
        let Some(Step { state, must_unlock, .. }) = walk.steps.get(index) else { break };
        for (target, must_unlock) in transitions(state, *must_unlock) {
            let Some(state) = graph.state(target) else { continue };
            if must_unlock && (target == "Success" || target == "FailureClean") {
                errors.push(walk.error(index, target));
            }
            walk.enter(Step { state, must_unlock, before: Some(index) });
        }
    }
    errors
}

/// A fenced task always fails after its execution gave the lock back.
pub(super) fn after_unlock(machine: &Machine, graph: &Graph) -> Vec<Error> {
    let unlocks = machine.states.iter().filter(|state| state.is(Mark::Unlocks));
    let next = unlocks.filter_map(|state| Some((&state.name, &state.task()?.next)));
    let is_fenced =
        |name: &&Ident| graph.state(name).and_then(State::task).is_some_and(|task| task.marks.role().is_none());
    let wrong = next.filter_map(|(unlock, next)| {
        let followers = graph.closure(vec![next], until_a_task);
        let fenced =
            machine.states.iter().map(|state| &state.name).find(|name| followers.contains(name) && is_fenced(name))?;
        let message =
            format!("`{fenced}` needs the lock, but `{unlock}` gives it back before: unlock after the last task");
        Some(Error::new(next.span(), message))
    });
    wrong.collect()
}

fn until_a_task(state: &State) -> Vec<&Ident> {
    if state.task().is_some() { vec![] } else { state.targets() }
}

/// The states that may follow, each with whether the lock must be given back after it is entered.
fn transitions(state: &State, must_unlock: bool) -> Vec<(&Ident, bool)> {
    let Kind::Task(Task { marks, next, catches, .. }) = &state.kind else {
        return state.targets().into_iter().map(|target| (target, must_unlock)).collect();
    };
    // A refused lock has nothing to give back. Any other error may have come after the change.
    let caught = catches.iter().map(|catch| (&catch.next, !(marks.has(Mark::Locks) && is_refused(catch))));
    std::iter::once((next, !marks.has(Mark::Unlocks))).chain(caught).collect()
}

/// A breadth-first walk over the states from the lock on, so that the paths in messages are short.
struct Walk<'a> {
    steps: Vec<Step<'a>>,
    todo: VecDeque<usize>,
    entered: HashSet<(&'a Ident, bool)>,
}

struct Step<'a> {
    state: &'a State,
    must_unlock: bool,
    /// The index of the step before.
    before: Option<usize>,
}

impl<'a> Walk<'a> {
    fn from(machine: &'a Machine) -> Self {
        let mut walk = Self { steps: Vec::new(), todo: VecDeque::new(), entered: HashSet::new() };
        if let Some(state) = machine.states.iter().find(|state| state.is(Mark::Locks)) {
            walk.enter(Step { state, must_unlock: true, before: None });
        }
        walk
    }

    fn enter(&mut self, step: Step<'a>) {
        // What follows a task does not depend on what was before it.
        let must_unlock = step.must_unlock || step.state.task().is_some();
        if self.entered.insert((&step.state.name, must_unlock)) {
            self.todo.push_back(self.steps.len());
            self.steps.push(step);
        }
    }

    fn error(&self, last: usize, end: &Ident) -> Error {
        let path = self.path(last);
        let names: Vec<_> = path.iter().map(|step| step.state.name.to_string()).collect();
        // The step after an unlock says whether it succeeded.
        let given_back = path.iter().skip(1).any(|step| !step.must_unlock);
        let fault = if given_back { "with changes after the last unlock" } else { "with the lock held" };
        let message = format!(
            "`{end}` can be reached {fault} ({} → {end}): put a task marked `unlocks` before it",
            names.join(" → ")
        );
        Error::new(end.span(), message)
    }

    /// The steps from the lock to the step at `index`.
    fn path(&self, mut index: usize) -> Vec<&Step<'a>> {
        let mut path = Vec::new();
        while let Some(step) = self.steps.get(index) {
            path.push(step);
            match step.before {
                Some(before) => index = before,
                None => break,
            }
        }
        path.reverse();
        path
    }
}
