//! Graphviz's DOT.

use std::fmt::Write as _;

use super::{Numbers, edges, ends, flows};
use crate::model::{Flow, State, StateKind, StateMachine};

/// The state machine as a DOT graph.
///
/// Diamonds are choices, ovals are waits, a double border marks the end of the flow, red marks a failure. Dashed arrows
/// are transitions of the errors that label them.
#[must_use]
pub fn dot(machine: &StateMachine) -> String {
    let mut graph = Graph { numbers: Numbers::of(machine), text: "digraph {\n".to_owned(), depth: 1 };
    graph.line("node [shape=box, style=rounded, fontname=\"sans-serif\"]");
    graph.line("edge [fontname=\"sans-serif\", fontsize=10]");
    graph.line("start [shape=point]");
    graph.flow(&machine.flow);
    graph.line(&format!("start -> {}", graph.numbers.id(&machine.flow.start_at)));
    graph.arrows(&machine.flow);
    graph.text.push_str("}\n");
    graph.text
}

struct Graph<'m> {
    numbers: Numbers<'m>,
    text: String,
    depth: usize,
}

impl Graph<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = self.depth * 4);
    }

    fn flow(&mut self, flow: &Flow) {
        for state in flow.states.values() {
            let id = self.numbers.id(&state.name);
            self.line(&format!("{id} [{}]", attributes(state)));
            for (at, (title, inner)) in flows(state).into_iter().enumerate() {
                self.line(&format!("subgraph cluster_{id}_{at} {{"));
                self.depth += 1;
                self.line(&format!("label={}", quoted(&format!("{}: {title}", state.name))));
                self.flow(inner);
                self.depth -= 1;
                self.line("}");
            }
        }
    }

    fn arrows(&mut self, flow: &Flow) {
        for state in flow.states.values() {
            let id = self.numbers.id(&state.name);
            for (_, inner) in flows(state) {
                self.line(&format!("{id} -> {} [style=dotted]", self.numbers.id(&inner.start_at)));
                self.arrows(inner);
            }
            for edge in edges(state) {
                let style = if edge.is_error { ", style=dashed, color=\"#c81e1e\"" } else { "" };
                let label = quoted(&edge.label);
                let attributes = if edge.label.is_empty() { String::new() } else { format!(" [label={label}{style}]") };
                self.line(&format!("{id} -> {}{attributes}", self.numbers.id(edge.target)));
            }
        }
    }
}

fn attributes(state: &State) -> String {
    let mut attributes = format!("label={}", quoted(&state.name));
    attributes.push_str(match state.kind {
        StateKind::Choice(_) => ", shape=diamond, style=solid",
        StateKind::Wait(_) => ", shape=oval",
        StateKind::Fail(_) => ", color=\"#c81e1e\"",
        StateKind::Task(_) | StateKind::Pass(_) | StateKind::Succeed | StateKind::Parallel(_) | StateKind::Map(_) => "",
    });
    if ends(state) {
        attributes.push_str(", peripheries=2");
    }
    attributes
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
