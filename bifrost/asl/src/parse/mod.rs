//! Parses a definition: structure, types and ranges of every field.
//!
//! Validation checks what needs the whole machine, for example whether the target of a `Next` exists.

mod assign;
mod choice;
mod completion;
mod context;
mod context_use;
mod error_equals;
mod fields;
mod jsonata;
mod jsonata_state;
mod language;
mod map;
mod resource;
mod state;
#[cfg(test)]
mod tests;
mod unknown;

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use self::context::{Context, Problems, QueryLanguage};
use self::fields::{Fields, Located};
use super::model::{Flow, MachineType, StateMachine};
use super::problem::{Location, Problem};

pub(super) use self::context::Purpose;

/// The longest duration in a definition, in seconds (about three years).
const MAX_SECONDS: u64 = 99_999_999;

/// Parses a definition. Returns a machine if all its states and transitions could be read, even if there are problems.
/// States in JSONata are only checked: they have no machine.
pub(super) fn state_machine(
    definition: &Value,
    machine_type: MachineType,
    purpose: Purpose,
) -> (Option<StateMachine>, Vec<Problem>) {
    let problems = Problems::default();
    let language = QueryLanguage::JsonPath;
    let context = Context { problems: &problems, purpose, machine_type, machine_language: language, language };
    let root = Located { value: definition, location: Location::default() };
    let machine = Fields::of(root, context).and_then(machine);
    (machine, problems.into_vec())
}

fn machine(fields: Fields<'_>) -> Option<StateMachine> {
    let language = language::of_machine(&fields)?;
    let context = Context { machine_language: language, ..fields.context() };
    let fields = &fields.with(context);
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
        match fields.and_then(|fields| state::state(name.clone(), fields)) {
            Some(state) => drop(read.insert(name, state)),
            None => all = false,
        }
    }
    Some(Flow { start_at: start_at?.into(), states: all.then_some(read)? })
}
