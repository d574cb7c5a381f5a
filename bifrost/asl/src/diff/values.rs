//! Compares JSON values by meaning.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::definition::StateEntry;
use super::number::same_number;

/// A step to a value inside of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Step<'d> {
    Field(&'d str),
    Item(usize),
}

/// The steps from a state to one of its values.
pub(super) type FieldPath<'d> = Vec<Step<'d>>;

/// `Retry[0].MaxAttempts`
pub(super) fn render(path: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Item(index) => drop(write!(text, "[{index}]")),
            Step::Field(name) if text.is_empty() => text.push_str(name),
            Step::Field(name) => text.extend([".", name]),
        }
    }
    text
}

/// Whether two values are equal: the fields of objects in any order, numbers by their exact decimal value.
pub(super) fn same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Number(old), Value::Number(new)) => same_number(old, new),
        (Value::Array(old), Value::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        (Value::Object(old), Value::Object(new)) => {
            let is_same = |(name, old): (&String, &Value)| new.get(name).is_some_and(|new| same(old, new));
            old.len() == new.len() && old.iter().all(is_same)
        }
        _ => old == new,
    }
}

/// The fields of a state that differ, in the order of the new one. Names of next states and the states of inner flows
/// are left out: they are compared as transitions and as states.
pub(super) fn differences<'d>(old: &StateEntry<'d>, new: &StateEntry<'d>) -> Vec<FieldPath<'d>> {
    let mut comparison = Comparison { old, new, path: Vec::new(), found: Vec::new() };
    comparison.values(old.value, new.value);
    comparison.found
}

struct Comparison<'s, 'd> {
    old: &'s StateEntry<'d>,
    new: &'s StateEntry<'d>,
    path: FieldPath<'d>,
    found: Vec<FieldPath<'d>>,
}

impl<'d> Comparison<'_, 'd> {
    fn values(&mut self, old: &'d Value, new: &'d Value) {
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.fields(old, new),
            (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
                for (index, (old, new)) in old.iter().zip(new).enumerate() {
                    self.at(Step::Item(index), |inner| inner.values(old, new));
                }
            }
            (old, new) if same(old, new) => {}
            _ => self.found.push(self.path.clone()),
        }
    }

    fn fields(&mut self, old: &'d Map<String, Value>, new: &'d Map<String, Value>) {
        let only_old = old.keys().filter(|name| !new.contains_key(*name));
        for name in new.keys().chain(only_old) {
            self.at(Step::Field(name), |inner| match (old.get(name), new.get(name)) {
                (old, new) if inner.is_target(old, new) => {}
                (Some(Value::Object(_)), Some(Value::Object(_))) if inner.is_flow() => {}
                (Some(old), Some(new)) => inner.values(old, new),
                _ => inner.found.push(inner.path.clone()),
            });
        }
    }

    fn at(&mut self, step: Step<'d>, compare: impl FnOnce(&mut Self)) {
        self.path.push(step);
        compare(self);
        self.path.pop();
    }

    /// Whether the field is the name of a next state in each definition that has it.
    fn is_target(&self, old: Option<&Value>, new: Option<&Value>) -> bool {
        (old.is_none() || self.old.targets.contains(&self.path))
            && (new.is_none() || self.new.targets.contains(&self.path))
    }

    fn is_flow(&self) -> bool {
        self.old.flows.contains(&self.path) && self.new.flows.contains(&self.path)
    }
}
