//! Mermaid's `stateDiagram-v2`.

use std::fmt::Write as _;

use super::{Numbers, edges, ends, flows};
use crate::model::{Flow, State, StateKind, StateMachine};

/// The state machine as a Mermaid state diagram.
///
/// The label of an error's transition begins with a lightning symbol: Mermaid has no dashed arrows in state diagrams.
#[must_use]
pub fn mermaid(machine: &StateMachine) -> String {
    let mut diagram = Diagram { numbers: Numbers::of(machine), text: "stateDiagram-v2\n".to_owned(), depth: 1 };
    diagram.line("classDef failure fill:#fde8e8,stroke:#c81e1e,color:#771d1d");
    diagram.flow(&machine.flow);
    diagram.text
}

struct Diagram<'m> {
    numbers: Numbers<'m>,
    text: String,
    depth: usize,
}

impl Diagram<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = self.depth * 4);
    }

    fn flow(&mut self, flow: &Flow) {
        for state in flow.states.values() {
            self.state(state);
        }
        self.line(&format!("[*] --> {}", self.numbers.id(&flow.start_at)));
        for state in flow.states.values() {
            self.arrows(state);
        }
    }

    fn state(&mut self, state: &State) {
        let id = self.numbers.id(&state.name);
        self.line(&format!("state \"{}\" as {id}", escaped(&state.name)));
        if matches!(state.kind, StateKind::Fail(_)) {
            self.line(&format!("class {id} failure"));
        }
        let inner = flows(state);
        if inner.is_empty() {
            return;
        }
        self.line(&format!("state {id} {{"));
        self.depth += 1;
        for (at, (_, flow)) in inner.into_iter().enumerate() {
            if at > 0 {
                self.line("--");
            }
            self.flow(flow);
        }
        self.depth -= 1;
        self.line("}");
    }

    fn arrows(&mut self, state: &State) {
        let id = self.numbers.id(&state.name);
        for edge in edges(state) {
            let target = self.numbers.id(edge.target);
            let sign = if edge.is_error { "⚡ " } else { "" };
            let label =
                if edge.label.is_empty() { String::new() } else { format!(" : {sign}{}", escaped(&edge.label)) };
            self.line(&format!("{id} --> {target}{label}"));
        }
        if ends(state) {
            self.line(&format!("{id} --> [*]"));
        }
    }
}

/// Replaces characters with a meaning in Mermaid or HTML by entities.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '#' | ';' | ':' | '<' | '>' | '&' | '{' | '}' | '[' | ']' | '`' | '\\' | '%' | '*' | '-' | '\n' | '\r' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}
