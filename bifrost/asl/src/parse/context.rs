//! What the parsers of one definition share: its problems, and what a flow passes on to its states.

use std::cell::RefCell;

use crate::model::MachineType;
use crate::problem::Problem;

/// The problems found so far, shared by all parsers of one definition.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn report(&self, location: impl Into<String>, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem { location: location.into(), message: message.into() });
    }

    pub(super) fn into_vec(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// The query language of a machine or a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryLanguage {
    JsonPath,
    Jsonata,
}

/// What becomes of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The local interpreter runs it: JSONata is refused.
    Interpret,
    /// AWS runs it: every query language is checked.
    Check,
}

/// What applies to an object of the definition and to the objects in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) problems: &'a Problems,
    pub(super) purpose: Purpose,
    pub(super) machine_type: MachineType,
    /// The query language of the machine: the default of every state, also inside a `Map` or `Parallel` of the other
    /// language.
    pub(super) machine_language: QueryLanguage,
    /// The query language of the state.
    pub(super) language: QueryLanguage,
}
