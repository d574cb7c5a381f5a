//! Rules for the transitions between states.

use std::collections::{HashMap, HashSet};

use crate::outline::{Outline, OutlineState};
use crate::problem::{Location, Problem};

/// The number of names that a message lists.
const MAX_LISTED: usize = 12;
const MAX_NAME_LEN: usize = 80;

pub(super) fn problems(machine: &Outline<'_>) -> Vec<Problem> {
    let flows = machine.all();
    let mut problems = names(&flows);
    for flow in &flows {
        problems.extend(targets(flow, &flows));
        problems.extend(unreachable(flow));
        problems.extend(never_ending(flow));
    }
    problems
}

fn problem(location: &Location<'_>, message: String) -> Problem {
    Problem { location: location.to_string(), message }
}

/// Names are unique in the whole machine: the history identifies states only by name.
fn names(flows: &[&Outline<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen: HashMap<&str, &Location<'_>> = HashMap::new();
    for state in flows.iter().flat_map(|flow| flow.states.values()) {
        if let Some(first) = seen.insert(state.name, &state.location) {
            let message =
                format!("has the same name as {first}; rename one, names must be unique in the whole state machine");
            problems.push(problem(&state.location, message));
        }
        let length = state.name.chars().count();
        if length == 0 || length > MAX_NAME_LEN {
            let message = format!("has a name of {length} characters; use 1 to {MAX_NAME_LEN} characters");
            problems.push(problem(&state.location, message));
        }
    }
    problems
}

fn targets(flow: &Outline<'_>, flows: &[&Outline<'_>]) -> Vec<Problem> {
    let start = flow.start_at.map(|target| (flow.location.field("StartAt"), target));
    let exits = flow.states.values().flat_map(|state| &state.exits).map(|exit| (exit.location.clone(), exit.target));
    start
        .into_iter()
        .chain(exits)
        .filter(|(_, target)| !flow.states.contains_key(target))
        .map(|(location, target)| problem(&location, unknown_target(target, flow, flows)))
        .collect()
}

fn unknown_target(target: &str, flow: &Outline<'_>, flows: &[&Outline<'_>]) -> String {
    let other_flow = flows.iter().find_map(|other| other.states.get(target));
    let fault = match other_flow {
        Some(state) => {
            format!("{target:?} is in another flow, at {}, and cannot be entered from here", state.location)
        }
        None => format!("no state {target:?} found"),
    };
    let mut names: Vec<&str> = flow.states.keys().copied().collect();
    // The most similar name first: it is most likely the intended one.
    names.sort_by_key(|name| distance(name, target));
    let more = if names.len() > MAX_LISTED { ", …" } else { "" };
    let names: Vec<String> = names.into_iter().take(MAX_LISTED).map(|name| format!("{name:?}")).collect();
    format!("{fault}; write one of {}{more}", names.join(", "))
}

/// The number of characters to change, add or remove to get from one name to the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, l) in left.chars().enumerate() {
        let mut above_left = line;
        let mut before = line + 1;
        let mut next = vec![before];
        for (r, above) in right.iter().zip(row.iter().skip(1)) {
            let changed = above_left + usize::from(l != *r);
            before = changed.min(above + 1).min(before + 1);
            next.push(before);
            above_left = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

fn unreachable(flow: &Outline<'_>) -> Vec<Problem> {
    let Some(start) = flow.start_at.and_then(|name| flow.states.get(name)) else {
        return Vec::new();
    };
    if !flow.states.values().all(|state| state.is_clear) {
        return Vec::new();
    }
    let mut reached: HashSet<&str> = HashSet::from([start.name]);
    let mut waiting: Vec<&OutlineState<'_>> = vec![start];
    while let Some(state) = waiting.pop() {
        let next = state.exits.iter().filter_map(|exit| flow.states.get(exit.target));
        waiting.extend(next.filter(|state| reached.insert(state.name)));
    }
    let message = || "is unreachable; let a Next, Default or Catch lead to it, or remove it".to_owned();
    flow.states
        .values()
        .filter(|state| !reached.contains(state.name))
        .map(|state| problem(&state.location, message()))
        .collect()
}

fn never_ending(flow: &Outline<'_>) -> Option<Problem> {
    let is_endless = !flow.states.is_empty() && flow.states.values().all(|state| state.is_clear && !state.ends);
    let message = "no state ends this flow; write \"End\": true in its last state, or add a Succeed or Fail state";
    is_endless.then(|| problem(&flow.location.field("States"), message.to_owned()))
}
