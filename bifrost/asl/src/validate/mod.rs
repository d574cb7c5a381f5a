//! Validation of a definition: parses it, then checks the rules that concern more than one field.

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
    /// Parses and validates the definition of a standard state machine.
    ///
    /// # Errors
    /// [`InvalidDefinition`] with all problems.
    pub fn parse(definition: &Value) -> Result<Self, InvalidDefinition> {
        Self::parse_as(definition, MachineType::Standard)
    }

    /// Parses and validates a definition. Express machines support less than standard ones.
    ///
    /// # Errors
    /// [`InvalidDefinition`] with all problems.
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

/// The problems of the flow, and those of single states if all states could be parsed.
fn problems(definition: &Value, machine: Option<&StateMachine>, machine_type: MachineType) -> Vec<Problem> {
    let mut problems = flow::problems(&Outline::of(definition, Location::default()));
    if let Some(machine) = machine {
        let mut walk = Walk { machine_type, problems: Vec::new() };
        walk.flow(&machine.flow, "");
        problems.extend(walk.problems);
    }
    problems
}

/// Sorts problems by their location in the definition.
fn sort(problems: &mut [Problem], definition: &Value) {
    let mut numbers = HashMap::new();
    number(definition, "", &mut numbers);
    // A key of a template may have dots and brackets: its problem is sorted by the field around it.
    problems.sort_by_cached_key(|problem| {
        let mut location = problem.location.as_str();
        loop {
            match (numbers.get(location), location.rfind(['.', '['])) {
                (Some(number), _) => break *number,
                (None, Some(end)) => location = location.get(..end).unwrap_or_default(),
                (None, None) => break 0,
            }
        }
    });
}

/// Numbers every location, containers before their content.
fn number(value: &Value, location: &str, numbers: &mut HashMap<String, usize>) {
    numbers.insert(location.to_owned(), numbers.len());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| number(field, &join(location, name), numbers)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| number(item, &format!("{location}[{at}]"), numbers));
        }
        _ => {}
    }
}
