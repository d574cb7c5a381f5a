//! What a definition must not say although each of its fields is well-formed.

mod flow;
mod outline;
mod states;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::model::{MachineType, StateMachine};
use super::problem::{Location, Problem};
use outline::{Outline, join};
use states::Walk;

/// The problems of the flow, and those of single states if all states could be read.
pub(super) fn problems(definition: &Value, machine: Option<&StateMachine>, machine_type: MachineType) -> Vec<Problem> {
    let mut problems = flow::problems(&Outline::of(definition, Location::default()));
    if let Some(machine) = machine {
        let mut walk = Walk { machine_type, problems: Vec::new() };
        walk.flow(&machine.flow, "");
        problems.extend(walk.problems);
    }
    problems
}

/// Puts problems into the order in which a reader of the definition meets them.
pub(super) fn sort(problems: &mut [Problem], definition: &Value) {
    let mut places = HashMap::new();
    number(definition, "", &mut places);
    // A key of a template may hold dots and brackets: such a place counts as that of the field around it.
    problems.sort_by_cached_key(|problem| {
        let mut location = problem.location.as_str();
        loop {
            match (places.get(location), location.rfind(['.', '['])) {
                (Some(place), _) => break *place,
                (None, Some(end)) => location = location.get(..end).unwrap_or_default(),
                (None, None) => break 0,
            }
        }
    });
}

/// Numbers every place, what stands around another first.
fn number(value: &Value, location: &str, places: &mut HashMap<String, usize>) {
    places.insert(location.to_owned(), places.len());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| number(field, &join(location, name), places)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| number(item, &format!("{location}[{at}]"), places));
        }
        _ => {}
    }
}
