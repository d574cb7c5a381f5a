//! From JSON to a state machine that can run: parsed, then checked for what single fields do not show.

mod flow;
mod outline;
mod states;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::model::{MachineType, StateMachine};
use super::parse;
use super::problem::{InvalidDefinition, Location, Problem};
use outline::{Outline, join};
use states::Walk;

impl StateMachine {
    /// Reads and validates the definition of a standard state machine.
    ///
    /// # Errors
    /// With every problem that the definition has.
    pub fn parse(definition: &Value) -> Result<Self, InvalidDefinition> {
        Self::parse_as(definition, MachineType::Standard)
    }

    /// Reads and validates a definition; express machines may do less than standard ones.
    ///
    /// # Errors
    /// With every problem that the definition has.
    pub fn parse_as(definition: &Value, machine_type: MachineType) -> Result<Self, InvalidDefinition> {
        let (machine, mut problems) = parse::state_machine(definition);
        problems.extend(self::problems(definition, machine.as_ref(), machine_type));
        match machine {
            Some(machine) if problems.is_empty() => Ok(machine),
            _ => {
                sort(&mut problems, definition);
                Err(InvalidDefinition { problems })
            }
        }
    }
}

/// The problems of the flow, and those of single states if all states could be read.
fn problems(definition: &Value, machine: Option<&StateMachine>, machine_type: MachineType) -> Vec<Problem> {
    let mut problems = flow::problems(&Outline::of(definition, Location::default()));
    if let Some(machine) = machine {
        let mut walk = Walk { machine_type, problems: Vec::new() };
        walk.flow(&machine.flow, "");
        problems.extend(walk.problems);
    }
    problems
}

/// Puts problems into the order in which a reader of the definition meets them.
fn sort(problems: &mut [Problem], definition: &Value) {
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
