//! From JSON to a state machine that can run: parsed, then validated.

use std::fmt;

use serde_json::Value;

use super::model::{MachineType, StateMachine};
use super::problem::Problem;
use super::{parse, validate};

/// A definition that cannot run, with every problem it has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidDefinition {
    /// The problems, in the order of the definition; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InvalidDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state machine definition is invalid")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl InvalidDefinition {
    /// Whether the definition asks for the query language JSONata, which is not supported yet.
    #[must_use]
    pub fn needs_jsonata(&self) -> bool {
        self.problems.iter().any(|problem| problem.message.contains(parse::JSONATA_REFUSED))
    }
}

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
        problems.extend(validate::problems(definition, machine.as_ref(), machine_type));
        match machine {
            Some(machine) if problems.is_empty() => Ok(machine),
            _ => {
                validate::sort(&mut problems, definition);
                Err(InvalidDefinition { problems })
            }
        }
    }
}
