//! Parses a definition: structure, types and ranges of every field.
//!
//! Validation checks what needs the whole machine, for example whether the target of a `Next` exists.

mod choice;
mod completion;
mod fields;
mod map;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use self::fields::{Fields, Located, Problems};
use super::model::{Flow, StateMachine};
use super::problem::{JSONATA_REFUSED, Location, Problem};

/// The longest duration in a definition, in seconds (about three years).
const MAX_SECONDS: u64 = 99_999_999;

/// Parses a definition. Returns a machine if all its states and transitions could be read, even if there are problems,
/// so that validation can add more.
pub(super) fn state_machine(definition: &Value) -> (Option<StateMachine>, Vec<Problem>) {
    let problems = Problems::default();
    let root = Located { value: definition, location: Location::default() };
    let machine = Fields::of(root, &problems).and_then(|fields| machine(&fields));
    (machine, problems.into_vec())
}

fn machine(fields: &Fields<'_>) -> Option<StateMachine> {
    if refuses_jsonata(fields) {
        return None;
    }
    let comment = fields.comment();
    let version = fields.text("Version").map(str::to_owned);
    if version.as_deref().is_some_and(|version| version != "1.0") {
        fields.report("Version", "is not supported; write \"1.0\", the only version of the language");
    }
    let timeout_seconds = fields.integer("TimeoutSeconds", 1..=MAX_SECONDS);
    let flow = flow(fields);
    fields.finish("a state machine");
    Some(StateMachine { comment, version, timeout_seconds, flow: flow? })
}

/// `StartAt` and `States` of any flow.
fn flow(fields: &Fields<'_>) -> Option<Flow> {
    let start_at = fields.required_text("StartAt");
    fields.required("States", "an object with a state for each name");
    let states = fields.object("States")?;
    if states.names().next().is_none() {
        states.report("", "has no states; write at least one");
    }
    let mut read = IndexMap::new();
    let mut all = true;
    for (name, fields) in states.each() {
        let name: Arc<str> = name.into();
        match state::state(name.clone(), fields) {
            Some(state) => drop(read.insert(name, state)),
            None => all = false,
        }
    }
    Some(Flow { start_at: start_at?.into(), states: all.then_some(read)? })
}

/// Whether the object uses JSONata, which is then reported.
fn refuses_jsonata(fields: &Fields<'_>) -> bool {
    match fields.text("QueryLanguage") {
        Some("JSONata") => {
            fields.report("QueryLanguage", format!("{JSONATA_REFUSED}; write the definition in JSONPath"));
            true
        }
        None | Some("JSONPath") => false,
        Some(other) => {
            fields.report("QueryLanguage", format!("is {other:?}; write \"JSONPath\""));
            false
        }
    }
}
