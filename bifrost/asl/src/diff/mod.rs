//! The difference of two definitions, as states and transitions that were added, removed or changed.
//!
//! It reads the definitions as JSON, in any query language, and also invalid ones.

mod definition;
mod display;
mod number;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeSet, HashMap};

use indexmap::IndexMap;
use serde_json::Value;

use self::definition::{Definition, Key, StateEntry};
use self::values::{FieldPath, differences, render, same};

/// The changes from one definition to another.
///
/// Values are equal by meaning: the order of keys does not matter, and numbers are compared by their exact decimal
/// value. There is no change if and only if the definitions are equal in this sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionDiff {
    changes: Vec<DefinitionChange>,
}

/// One change. Its text is one line.
///
/// A state inside of a `Map` or `Parallel` is named by the states around it, too: `Each.Check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefinitionChange {
    /// A field of the state machine, such as `StartAt` or `TimeoutSeconds`, but not its states.
    Field {
        /// Its name; empty if one of the definitions is not an object.
        field: String,
        /// The old value; `None` if it is new.
        old: Option<Value>,
        /// The new value; `None` if it was removed.
        new: Option<Value>,
    },
    /// A state is new.
    StateAdded {
        /// Its name.
        state: String,
        /// Its `Type`.
        kind: Option<String>,
    },
    /// A state was removed.
    StateRemoved {
        /// Its name.
        state: String,
        /// Its `Type`.
        kind: Option<String>,
    },
    /// A state has other fields. Its transitions are changes of their own.
    StateChanged {
        /// Its name.
        state: String,
        /// The paths of the fields that differ, such as `Retry[0].MaxAttempts`, in the order of the new definition.
        fields: Vec<String>,
    },
    /// A transition is new.
    EdgeAdded(DefinitionEdge),
    /// A transition was removed.
    EdgeRemoved(DefinitionEdge),
}

/// A transition between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionEdge {
    /// The state that it leaves.
    pub from: String,
    /// The state that it enters.
    pub to: String,
    /// When it is taken.
    pub reason: EdgeReason,
}

/// When a transition is taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EdgeReason {
    /// After the state.
    Next,
    /// If no rule of a `Choice` is true.
    Default,
    /// If the rule with this number, from 0, is the first of a `Choice` that is true.
    Choice(usize),
    /// If the state fails with one of these errors.
    Catch(Vec<String>),
}

impl DefinitionDiff {
    /// Compares two definitions: first the fields of the machine, then its states, then its transitions.
    #[must_use]
    pub fn between(old: &Value, new: &Value) -> Self {
        let mut changes = machine_fields(old, new);
        let (old, new) = (Definition::of(old), Definition::of(new));
        changes.extend(states(&old.states, &new.states));
        changes.extend(edges(&old, &new));
        Self { changes }
    }

    /// Whether the definitions are equal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[DefinitionChange] {
        &self.changes
    }
}

impl IntoIterator for DefinitionDiff {
    type Item = DefinitionChange;
    type IntoIter = std::vec::IntoIter<DefinitionChange>;

    fn into_iter(self) -> Self::IntoIter {
        self.changes.into_iter()
    }
}

fn machine_fields(old: &Value, new: &Value) -> Vec<DefinitionChange> {
    let (Value::Object(old_fields), Value::Object(new_fields)) = (old, new) else {
        let change =
            || DefinitionChange::Field { field: String::new(), old: Some(old.clone()), new: Some(new.clone()) };
        return (!same(old, new)).then(change).into_iter().collect();
    };
    let only_old = old_fields.keys().filter(|field| !new_fields.contains_key(*field));
    let mut changes = Vec::new();
    for field in new_fields.keys().chain(only_old) {
        let (old, new) = (old_fields.get(field), new_fields.get(field));
        let is_equal = match (old, new) {
            // The states are compared one by one.
            (Some(Value::Object(_)), Some(Value::Object(_))) if field == "States" => true,
            (Some(old), Some(new)) => same(old, new),
            _ => false,
        };
        if !is_equal {
            changes.push(DefinitionChange::Field { field: field.clone(), old: old.cloned(), new: new.cloned() });
        }
    }
    changes
}

type States<'d> = IndexMap<Key<'d>, StateEntry<'d>>;

fn states(old: &States<'_>, new: &States<'_>) -> Vec<DefinitionChange> {
    let moved = moved(old, new);
    let mut changes = Vec::new();
    for (key, entry) in new {
        let state = key.to_string();
        let Some(before) = old.get(key) else {
            changes.push(DefinitionChange::StateAdded { state, kind: entry.kind() });
            continue;
        };
        let mut fields = differences(before, entry);
        for path in moved.get(key).into_iter().flatten() {
            if !fields.iter().any(|field| path.starts_with(field)) {
                fields.push(path.clone());
            }
        }
        if !fields.is_empty() {
            changes.push(DefinitionChange::StateChanged {
                state,
                fields: fields.iter().map(|field| render(field)).collect(),
            });
        }
    }
    let removed = old.iter().filter(|(key, _)| !new.contains_key(*key));
    changes.extend(
        removed.map(|(key, entry)| DefinitionChange::StateRemoved { state: key.to_string(), kind: entry.kind() }),
    );
    changes
}

/// For each state with flows: the fields of those that a state inside has left or entered. A branch changes so even if none
/// of the states does.
fn moved<'s, 'd>(old: &'s States<'d>, new: &'s States<'d>) -> HashMap<&'s Key<'d>, BTreeSet<FieldPath<'d>>> {
    let mut moved: HashMap<_, BTreeSet<_>> = HashMap::new();
    for (key, entry) in new {
        let before = old.get(key).and_then(|before| before.container.as_ref());
        if let (Some(before), Some(after)) = (before, entry.container.as_ref())
            && before != after
        {
            for (container, field) in [before, after] {
                moved.entry(container).or_default().insert(field.clone());
            }
        }
    }
    moved
}

fn edges(old: &Definition<'_>, new: &Definition<'_>) -> Vec<DefinitionChange> {
    let added = new.edges.iter().filter(|(key, to)| old.edges.get(*key) != Some(to));
    let removed = old.edges.iter().filter(|(key, to)| new.edges.get(*key) != Some(to));
    let added = added.map(|(key, to)| DefinitionChange::EdgeAdded(key.edge(to)));
    let removed = removed.map(|(key, to)| DefinitionChange::EdgeRemoved(key.edge(to)));
    removed.chain(added).collect()
}
