//! The flows of a definition as a graph, read directly from its JSON.
//!
//! It does not use the model: a wrong `Next` is reported, and two definitions are compared, even if a state cannot be parsed.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::problem::Location;

/// A set of states with an entry: the machine, a branch, or the processor of a `Map`.
#[derive(Debug)]
pub(crate) struct Outline<'d> {
    pub(crate) location: Location<'d>,
    pub(crate) start_at: Option<&'d str>,
    pub(crate) states: IndexMap<&'d str, OutlineState<'d>>,
}

#[derive(Debug)]
pub(crate) struct OutlineState<'d> {
    pub(crate) name: &'d str,
    pub(crate) location: Location<'d>,
    /// The state as it is written.
    pub(crate) value: &'d Value,
    pub(crate) exits: Vec<Exit<'d>>,
    /// The variables that it assigns, in any `Assign`.
    pub(crate) variables: Vec<Variable<'d>>,
    /// Whether the flow may end here.
    pub(crate) ends: bool,
    /// Whether all its exits could be read: if not, more states may be reachable.
    pub(crate) is_clear: bool,
    pub(crate) flows: Vec<InnerFlow<'d>>,
}

/// A flow inside a state.
#[derive(Debug)]
pub(crate) struct InnerFlow<'d> {
    /// The field of the state that has it.
    pub(crate) field: FlowField,
    pub(crate) flow: Outline<'d>,
}

/// Where a state has a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowField {
    /// `ItemProcessor` or `Iterator`.
    Processor(&'static str),
    /// The branch with this number.
    Branch(usize),
}

/// A transition out of a state.
#[derive(Debug)]
pub(crate) struct Exit<'d> {
    pub(crate) location: Location<'d>,
    pub(crate) target: &'d str,
    pub(crate) reason: ExitReason<'d>,
}

/// When a transition is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitReason<'d> {
    /// After the state.
    Next,
    /// If no rule of a `Choice` is true.
    Default,
    /// If this rule of a `Choice` is the first that is true.
    Rule(usize),
    /// If this catcher is the first that has the error; with its `ErrorEquals`.
    Catcher(usize, Option<&'d Value>),
}

/// The assignment of a variable.
#[derive(Debug)]
pub(crate) struct Variable<'d> {
    pub(crate) name: &'d str,
    pub(crate) location: Location<'d>,
}

impl<'d> Outline<'d> {
    pub(crate) fn of(flow: &'d Value, location: Location<'d>) -> Self {
        let states = flow.get("States").and_then(Value::as_object);
        let states_location = location.field("States");
        let state = |(name, state): (&'d String, &'d Value)| {
            (name.as_str(), OutlineState::of(name, state, states_location.field(name)))
        };
        Self {
            start_at: flow.get("StartAt").and_then(Value::as_str),
            states: states.into_iter().flat_map(Map::iter).map(state).collect(),
            location,
        }
    }

    /// This flow and all flows inside its states.
    pub(crate) fn all(&self) -> Vec<&Outline<'d>> {
        let mut flows = vec![self];
        for state in self.states.values() {
            flows.extend(state.flows.iter().flat_map(|inner| inner.flow.all()));
        }
        flows
    }
}

impl<'d> OutlineState<'d> {
    fn of(name: &'d str, state: &'d Value, location: Location<'d>) -> Self {
        let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
        let ends = matches!(kind, "Succeed" | "Fail") || state.get("End") == Some(&Value::Bool(true));
        let exits = exits(state, kind, &location);
        let is_clear = match kind {
            "Choice" => {
                let rules = || listed(state, "Choices", &location);
                rules().next().is_some() && rules().all(|(_, rule)| rule.get("Next").is_some_and(Value::is_string))
            }
            _ => ends || exits.iter().any(|exit| exit.reason == ExitReason::Next),
        };
        let processors = ["ItemProcessor", "Iterator"].into_iter().filter_map(|field| {
            let flow = Outline::of(state.get(field)?, location.field(field));
            Some(InnerFlow { field: FlowField::Processor(field), flow })
        });
        let branches = listed(state, "Branches", &location).enumerate().map(|(index, (at, branch))| {
            let flow = Outline::of(branch, at);
            InnerFlow { field: FlowField::Branch(index), flow }
        });
        let flows = processors.chain(branches).collect();
        let variables = variables(state, &location);
        Self { name, value: state, exits, variables, ends, is_clear, flows, location }
    }
}

/// The transitions out of a state: first those without an error.
fn exits<'d>(state: &'d Value, kind: &str, location: &Location<'d>) -> Vec<Exit<'d>> {
    let exit = |of: &'d Value, field: &'static str, at: &Location<'d>, reason| {
        of.get(field).and_then(Value::as_str).map(|target| Exit { location: at.field(field), target, reason })
    };
    let mut exits: Vec<Exit<'d>> = exit(state, "Next", location, ExitReason::Next).into_iter().collect();
    if kind == "Choice" {
        let rules = listed(state, "Choices", location).enumerate();
        exits.extend(rules.filter_map(|(index, (at, rule))| exit(rule, "Next", &at, ExitReason::Rule(index))));
        exits.extend(exit(state, "Default", location, ExitReason::Default));
    }
    let catchers = listed(state, "Catch", location).enumerate();
    exits.extend(catchers.filter_map(|(index, (at, catcher))| {
        exit(catcher, "Next", &at, ExitReason::Catcher(index, catcher.get("ErrorEquals")))
    }));
    exits
}

fn variables<'d>(state: &'d Value, location: &Location<'d>) -> Vec<Variable<'d>> {
    let entries = ["Choices", "Catch"].into_iter().flat_map(|field| listed(state, field, location));
    let owners = std::iter::once((location.clone(), state)).chain(entries);
    let mut variables = Vec::new();
    for (at, owner) in owners {
        let names = owner.get("Assign").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        variables.extend(names.map(|key| {
            // In JSONPath, the key of an expression ends in `.$`.
            let name = key.strip_suffix(".$").unwrap_or(key);
            Variable { name, location: at.field("Assign").field(key) }
        }));
    }
    variables
}

/// The items of an array field, with their locations.
fn listed<'d>(
    state: &'d Value,
    field: &'static str,
    location: &Location<'d>,
) -> impl Iterator<Item = (Location<'d>, &'d Value)> {
    let items = state.get(field).and_then(Value::as_array);
    let list = location.field(field);
    items.into_iter().flatten().enumerate().map(move |(at, item)| (list.item(at), item))
}

/// The location of `field` inside `location`.
pub(crate) fn join(location: &str, field: &str) -> String {
    if location.is_empty() { field.to_owned() } else { format!("{location}.{field}") }
}
