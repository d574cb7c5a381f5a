//! Validation of a definition: parses it, then checks the rules that concern more than one field.

mod flow;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::HashMap;

use serde_json::Value;

use super::model::{MachineType, StateMachine};
use super::outline::{Outline, join};
use super::parse::{self, Purpose};
use super::problem::{InvalidDefinition, Location, Problem};

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
        match read(definition, machine_type, Purpose::Interpret) {
            (Some(machine), problems) if problems.is_empty() => Ok(machine),
            (_, problems) => Err(InvalidDefinition { problems }),
        }
    }
}

/// Validates a definition in any query language, including those that the local interpreter does not execute.
///
/// JSONata is checked as AWS checks it before it accepts a definition: the fields of each state, and the syntax and the
/// references of each expression.
///
/// # Errors
/// [`InvalidDefinition`] with all problems.
pub fn validate(definition: &Value, machine_type: MachineType) -> Result<(), InvalidDefinition> {
    match read(definition, machine_type, Purpose::Check) {
        (_, problems) if problems.is_empty() => Ok(()),
        (_, problems) => Err(InvalidDefinition { problems }),
    }
}

/// The machine, if it could be read, and all problems in the order of the definition.
fn read(definition: &Value, machine_type: MachineType, purpose: Purpose) -> (Option<StateMachine>, Vec<Problem>) {
    let (machine, mut problems) = parse::state_machine(definition, machine_type, purpose);
    let outline = Outline::of(definition, Location::default());
    problems.extend(flow::problems(&outline));
    problems.extend(variables::problems(&outline));
    sort(&mut problems, definition);
    (machine, problems)
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
