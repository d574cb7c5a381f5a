//! A definition as a set of states and a set of transitions, which can be compared.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::values::{FieldPath, Step};
use super::{DefinitionEdge, EdgeReason};
use crate::outline::{ExitReason, FlowField, Outline, OutlineState};
use crate::problem::Location;

#[derive(Debug, Default)]
pub(super) struct Definition<'d> {
    pub(super) states: IndexMap<Key<'d>, StateEntry<'d>>,
    /// The target of each transition.
    pub(super) edges: IndexMap<EdgeKey<'d>, &'d str>,
}

/// A state, by the names of the states around it and its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key<'d> {
    names: Vec<&'d str>,
    /// Which of the states with these names: in an invalid definition several branches may have one.
    copy: usize,
}

#[derive(Debug)]
pub(super) struct StateEntry<'d> {
    pub(super) value: &'d Value,
    /// The fields with the names of the next states.
    pub(super) targets: HashSet<FieldPath<'d>>,
    /// The fields with the states of its flows.
    pub(super) flows: HashSet<FieldPath<'d>>,
    /// The state around it, and the field in which it is there.
    pub(super) container: Option<(Key<'d>, FieldPath<'d>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct EdgeKey<'d> {
    from: Key<'d>,
    reason: EdgeReason,
    /// Which of the state's transitions with this reason: two catchers may have the same errors.
    copy: usize,
}

impl<'d> Definition<'d> {
    pub(super) fn of(definition: &'d Value) -> Self {
        let mut all = Self::default();
        all.add_flow(&Outline::of(definition, Location::default()), None);
        all
    }

    fn add_flow(&mut self, flow: &Outline<'d>, container: Option<&(Key<'d>, FieldPath<'d>)>) {
        for state in flow.states.values() {
            let mut names = container.map(|(key, _)| key.names.clone()).unwrap_or_default();
            names.push(state.name);
            let mut key = Key { names, copy: 0 };
            while self.states.contains_key(&key) {
                key.copy += 1;
            }
            self.add_edges(&key, state);
            self.states.insert(key.clone(), StateEntry::of(state, container.cloned()));
            for inner in &state.flows {
                self.add_flow(&inner.flow, Some(&(key.clone(), states_field(inner.field))));
            }
        }
    }

    fn add_edges(&mut self, from: &Key<'d>, state: &OutlineState<'d>) {
        for exit in &state.exits {
            let mut key = EdgeKey { from: from.clone(), reason: exit.reason.into(), copy: 0 };
            while self.edges.contains_key(&key) {
                key.copy += 1;
            }
            self.edges.insert(key, exit.target);
        }
    }
}

impl<'d> StateEntry<'d> {
    fn of(state: &OutlineState<'d>, container: Option<(Key<'d>, FieldPath<'d>)>) -> Self {
        Self {
            value: state.value,
            targets: state.exits.iter().map(|exit| target_field(exit.reason)).collect(),
            flows: state.flows.iter().map(|inner| states_field(inner.field)).collect(),
            container,
        }
    }

    pub(super) fn kind(&self) -> Option<String> {
        self.value.get("Type").and_then(Value::as_str).map(str::to_owned)
    }
}

impl std::fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names.join("."))
    }
}

impl EdgeKey<'_> {
    /// The transition to `target`, a state of the same flow.
    pub(super) fn edge(&self, target: &str) -> DefinitionEdge {
        let mut to = self.from.clone();
        to.names.pop();
        to.names.push(target);
        DefinitionEdge { from: self.from.to_string(), to: to.to_string(), reason: self.reason.clone() }
    }
}

impl From<ExitReason<'_>> for EdgeReason {
    fn from(reason: ExitReason<'_>) -> Self {
        match reason {
            ExitReason::Next => Self::Next,
            ExitReason::Default => Self::Default,
            ExitReason::Rule(index) => Self::Choice(index),
            ExitReason::Catcher(_, errors) => {
                let names = errors.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
                Self::Catch(names.map(str::to_owned).collect())
            }
        }
    }
}

/// The field of a state with the name of the next one.
fn target_field<'d>(reason: ExitReason<'_>) -> FieldPath<'d> {
    match reason {
        ExitReason::Next => vec![Step::Field("Next")],
        ExitReason::Default => vec![Step::Field("Default")],
        ExitReason::Rule(index) => vec![Step::Field("Choices"), Step::Item(index), Step::Field("Next")],
        ExitReason::Catcher(index, _) => vec![Step::Field("Catch"), Step::Item(index), Step::Field("Next")],
    }
}

/// The field of a state with the states of a flow in it.
fn states_field<'d>(flow: FlowField) -> FieldPath<'d> {
    match flow {
        FlowField::Processor(field) => vec![Step::Field(field), Step::Field("States")],
        FlowField::Branch(index) => vec![Step::Field("Branches"), Step::Item(index), Step::Field("States")],
    }
}
