//! The graph of states.

use crate::model::{Machine, State};
use std::collections::{HashMap, HashSet};
use syn::Ident;

pub(crate) struct Graph<'a> {
    machine: &'a Machine,
    states: HashMap<&'a Ident, &'a State>,
}

impl<'a> Graph<'a> {
    pub(crate) fn of(machine: &'a Machine) -> Self {
        Self { machine, states: machine.states.iter().map(|state| (&state.name, state)).collect() }
    }

    pub(crate) fn state(&self, name: &Ident) -> Option<&'a State> {
        self.states.get(name).copied()
    }

    /// Whether all named states exist.
    pub(crate) fn is_closed(&self) -> bool {
        let targets = self.machine.states.iter().flat_map(State::targets);
        targets.chain([&self.machine.start]).all(|target| self.states.contains_key(target))
    }

    /// The states that an execution can enter.
    pub(crate) fn reached(&self) -> HashSet<&'a Ident> {
        self.closure(vec![&self.machine.start], State::targets)
    }

    /// The states that can be entered before any handler has read and written the data. The client's input may lack every
    /// field that has a default.
    pub(crate) fn entered_with_unread_data(&self) -> HashSet<&'a Ident> {
        self.closure(vec![&self.machine.start], State::targets_with_unread_data)
    }

    /// `state` and all states that can be entered after it.
    pub(crate) fn reached_from(&self, state: &'a Ident) -> HashSet<&'a Ident> {
        self.closure(vec![state], State::targets)
    }

    /// The states from which an end state can be reached.
    pub(crate) fn reaching_an_end(&self) -> HashSet<&'a Ident> {
        let mut ending: HashSet<&Ident> = HashSet::new();
        let states = &self.machine.states;
        let ends = |state: &State, ending: &HashSet<&Ident>| {
            let targets = state.targets();
            targets.is_empty() || targets.iter().any(|target| ending.contains(target))
        };
        while let Some(found) = states.iter().find(|state| !ending.contains(&state.name) && ends(state, &ending)) {
            ending.insert(&found.name);
        }
        ending
    }

    /// The states in `todo`, and all that follow them by the transitions of `step`.
    pub(crate) fn closure(
        &self,
        mut todo: Vec<&'a Ident>,
        step: impl Fn(&'a State) -> Vec<&'a Ident>,
    ) -> HashSet<&'a Ident> {
        let mut closure = HashSet::new();
        while let Some(name) = todo.pop() {
            if closure.insert(name)
                && let Some(state) = self.states.get(name)
            {
                todo.extend(step(state));
            }
        }
        closure
    }
}
