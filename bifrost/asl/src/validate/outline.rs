//! The flows of a definition as a graph, read directly from its JSON.
//!
//! It does not use the model, so that a wrong `Next` is reported even if another state cannot be parsed.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::problem::Location;

/// A set of states with an entry: the machine, a branch, or the processor of a `Map`.
#[derive(Debug)]
pub(super) struct Outline<'d> {
    pub(super) location: Location<'d>,
    pub(super) start_at: Option<&'d str>,
    pub(super) states: IndexMap<&'d str, OutlineState<'d>>,
}

#[derive(Debug)]
pub(super) struct OutlineState<'d> {
    pub(super) name: &'d str,
    pub(super) location: Location<'d>,
    pub(super) exits: Vec<Exit<'d>>,
    /// Whether the flow may end here.
    pub(super) ends: bool,
    /// Whether all its exits could be read: if not, more states may be reachable.
    pub(super) is_clear: bool,
    pub(super) flows: Vec<Outline<'d>>,
}

/// A transition out of a state.
#[derive(Debug)]
pub(super) struct Exit<'d> {
    pub(super) location: Location<'d>,
    pub(super) target: &'d str,
}

impl<'d> Outline<'d> {
    pub(super) fn of(flow: &'d Value, location: Location<'d>) -> Self {
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
    pub(super) fn all(&self) -> Vec<&Outline<'d>> {
        let mut flows = vec![self];
        for state in self.states.values() {
            flows.extend(state.flows.iter().flat_map(Outline::all));
        }
        flows
    }
}

impl<'d> OutlineState<'d> {
    fn of(name: &'d str, state: &'d Value, location: Location<'d>) -> Self {
        let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
        let exit = |of: &'d Value, field: &'static str, at: &Location<'d>| {
            of.get(field).and_then(Value::as_str).map(|target| Exit { location: at.field(field), target })
        };
        let rules = || listed(state, "Choices", &location);
        let mut exits: Vec<Exit<'d>> = exit(state, "Next", &location).into_iter().collect();
        let ends = matches!(kind, "Succeed" | "Fail") || state.get("End") == Some(&Value::Bool(true));
        let is_clear = match kind {
            "Choice" => {
                rules().next().is_some() && rules().all(|(_, rule)| rule.get("Next").is_some_and(Value::is_string))
            }
            _ => ends || !exits.is_empty(),
        };
        if kind == "Choice" {
            exits.extend(rules().filter_map(|(at, rule)| exit(rule, "Next", &at)));
            exits.extend(exit(state, "Default", &location));
        }
        exits.extend(listed(state, "Catch", &location).filter_map(|(at, catcher)| exit(catcher, "Next", &at)));
        let inner = ["ItemProcessor", "Iterator"].into_iter().filter_map(|field| Some((field, state.get(field)?)));
        let mut flows: Vec<Outline<'d>> = inner.map(|(field, flow)| Outline::of(flow, location.field(field))).collect();
        flows.extend(listed(state, "Branches", &location).map(|(at, flow)| Outline::of(flow, at)));
        Self { name, location, exits, ends, is_clear, flows }
    }
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
pub(super) fn join(location: &str, field: &str) -> String {
    if location.is_empty() { field.to_owned() } else { format!("{location}.{field}") }
}
