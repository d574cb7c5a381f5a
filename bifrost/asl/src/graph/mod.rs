//! Diagrams of a state machine: in Mermaid, which code hosts render, and in DOT, which Graphviz renders.

mod dot;
mod label;
mod mermaid;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::model::{Flow, State, StateKind, StateMachine, Transition};

pub use dot::dot;
pub use mermaid::mermaid;

/// A number for each state: state names are not valid identifiers in either language.
struct Numbers<'m>(HashMap<&'m str, usize>);

impl<'m> Numbers<'m> {
    fn of(machine: &'m StateMachine) -> Self {
        let mut numbers = Self(HashMap::new());
        numbers.add(&machine.flow);
        numbers
    }

    fn add(&mut self, flow: &'m Flow) {
        for (name, state) in &flow.states {
            let next = self.0.len();
            self.0.insert(name, next);
            for (_, inner) in flows(state) {
                self.add(inner);
            }
        }
    }

    fn id(&self, name: &str) -> String {
        // Validation ensures that every target is a state.
        format!("s{}", self.0.get(name).copied().unwrap_or_default())
    }
}

/// A transition to another state.
struct Edge<'m> {
    target: &'m str,
    /// Its condition; empty for none.
    label: String,
    /// Whether it is the transition of an error.
    is_error: bool,
}

fn edges(state: &State) -> Vec<Edge<'_>> {
    let plain = |target, label| Edge { target, label, is_error: false };
    match &state.kind {
        StateKind::Choice(choice) => {
            let rules = choice.choices.iter().map(|rule| plain(&*rule.next, label::condition(&rule.condition)));
            let default = choice.default.iter().map(|target| plain(&**target, "otherwise".to_owned()));
            rules.chain(default).collect()
        }
        _ => next(state).map(|target| plain(target, String::new())).into_iter().chain(caught(state)).collect(),
    }
}

fn caught(state: &State) -> impl Iterator<Item = Edge<'_>> {
    let catchers = state.completion().into_iter().flat_map(|completion| &completion.catch);
    catchers.map(|catcher| Edge { target: &catcher.next, label: label::errors(catcher), is_error: true })
}

fn transition(state: &State) -> Option<&Transition> {
    match &state.kind {
        StateKind::Pass(pass) => Some(&pass.transition),
        StateKind::Wait(wait) => Some(&wait.transition),
        _ => state.completion().map(|completion| &completion.transition),
    }
}

fn next(state: &State) -> Option<&str> {
    match transition(state)? {
        Transition::Next(target) => Some(target),
        Transition::End => None,
    }
}

/// Whether the flow may end in this state.
fn ends(state: &State) -> bool {
    matches!(state.kind, StateKind::Succeed | StateKind::Fail(_)) || transition(state) == Some(&Transition::End)
}

/// The flows inside a state, with their titles.
fn flows(state: &State) -> Vec<(&'static str, &Flow)> {
    match &state.kind {
        StateKind::Parallel(parallel) => parallel.branches.iter().map(|branch| ("branch", branch)).collect(),
        StateKind::Map(map) => vec![("each item", &map.item_processor.flow)],
        _ => Vec::new(),
    }
}
